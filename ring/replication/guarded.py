"""Guards around the code that applies a committed entry and shows the entry: a mistake there stops the group alone, and
not the node (P43).

The engine catches GroupBroken around each job (`Engine.run`), and stops the group (broken.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from ring.ids import GroupId, Incarnation
from ring.replication.application import Application, EventId
from ring.replication.state_machine import State


class GroupBroken(Exception):
    """A committed entry, or a whole replica, of the group could not be applied or shown."""

    def __init__(self, group: GroupId) -> None:
        super().__init__(f"{group.kind}:{group.name}")
        self.group = group

    @property
    def mistake(self) -> BaseException:
        """The exception that the handler met: compiled code keeps the context of a `raise`, and drops its cause."""
        return self.__context__ or self


class GuardedApplication:
    """Pass calls on to the application. A call that shows a group, and meets a mistake, raises GroupBroken."""

    def __init__(self, host: Application) -> None:
        self._app = host
        self.answered: Callable[[GroupId, object, Any, EventId | None], None] = host.answered
        self.flush: Callable[[], None] = host.flush
        self.asked: Callable[[Incarnation, Any], Any] = host.asked
        self.read_ask: Callable[[msgspec.Raw], Any] = host.read_ask
        self.read_reply: Callable[[msgspec.Raw], Any] = host.read_reply

    def applied(self, group: GroupId, state: State, event: Any, event_id: EventId, token: object) -> None:
        try:
            self._app.applied(group, state, event, event_id, token)
        except Exception as problem:
            raise GroupBroken(group) from problem

    def interrupted(self, group: GroupId, *, parted: bool) -> None:
        try:
            self._app.interrupted(group, parted=parted)
        except Exception as problem:
            raise GroupBroken(group) from problem

    def replaced(
        self, group: GroupId, old: State | None, state: State, missed: Sequence[tuple[Any, EventId]], lost: int
    ) -> None:
        try:
            self._app.replaced(group, old, state, missed, lost)
        except Exception as problem:
            raise GroupBroken(group) from problem

    def dropped(self, group: GroupId) -> None:
        try:
            self._app.dropped(group)
        except Exception as problem:
            raise GroupBroken(group) from problem

    def viewed(self, group: GroupId, view: Any) -> None:
        try:
            self._app.viewed(group, view)
        except Exception as problem:
            raise GroupBroken(group) from problem
