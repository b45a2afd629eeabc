"""Where somebody who has read a group's log goes on, though logs have parted and been merged since.

A merge counts the other side's events anew (P25), so a position means something in its own log only. A place therefore
names the reign that counted it; and what was merged bears the name that its own side gave it, which tells whether who
read there has it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ring.groups.copy import Copy, msgid_prefix
from ring.ids import NO_TERM
from ring.wire import Place


class Resumed(NamedTuple):
    """after: the position that the reader goes on from. has: whether it has a line behind it, by msgid and time."""

    after: int
    has: Callable[[str, int], bool]


def _nothing(msgid: str, at: int) -> bool:
    return False


START = Resumed(0, _nothing)
"""Of somebody who has read nothing."""


def by_time(place: Place) -> Resumed:
    """Where a log that knows nothing of the place's reign goes on."""
    return Resumed(0, lambda msgid, at: at <= place.at)


def resume(copy: Copy, place: Place) -> Resumed | None:
    """Where a reader of the place goes on in this log. None: this log does not know of the reign that it was in."""
    seq, term = place.seq, place.term
    if term in (NO_TERM, copy.term_at(seq)):
        return Resumed(seq, _nothing)
    part = copy.merged.get(term)
    if part is not None:
        return Resumed(min(part.fork, seq), _read_there(copy, place))
    ends = zip(copy.lineage, copy.lineage[1:], strict=False)
    end = next((first - 1 for (mine, _), (_, first) in ends if mine == term), None)
    return Resumed(min(seq, end), _nothing) if end is not None else None  # what it had after that, nobody has


def _read_there(copy: Copy, place: Place) -> Callable[[str, int], bool]:
    own = msgid_prefix(copy.group, place.term)
    ours = tuple(msgid_prefix(copy.group, term) for term, _ in copy.lineage)

    def has(msgid: str, at: int) -> bool:
        if msgid.startswith(own):
            return int(msgid.removeprefix(own), 16) <= place.seq
        return at <= place.at and not msgid.startswith(ours)  # of an earlier reign of that side

    return has
