"""What the edge does with the news of one kind of group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.edge.client.call import Call
from ring.ids import GroupId
from ring.replication.application import EventId
from ring.replication.state_machine import State


class View:
    """Nothing, of kinds whose news nobody is shown."""

    def applied(self, group: GroupId, state: State, event: Any, event_id: EventId, call: Call | None) -> None:
        """The event has changed the state. call: the command of a client here that the event comes of."""

    def replaced(
        self, group: GroupId, old: State | None, state: State, missed: Sequence[tuple[Any, EventId]], lost: int
    ) -> None:
        """A snapshot has replaced the state. missed: events in between; lost: how many more there were."""

    def dropped(self, group: GroupId) -> None:
        """This node follows the group no more."""

    def interrupted(self, group: GroupId, *, parted: bool) -> None:
        """Events may be missing, and come from history. parted: another side of a partition has them."""
