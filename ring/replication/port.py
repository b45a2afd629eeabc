"""What the parts of replication may use of their node: the engine is the port, and parts know only this page of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from ring.ids import GroupId, Incarnation
from ring.replication.application import Application, EventId
from ring.settings import Settings
from ring.submit import SubmitQueues


class Port(ABC):
    """me: this life of the node. now: Unix seconds, the same for a whole turn. app: the gateway's side of the node.
    submits: commands of this node's edge without an answer."""

    me: Incarnation
    now: float
    settings: Settings
    app: Application
    submits: SubmitQueues

    @abstractmethod
    def complete(self, group: GroupId, number: int, outcome: Any, event_id: EventId | None) -> None:
        """Answer this edge's command of the number: the copy here, if there is one, has reached its position (P11)."""
