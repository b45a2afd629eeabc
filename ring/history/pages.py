"""Find the lines that answer a query, given several stores with only some of the lines each.

Pure: a generator that yields the reads, is sent each store's answer, and returns the lines. Stores agree on the line at
a position, once lines of terms outside of the group's lineage are left out. So the answers are merged, as far down (or
up) as every store has been read.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import NamedTuple

from msgspec.structs import replace

from ring.history.resume import Resumed, by_time
from ring.ids import GroupId
from ring.storage.store import Line, Range
from ring.wire.history import Cursor, Mark, Query

PAGE_MIN = 16
PAGE_MAX = 1024
"""Bounds of the lines read from each store at a time. The number doubles from page to page."""

PAGES = 32
"""A query is answered from this many pages, though there may be more pages."""


class Sought(NamedTuple):
    """The line with this msgid is wanted, at any position."""

    group: GroupId
    msgid: str


class Found(NamedTuple):
    """The lines of one store. more: the store has more lines of the range. failed: the store cannot be read."""

    lines: list[Line]
    more: bool
    failed: bool = False


class History(NamedTuple):
    """The knowledge of a group's master about the history, without reading. head: the last position that counts.

    position: returns the seq of a msgid that the group's own lineage gave, else None. passes: tells whether the asker
    may see the line. resume: returns where a reader with the cursor goes on; None if no position tells.
    """

    group: GroupId
    head: int
    position: Callable[[str], int | None]
    is_ours: Callable[[Line], bool]
    passes: Callable[[Line], bool]
    resume: Callable[[Cursor], Resumed | None]


Want = Range | Sought
Steps = Generator[Want, list[Found], list[Line] | None]


def merge_pages(history: History, query: Query) -> Steps:
    """Return the lines of the answer, oldest first; None if the query names a msgid that no store has."""
    low = yield from _bound(history, query.after, lower=True)
    high = yield from _bound(history, query.before, lower=False)
    middle = yield from _bound(history, query.around, lower=False)
    if low is None or high is None or middle is None:
        return None
    if query.between and low >= high:
        turned = replace(query, after=query.before, before=query.after, newest=not query.newest, between=False)
        return (yield from merge_pages(history, turned))
    if query.since:
        since = yield from _by_time(history, query.since - 1, lower=True)
        low = max(low, since)
    high = min(high, history.head + 1)
    passes = _dated(history, query)
    if query.read is not None:
        resumed = history.resume(query.read)
        if resumed is None:  # the log knows nothing of the reader's log: by time
            after = yield from _by_time(history, query.read.at, lower=True)
            resumed = by_time(query.read)._replace(after=after)
        low, passes = max(low, resumed.after), _unread(passes, resumed)
    if query.around is None:
        return (yield from _page(history, low, high, query.limit, passes, newest=query.newest))
    older = yield from _page(history, low, min(middle, high), query.limit // 2, passes, newest=True)
    newer = yield from _page(history, max(low, middle - 1), high, query.limit - len(older), passes, newest=False)
    return older + newer


def _bound(history: History, mark: Mark | None, *, lower: bool) -> Generator[Want, list[Found], int | None]:
    """Return the position that bounds the range, exclusive; None: there is no such line.

    A bound by time is as near as positions allow: a line of another side of a partition keeps the line's time, and
    stands where the merge put the line (P25).
    """
    if mark is None:
        return 0 if lower else history.head + 1
    if mark.msgid is not None:
        return (yield from _by_msgid(history, mark.msgid))
    if mark.at is not None:
        return (yield from _by_time(history, mark.at, lower=lower))
    return mark.seq


def _by_msgid(history: History, msgid: str) -> Generator[Want, list[Found], int | None]:
    seq = history.position(msgid)
    if seq is not None:
        return seq
    found = yield Sought(history.group, msgid)
    return min((line.seq for source in found for line in source.lines if history.is_ours(line)), default=None)


def _by_time(history: History, at: int, *, lower: bool) -> Generator[Want, list[Found], int]:
    after, before = (at, None) if lower else (None, at)
    found = yield Range(history.group, after, before, 1, not lower, "at")
    seqs = [line.seq for source in found for line in source.lines]
    if lower:
        return min(seqs) - 1 if seqs else history.head
    return max(seqs) + 1 if seqs else 1


def _dated(history: History, query: Query) -> Callable[[Line], bool]:
    after = query.after.at if query.after is not None else None
    before = query.before.at if query.before is not None else None

    def passes(line: Line) -> bool:
        in_time = (after is None or line.at > after) and (before is None or line.at < before)
        return in_time and line.at >= query.since and history.passes(line)

    return passes


def _unread(passes: Callable[[Line], bool], resumed: Resumed) -> Callable[[Line], bool]:
    return lambda line: passes(line) and not resumed.has(line.msgid, line.at)


def _page(
    history: History, low: int, high: int, limit: int, passes: Callable[[Line], bool], *, newest: bool
) -> Generator[Want, list[Found], list[Line]]:
    kept: list[Line] = []
    size = min(max(2 * limit, PAGE_MIN), PAGE_MAX)
    for _ in range(PAGES):
        if len(kept) >= limit or high - low <= 1:
            break
        found = yield Range(history.group, low, high, size, newest)
        edge = _edge(found, newest=newest)
        lines = _together(history, found, low, high, edge, newest=newest)
        kept += [line for line in lines if passes(line)][: limit - len(kept)]
        if edge is None:
            break
        low, high = (low, edge) if newest else (edge, high)
        size = min(2 * size, PAGE_MAX)
    return kept[::-1] if newest else kept


def _edge(found: Iterable[Found], *, newest: bool) -> int | None:
    """Return the last position up to which every store has been read; None: all stores were read to the end."""
    ends = [source.lines[0 if newest else -1].seq for source in found if source.more and source.lines]
    if not ends:
        return None
    return max(ends) if newest else min(ends)


def _together(
    history: History, found: Iterable[Found], low: int, high: int, edge: int | None, *, newest: bool
) -> list[Line]:
    """Return one line a position, in the order of reading."""
    lines = {
        line.seq: line for source in found for line in source.lines if low < line.seq < high and history.is_ours(line)
    }
    seqs = [seq for seq in lines if edge is None or (seq >= edge if newest else seq <= edge)]
    return [lines[seq] for seq in sorted(seqs, reverse=newest)]
