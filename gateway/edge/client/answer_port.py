"""The border of a command's answers: what the answers of a command ask of the edge."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gateway.edge.client.connection import Connection
from gateway.edge.settings import EdgeSettings
from gateway.edge.traffic import Traffic
from ring.ids import GroupId
from ring.network import Network
from ring.wire.history import Cursor

if TYPE_CHECKING:
    from gateway.edge.client.answering import Answering


class AttentionPort(ABC):
    """Connections to look at in the next tick (client/attention.py)."""

    restless: dict[Connection, None]


class AsidesPort(ABC):
    """Groups in which a client's own lines wait (client/asides.py)."""

    @abstractmethod
    def cursor(self, connection: Connection, group: GroupId) -> Cursor | None: ...

    @abstractmethod
    def end(self, call: Answering) -> None: ...


class ResumingPort(ABC):
    """The connections of this node, as the answers of a command see the connections (client/clients.py)."""

    attention: AttentionPort

    @abstractmethod
    def resume(self, connection: Connection, most: int = sys.maxsize) -> None: ...

    @abstractmethod
    def act_for(self, connection: Connection, act: Callable[[Any], None], value: Any) -> None: ...


class AnswerPort(ABC):
    """The edge, as the answers of a command see the edge."""

    network: Network
    settings: EdgeSettings
    traffic: Traffic
    clients: ResumingPort
    asides: AsidesPort

    @abstractmethod
    def next_batch(self) -> str: ...
