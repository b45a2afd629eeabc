"""Where somebody who has read a group's log goes on, though logs have parted and been merged since (P25)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

from ring.history.cursor import has, terms
from ring.replication.copy import Copy
from ring.wire.history import Cursor


class Resumed(NamedTuple):
    """after: the position that the reader goes on from. has: whether it has a line behind it, by msgid and time."""

    after: int
    has: Callable[[str, int], bool]


def _nothing(msgid: str, at: int) -> bool:
    return False


START = Resumed(0, _nothing)
"""Of somebody who has read nothing."""


def by_time(place: Cursor) -> Resumed:
    """Where a log that knows nothing of the place's terms goes on."""
    return Resumed(0, lambda msgid, at: at <= place.at)


def resume(copy: Copy, place: Cursor) -> Resumed | None:
    """Where a reader of the place goes on in this log. None: this log does not know of any term that it was in."""
    ends = {term: first - 1 for (term, _), (_, first) in pairwise(copy.lineage)}
    after = []
    for term, seq in terms(place):
        part = copy.merged.get(term)
        if term == copy.term or term in ends:  # what a term had beyond its end is of another side, or nobody has it
            after.append(min(seq, ends.get(term, seq)))
        elif part is not None:
            after.append(min(seq, part.fork))
    reads = has(copy, place)
    return Resumed(max(after), lambda msgid, at: reads(msgid)) if after else None
