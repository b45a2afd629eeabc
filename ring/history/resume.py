"""Find where a reader of a group's log goes on, though logs have forked and been merged since (P25)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

from ring.history.cursor import has, terms
from ring.replication.replica import Replica
from ring.wire.history import Cursor


class Resumed(NamedTuple):
    """Where a reader goes on. after: the position to go on from. has: tells, by msgid and time, whether the reader has
    a line after this position."""

    after: int
    has: Callable[[str, int], bool]


def _nothing(msgid: str, at: int) -> bool:
    return False


START = Resumed(0, _nothing)
"""For a reader of nothing."""


def by_time(cursor: Cursor) -> Resumed:
    """Return where a reader goes on in a log that knows none of the cursor's terms: by time."""
    return Resumed(0, lambda msgid, at: at <= cursor.at)


def resume(replica: Replica, cursor: Cursor) -> Resumed | None:
    """Return where a reader with the cursor goes on in this log; None: the log knows none of the cursor's terms."""
    ends = {term: first - 1 for (term, _), (_, first) in pairwise(replica.lineage)}
    after = []
    for term, seq in terms(cursor):
        part = replica.merged.get(term)
        if term == replica.term or term in ends:  # lines beyond a term's end are of another side, or lost
            after.append(min(seq, ends.get(term, seq)))
        elif part is not None:
            after.append(min(seq, part.fork))
    reads = has(replica, cursor)
    return Resumed(max(after), lambda msgid, at: reads(msgid)) if after else None
