"""The tail of a group's log: the entries that other nodes may still lack (P16).

Theory of operation. Entries come at the end (`append`) and go at the front: for room, at LOG_ENTRIES and LOG_BYTES, or
for age (`trim`). Age is counted by this node's own clock: `trim` is called again and again, and marks the time at which
the log had a new end. So an entry is as old as the first call that saw the entry.

Invariants
    Positions have no gaps: each entry's seq is the seq of the entry before plus 1.
    The last entry's seq is the seq of the replica, unless the log is empty.
    Room never takes the last entry; age may empty an idle log.
    `bytes` is the sum over all entries, `_sizes` has the parts. `_once` names the latest entry of each idempotency key.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from math import inf
from typing import Any

from ring.durations import LOG_IDLE_S
from ring.wire.codec import size
from ring.wire.log import Command, Entry

LOG_ENTRIES = 2048
LOG_BYTES = 1024 * 1024
"""A log keeps at most this many entries and bytes, however young the entries are (P16): a snapshot fits a frame."""

FRAME = 64
"""Bytes of an entry beside the event, roughly."""


def idempotency_key_of(said: Any) -> Any:
    """Return the idempotency key of a command or of the command's event; None: no other edge submits the command again
    (P9)."""
    return getattr(said, "idempotency_key", None)


def message_key(said: Entry | Command) -> Hashable:
    """Return the key of a message or command: equal in every log that has the message."""
    once = idempotency_key_of(said.event if isinstance(said, Entry) else said.command)
    return once if once is not None else (said.origin, said.number)


class Log(list[Entry]):
    """Keep entries in order and without gaps. The oldest entries go first; room never takes the last entry.

    A list: most groups are nicks, with next to nothing in their logs, and an empty deque takes 760 bytes.
    """

    __slots__ = ("_marks", "_once", "_sizes", "bytes")

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        super().__init__()
        self.bytes = 0
        self._sizes: list[int] = []  # of the entries, as counted in `bytes`
        self._marks: tuple[tuple[float, int], ...] = ()  # (time, the last position then), both ascending
        self._once: dict[Hashable, Entry] | None = None  # idempotency key -> entry; None: no entry has had a key
        for entry in entries:
            self.append(entry)

    def append(self, entry: Entry) -> None:
        """Add an entry at the end, and drop entries at the front for room."""
        list.append(self, entry)
        length = FRAME + size(entry.event)
        self._sizes.append(length)
        self.bytes += length
        once = getattr(entry.event, "idempotency_key", None)
        if once is not None:
            self._once = self._once if self._once is not None else {}
            self._once[once] = entry
        while (self.bytes > LOG_BYTES or len(self) > LOG_ENTRIES) and len(self) > 1:
            self.drop_first()

    def said(self, once: Hashable) -> Entry | None:
        """Return the entry whose event has this idempotency key, if the log still has the entry."""
        return self._once.get(once) if self._once is not None else None

    def trim(self, now: float, keep_s: float) -> None:
        """Forget entries that were here for keep_s when the last entry came, and an idle log as a whole; inf: nothing.

        now and keep_s: seconds of this node's clock. Call this again and again. The times in the entries do not count:
        the clocks of the masters may be hours apart.
        """
        if not self:
            return
        if not self._marks or self._marks[-1][1] != self[-1].seq:
            self._marks += ((now, self[-1].seq),)
        came, idle_s = self._marks[-1][0], max(keep_s, LOG_IDLE_S)
        old = [seq for since, seq in self._marks if came - since >= keep_s or now - since >= idle_s]
        while old and self and self[0].seq <= old[-1]:
            self.drop_first()
        self._marks = tuple(mark for mark in self._marks if self and mark[1] >= self[0].seq)

    def next_trim(self, keep_s: float) -> float:
        """Return when `trim` has to be called next, if nothing is added: Unix seconds, or infinity."""
        return self._marks[0][0] + max(keep_s, LOG_IDLE_S) if self and self._marks else inf

    def drop_first(self) -> None:
        """Drop the oldest entry."""
        self.bytes -= self._sizes.pop(0)
        if self._once is not None:
            once = idempotency_key_of(self[0].event)
            if self._once.get(once) is self[0]:
                del self._once[once]
        del self[0]
