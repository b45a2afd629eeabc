"""Defines how the edge shows the news of one kind of group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.edge.client.call import Call
from gateway.edge.client.connection import Connection
from ring.ids import GroupId
from ring.replication.application import EventId
from ring.replication.state_machine import State


class View:
    """Shows nothing: serves for kinds of groups without readers."""

    def applied(self, group: GroupId, state: State, event: Any, event_id: EventId, call: Call | None) -> None:
        """Show an event that has changed the state. call: the command of a client here behind the event."""

    def talked(self, group: GroupId, state: State, event: Any, event_id: EventId, speaker: Connection) -> None:
        """Show a message to the channel. speaker: the connection here that has said it on the short way."""

    def replaced(
        self, group: GroupId, old: State | None, state: State, missed: Sequence[tuple[Any, EventId]], lost: int
    ) -> None:
        """Show the state after a snapshot. missed: events in between; lost: how many more there were."""

    def dropped(self, group: GroupId) -> None:
        """Stop showing the group: this node no longer follows the group."""

    def interrupted(self, group: GroupId, *, parted: bool) -> None:
        """Prepare for missing events to come from history. parted: another side of a partition has the events."""
