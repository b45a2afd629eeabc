"""The end of a group's log: what others may still lack."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

from ring.wire.codec import size
from ring.wire.log import Command, Entry

LOG_ENTRIES = 2048
LOG_BYTES = 1024 * 1024
"""A log keeps at most so many entries, and so many bytes of events, however young (P16): a snapshot fits a frame."""

IDLE_S = 2 * 3600.0
"""A log to which nothing was added for so long is forgotten."""

FRAME = 64
"""Bytes of an entry beside its event, roughly."""


def once_of(said: Any) -> Any:
    """What a command, or the event that came of it, is known by, if another edge may submit it again (P9)."""
    return getattr(said, "once", None)


def message_key(said: Entry | Command) -> Hashable:
    """What something said is known by: equal in every log that has it."""
    once = once_of(said.event if isinstance(said, Entry) else said.command)
    return once if once is not None else (said.origin, said.number)


class Log(list[Entry]):
    """Entries in order, without gaps; the oldest go first; for room, never the last one.

    A list: most groups are nicks, with next to nothing in their logs, and an empty deque takes 760 bytes.
    """

    __slots__ = ("_marks", "_once", "bytes")

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        super().__init__()
        self.bytes = 0
        self._marks: tuple[tuple[float, int], ...] = ()  # (time, the last position then)
        self._once: dict[Hashable, Entry] | None = None  # what was said that another edge may submit again
        for entry in entries:
            self.append(entry)

    def append(self, entry: Entry) -> None:
        list.append(self, entry)
        self.bytes += FRAME + size(entry.event)
        once = once_of(entry.event)
        if once is not None:
            self._once = self._once if self._once is not None else {}
            self._once[once] = entry
        while (self.bytes > LOG_BYTES or len(self) > LOG_ENTRIES) and len(self) > 1:
            self.drop_first()

    def said(self, once: Hashable) -> Entry | None:
        """The entry whose event is known by that."""
        return self._once.get(once) if self._once is not None else None

    def trim(self, now: float, keep_s: float) -> None:
        """Forget what had been here for keep_s when the last entry came, and an idle log as a whole; inf: nothing.

        Seconds of this node's clock; to be called again and again. What the clocks say that dated the entries does not
        count: they may be hours apart.
        """
        if not self:
            return
        if not self._marks or self._marks[-1][1] != self[-1].seq:
            self._marks += ((now, self[-1].seq),)
        came, idle_s = self._marks[-1][0], max(keep_s, IDLE_S)
        old = [seq for since, seq in self._marks if came - since >= keep_s or now - since >= idle_s]
        while old and self and self[0].seq <= old[-1]:
            self.drop_first()
        self._marks = tuple(mark for mark in self._marks if self and mark[1] >= self[0].seq)

    def drop_first(self) -> None:
        self.bytes -= FRAME + size(self[0].event)
        if self._once is not None:
            once = once_of(self[0].event)
            if self._once.get(once) is self[0]:
                del self._once[once]
        del self[0]
