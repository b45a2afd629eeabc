"""Which lines answer a query, given several stores that each may have only some of them.

Pure: a generator that yields what is to be read, is sent what each store has of it, and returns the lines. Stores agree
on what a position holds, once lines of terms that the group's lineage does not have are left out; so their answers can
be put together, as far down (or up) as every one of them has been read.
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
"""Lines read from each store at a time: the more, the fewer of them were wanted."""

PAGES = 32
"""A query is answered with what so many pages have, though there may be more."""


class Sought(NamedTuple):
    """The line with this msgid is wanted, wherever it is."""

    group: GroupId
    msgid: str


class Found(NamedTuple):
    """What one store has. more: it has more than these of the range. failed: it cannot be read."""

    lines: list[Line]
    more: bool
    failed: bool = False


class History(NamedTuple):
    """What a group's master knows of its history without reading. head: the last position that counts.

    position: of a msgid that the group's own lineage gave, else None. passes: whether the asker may see the line.
    resume: where who has read up to a place goes on; None if that is not known by position.
    """

    group: GroupId
    head: int
    position: Callable[[str], int | None]
    is_ours: Callable[[Line], bool]
    passes: Callable[[Line], bool]
    resume: Callable[[Cursor], Resumed | None]


Want = Range | Sought
Steps = Generator[Want, list[Found], list[Line] | None]


def recollect(history: History, query: Query) -> Steps:
    """The lines of the answer, oldest first; None if the query names a msgid that nobody has."""
    low = yield from _bound(history, query.after, lower=True)
    high = yield from _bound(history, query.before, lower=False)
    middle = yield from _bound(history, query.around, lower=False)
    if low is None or high is None or middle is None:
        return None
    if query.between and low >= high:
        turned = replace(query, after=query.before, before=query.after, newest=not query.newest, between=False)
        return (yield from recollect(history, turned))
    if query.since:
        since = yield from _by_time(history, query.since - 1, lower=True)
        low = max(low, since)
    high = min(high, history.head + 1)
    passes = _dated(history, query)
    if query.read is not None:
        resumed = history.resume(query.read)
        if resumed is None:  # a log that this one knows nothing of: by time
            after = yield from _by_time(history, query.read.at, lower=True)
            resumed = by_time(query.read)._replace(after=after)
        low, passes = max(low, resumed.after), _unread(passes, resumed)
    if query.around is None:
        return (yield from _page(history, low, high, query.limit, passes, newest=query.newest))
    older = yield from _page(history, low, min(middle, high), query.limit // 2, passes, newest=True)
    newer = yield from _page(history, max(low, middle - 1), high, query.limit - len(older), passes, newest=False)
    return older + newer


def _bound(history: History, mark: Mark | None, *, lower: bool) -> Generator[Want, list[Found], int | None]:
    """The position that bounds the range, itself left out; None: there is no such line.

    A bound by time is as near as positions allow: what another side of a partition said keeps its time, and stands
    where it was taken in (P25).
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
    """The last position up to which every store has been read; None: all have been read to the end."""
    ends = [source.lines[0 if newest else -1].seq for source in found if source.more and source.lines]
    if not ends:
        return None
    return max(ends) if newest else min(ends)


def _together(
    history: History, found: Iterable[Found], low: int, high: int, edge: int | None, *, newest: bool
) -> list[Line]:
    """One line a position, in the order of reading."""
    lines = {
        line.seq: line for source in found for line in source.lines if low < line.seq < high and history.is_ours(line)
    }
    seqs = [seq for seq in lines if edge is None or (seq >= edge if newest else seq <= edge)]
    return [lines[seq] for seq in sorted(seqs, reverse=newest)]
