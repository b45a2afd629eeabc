"""What the shells of a node may use of the process that makes the shells (node_process.py)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from random import Random
from typing import TYPE_CHECKING, Any

from config.node import NodeConfig
from gateway.edge.client.connection import Connection
from gateway.node import NodeCore
from gateway.recording.doors import Recorder
from gateway.status import Certificate
from ring.io.crash import CrashOnly
from ring.roster import NodeRecord

if TYPE_CHECKING:
    from gateway.io.clients import ClientTransport


class Process(ABC):
    """log: structlog's. descriptors: so many files and sockets may be open. recorder: None if nothing is recorded."""

    config: NodeConfig
    core: NodeCore
    record: NodeRecord
    recorder: Recorder | None
    log: Any
    crash: CrashOnly
    rng: Random
    descriptors: int

    @property
    @abstractmethod
    def now(self) -> float:
        """Unix seconds; never go back while the process runs."""

    @abstractmethod
    def begin(self) -> None:
        """Tell the core the time, before input to the core."""

    @abstractmethod
    def touched(self) -> None:
        """Plan a flush, after input to the core."""

    @abstractmethod
    def connected(
        self, client: ClientTransport, address: str, *, secure: bool, certificate: str | None
    ) -> Connection: ...

    @abstractmethod
    def received(self, connection: Connection, data: bytes) -> None: ...

    @abstractmethod
    def ended(self, connection: Connection) -> None: ...

    @abstractmethod
    def disconnected(self, connection: Connection, reason: str) -> None: ...

    @abstractmethod
    def certificates(self) -> list[Certificate]:
        """The certificates that the listeners and the page show now."""
