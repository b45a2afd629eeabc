"""What the engine tells the gateway of this node. The engine calls; the gateway keeps no rule of replication."""

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
"""The outcome of a submit that no master answered within settle_max_s: it may or may not be carried out (P34)."""


UNJUDGED: Final = False
"""The outcome, in logs and messages, of a command whose judging met a mistake of the program (level 1). Hosts are told
FAILED with the stamp of the command's position. No kind's own outcome is encoded like that."""


class Unsupported(NamedTuple):
    """The outcome of a submit that was not sent: the network acts at a lower feature level than the command needs."""

    level: int  # that the command needs
    node: str  # name of a node that holds the network's level down


class Halted(NamedTuple):
    """The outcome of a submit that failed in a group that a mistake of the program has stopped (broken.py): the command
    may or may not be carried out."""

    nodes: tuple[str, ...]  # names of the nodes that have stopped the group


class EventId(NamedTuple):
    """What names and dates an event for clients."""

    msgid: str
    at: int  # Unix ms


class Later:
    """An answer to another node's question that takes more than one turn. Whoever works on it calls `answer` once."""

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
        """The local copy of a followed group advanced by one event. token: of our own submit, else None."""
        ...

    def interrupted(self, group: GroupId, *, parted: bool) -> None:
        """What comes next was said where people here have not heard it. parted: on another side of a partition."""
        ...

    def replaced(
        self, group: GroupId, old: State | None, state: State, missed: Sequence[tuple[Any, EventId]], lost: int
    ) -> None:
        """The copy was replaced. missed: events between the two that are still known; lost: how many are not (P16)."""
        ...

    def dropped(self, group: GroupId) -> None:
        """This node follows the group no more."""
        ...

    def answered(self, group: GroupId, token: object, outcome: Any, event_id: EventId | None) -> None:
        """Exactly once for each submit, after `applied` of its event where this node follows the group (P11).

        stamp: names and dates the answer's position; None with Unsupported, and with FAILED, unless nothing was changed
        for sure.
        """
        ...

    def viewed(self, group: GroupId, view: Any) -> None:
        """A watched group's view changed; the first one comes without a change."""
        ...

    def flush(self) -> None:
        """The turn ends: what is to go to other nodes has to be said now."""
        ...

    def asked(self, node: Incarnation, body: Any) -> Any:
        """Answer another node's question, at once or with a `Later`."""
        ...

    def read_ask(self, raw: msgspec.Raw) -> Any: ...

    def read_reply(self, raw: msgspec.Raw) -> Any: ...
