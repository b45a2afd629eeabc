"""The gateway's side of a node, as the engine sees the gateway: the engine calls, and the gateway keeps no rule of
replication."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, Protocol

import msgspec

from ring.ids import GroupId, Incarnation
from ring.replication.state_machine import State


class _Failed:
    def __repr__(self) -> str:
        return "FAILED"


FAILED: Final = _Failed()
"""The outcome of a submit that no master answered within settle_max_s: the command may yet be carried out (P34)."""


UNJUDGED: Final = False
"""The outcome, in logs and messages, of a command whose judging met a mistake of the program (level 1). The application
is told FAILED, with the event id of the command's position. No kind encodes an outcome of its own as false."""


class Unsupported(NamedTuple):
    """The outcome of a submit that was not sent: the network acts at a lower feature level than the command needs."""

    level: int  # the level that the command needs
    node: str  # name of a node that holds the network's level down


class Halted(NamedTuple):
    """The outcome of a submit that failed in a group that a mistake of the program has stopped (broken.py): the command
    may or may not be carried out."""

    nodes: tuple[str, ...]  # names of the nodes that have stopped the group


class EventId(NamedTuple):
    """Name and dates an event for clients."""

    msgid: str
    at: int  # Unix ms


class Note(NamedTuple):
    """News for the log: the shell writes each note. group: None if no group is concerned."""

    event: str  # constant snake_case name
    group: GroupId | None
    facts: dict[str, Any]  # units last in the names


class Later:
    """Hold the answer to another node's question, if the answer takes more than one turn. `answer` is called once."""

    __slots__ = ("_done", "_is_there", "_value")

    def __init__(self) -> None:
        self._value: Any = None
        self._is_there = False
        self._done: Callable[[Any], None] | None = None

    def answer(self, value: Any) -> None:
        self._value, self._is_there = value, True
        if self._done is not None:
            self._done(value)

    def then(self, done: Callable[[Any], None]) -> None:
        """Call done(answer) as soon as the answer is there, which may be now."""
        if self._is_there:
            done(self._value)
        else:
            self._done = done


class Application(Protocol):
    """The gateway's side of the engine."""

    def applied(self, group: GroupId, state: State, event: Any, event_id: EventId, token: object) -> None:
        """Show one event: the replica here of a followed group has advanced. token: of this node's submit, else
        None."""
        ...

    def interrupted(self, group: GroupId, *, parted: bool) -> None:
        """Prepare for events that happened where people here did not see the events. parted: on another side of a
        partition."""
        ...

    def replaced(
        self, group: GroupId, old: State | None, state: State, missed: Sequence[tuple[Any, EventId]], lost: int
    ) -> None:
        """Show how the state differs from the old state: the replica was replaced. old: None if the group is new here.

        missed: events between the two states that are still known. lost: how many events are not known (P16).
        """
        ...

    def dropped(self, group: GroupId) -> None:
        """Forget the group: nobody here sees the group any more."""
        ...

    def answered(self, group: GroupId, token: object, outcome: Any, event_id: EventId | None) -> None:
        """Take the outcome of a submit. Called exactly once for each submit, after `applied` of the submit's event if
        this node follows the group (P11).

        event_id: of the answer's position. None with Unsupported, and with FAILED unless surely nothing was changed.
        """
        ...

    def viewed(self, group: GroupId, view: Any) -> None:
        """Show a watched group's view: the view has changed, or is the first view of the watch."""
        ...

    def flush(self) -> None:
        """Say now whatever has to go to other nodes: the turn ends."""
        ...

    def asked(self, node: Incarnation, body: Any) -> Any:
        """Answer another node's question, at once or with a `Later`."""
        ...

    def read_ask(self, raw: msgspec.Raw) -> Any: ...

    def read_reply(self, raw: msgspec.Raw) -> Any: ...
