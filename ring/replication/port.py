"""The port: the part of the engine that parts of replication may use. Parts with a port know no more of the node."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

from ring.ids import GroupId, Incarnation
from ring.membership.peers import Peers
from ring.replication.application import Application, EventId
from ring.replication.copy import Copy
from ring.replication.replicas import Replicas
from ring.replication.state_machine import Kind
from ring.settings import Settings
from ring.storage.store import WorkStore
from ring.submit import SubmitQueues
from ring.wire.messages import Message


class Port(ABC):
    """Show the node as one part sees the node.

    me: this life of the node. now: Unix seconds, the same for a whole turn. app: the gateway's side of the node.
    submits: commands of this node's edge without an answer. work_store: asks the shell to work on the store.
    """

    me: Incarnation
    now: float
    settings: Settings
    peers: Peers
    kinds: Mapping[str, Kind]
    replicas: Replicas
    app: Application
    submits: SubmitQueues
    work_store: WorkStore

    @property
    def now_ms(self) -> int:
        """Return the time of the turn in Unix ms."""
        return int(self.now * 1000)

    @abstractmethod
    def send(self, key: str, message: Message) -> None:
        """Send a message to the node with the ring key, at the end of the turn."""

    @abstractmethod
    def run(self, job: Callable[[], None]) -> None:
        """Do a job now or, from within another job, right after that job."""

    @abstractmethod
    def note(self, event: str, group: GroupId | None = None, **facts: Any) -> None:
        """Tell the log a fact that an operator should know."""

    @abstractmethod
    def complete(self, group: GroupId, number: int, outcome: Any, event_id: EventId | None) -> None:
        """Answer this edge's command of this number: the copy here, if any, has reached the position (P11)."""

    @abstractmethod
    def stored(self, copy: Copy) -> None:
        """Go on after a write: the copy's commands up to `copy.safe` are on disk (P35)."""

    @abstractmethod
    def loaded(self, copy: Copy) -> None:
        """Hold a group by a copy that an earlier life of this node has written (P36)."""
