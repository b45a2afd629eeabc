"""Places among a client's answers, so an answer goes out now or waits for earlier answers (client/order.py)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from gateway.edge.client.lines import Line
from ring.ids import GroupId
from ring.wire.history import Cursor

Done = Callable[[Any], None]
"""A continuation: takes the outcome of a step on the network."""

Send = Callable[[Line], None]
Drawn = Callable[[Send], None]
"""Lines which are made at the moment when the client may read the lines, and so are true at this moment."""

Answer = tuple[Line, str | None] | Drawn
"""A line with a batch (None: no batch); or lines which are made later."""


class Slot:
    """A place among a command's answers. items: the waiting answers and the command's further slots, in order."""

    __slots__ = ("items", "open")

    def __init__(self) -> None:
        self.items: list[Answer | Slot] = []
        self.open = True

    def __call__(self, value: Any) -> None:
        """Take the outcome of a step: only slots that are continuations have work with an outcome. The method stands
        here because mypyc gives a callable class another layout than its base, if the base is not callable."""


def drain(slot: Slot, emit: Callable[[Answer], None]) -> Slot | None:
    """Emit the answers which may be read by now. Returns the open slot for which later answers wait; None if done."""
    items = slot.items
    for done, item in enumerate(items):
        if not isinstance(item, Slot):
            emit(item)
        elif (waits := drain(item, emit)) is not None:
            del items[:done]
            return waits
    items.clear()
    return slot if slot.open else None


def empty(slot: Slot, emit: Callable[[Answer], None]) -> None:
    """Emit all waiting answers. Open slots stay open."""
    items, slot.items = slot.items, []
    for item in items:
        if isinstance(item, Slot):
            empty(item, emit)
        else:
            emit(item)


def is_empty(slot: Slot) -> bool:
    return all(isinstance(item, Slot) and is_empty(item) for item in slot.items)


class Aside(NamedTuple):
    """A command's own lines in one group, while these lines wait. before: how far the client is before the first line.
    upto: how far the client is after the last line."""

    before: Cursor
    upto: Cursor


NOWHERE: Mapping[GroupId, Aside] = MappingProxyType({})


class Command(Slot, ABC):
    """An unanswered command, as the order of answers sees the command (client/answering.py has the rest).
    line: number among the lines of the connection. late: the command holds up nobody. since: Unix seconds, when the
    command began."""

    __slots__ = ()

    line: int
    late: bool
    since: float

    @abstractmethod
    def go_on(self) -> bool:
        """Go on, as all earlier commands are answered. Returns whether this command is answered now, too."""

    @abstractmethod
    def let_go(self) -> None:
        """Leave the order: nothing waits for this command any more, nor this command for others."""

    @abstractmethod
    def flush(self) -> None:
        """Send all waiting answers, in order."""
