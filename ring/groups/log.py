"""The end of a group's log: what others may still lack."""

from __future__ import annotations

from collections.abc import Iterable

from ring.wire import Entry, size

LOG_ENTRIES = 2048
LOG_BYTES = 1024 * 1024
"""A log keeps at most so many entries, and so many bytes of events, however young (P16): a snapshot fits a frame."""

FRAME = 64
"""Bytes of an entry beside its event, roughly."""


class Log(list[Entry]):
    """Entries in order, without gaps; the oldest go first, the last one stays.

    A list: most groups are nicks, with next to nothing in their logs, and an empty deque takes 760 bytes.
    """

    __slots__ = ("bytes",)

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        super().__init__()
        self.bytes = 0
        for entry in entries:
            self.append(entry)

    def append(self, entry: Entry) -> None:
        super().append(entry)
        self.bytes += FRAME + size(entry.event)
        while (self.bytes > LOG_BYTES or len(self) > LOG_ENTRIES) and len(self) > 1:
            self.drop_first()

    def drop_first(self) -> None:
        self.bytes -= FRAME + size(self[0].event)
        del self[0]
