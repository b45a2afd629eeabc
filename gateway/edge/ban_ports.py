"""The border of the part of the edge that carries out bans of the network. As gateway/edge/ports.py explains."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable

from gateway.edge.client.connection import Connection
from gateway.edge.users.user import User
from gateway.state.bans.bans import Bans
from gateway.state.bans.messages import Entry


class BansPort(ABC):
    """The network's list of bans, carried out on this node (bans/network_bans.py). watches: lines of clients have to be
    looked at (`stops`). is_ready: this node has the list, or began while the network was too old to have a list."""

    watches: bool
    is_ready: bool

    @property
    @abstractmethod
    def state(self) -> Bans | None: ...

    @property
    @abstractmethod
    def follows(self) -> bool: ...

    @abstractmethod
    def follow(self) -> None: ...

    @abstractmethod
    def refuses(self, address: str) -> str: ...

    @abstractmethod
    def meet(self, connection: Connection) -> None: ...

    @abstractmethod
    def gone(self, connection: Connection) -> None: ...

    @abstractmethod
    def of_connection(self, connection: Connection) -> Entry | None: ...

    @abstractmethod
    def enter(self, user: User) -> None: ...

    @abstractmethod
    def stops(self, connection: Connection, line: bytes) -> bool: ...

    @abstractmethod
    def of_names(self, connection: Connection) -> Entry | None: ...

    @property
    @abstractmethod
    def defcon(self) -> int: ...

    @abstractmethod
    def forget(self, uid: str) -> None: ...

    @abstractmethod
    def changed(self, entries: Iterable[Entry]) -> None: ...
