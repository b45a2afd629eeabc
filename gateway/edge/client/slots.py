"""Places among a client's answers: what may be read now, and what waits for earlier answers (client/order.py)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from gateway.edge.client.lines import Line
from ring.ids import GroupId
from ring.wire.history import Cursor

Send = Callable[[Line], None]
Drawn = Callable[[Send], None]
"""Lines that are made when they may be read: what they say is true then."""

Answer = tuple[Line, str | None] | Drawn
"""A line with its batch (None: no batch); or lines that are made later."""


class Slot:
    """A place among a command's answers. items: the waiting answers and the command's further slots, in order."""

    __slots__ = ("items", "open")

    def __init__(self) -> None:
        self.items: list[Answer | Slot] = []
        self.open = True


def drain(slot: Slot, emit: Callable[[Answer], None]) -> Slot | None:
    """Emit what may be read by now. Returns the slot that everything after it waits for; None: the slot is done."""
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
    """Emit all that waits. Slots that are open stay so."""
    items, slot.items = slot.items, []
    for item in items:
        if isinstance(item, Slot):
            empty(item, emit)
        else:
            emit(item)


def is_empty(slot: Slot) -> bool:
    return all(isinstance(item, Slot) and is_empty(item) for item in slot.items)


class Aside(NamedTuple):
    """A command's own lines in one group, while these lines wait. before: how far the client is until it has read the
    first line. upto: how far the client is once it has read the last line."""

    before: Cursor
    upto: Cursor


NOWHERE: Mapping[GroupId, Aside] = MappingProxyType({})


class Command(Slot, ABC):
    """A command that is not answered yet, as the order of a connection's answers sees the command (client/call.py
    has the rest). line: its number among the lines of the connection. late: the command holds up nobody. since:
    Unix seconds, when the command began."""

    __slots__ = ()

    line: int
    late: bool
    since: float

    @abstractmethod
    def go_on(self) -> bool:
        """All earlier commands are answered. Returns whether this command is answered now, too."""

    @abstractmethod
    def let_go(self) -> None:
        """Nothing waits for this command any more, nor this command for others."""

    @abstractmethod
    def flush(self) -> None:
        """Send what waits, in its order."""
