"""How far somebody has read a group whose log may have parted and become one since (P25).

A position means something in its own log only, and who was on both sides of a partition has read two. So a place names
reigns: of the log of each, the reader has all up to that position. That stays true whatever the reader reads besides,
and elsewhere: places are joined by keeping what each says. What a merge brings bears the name that its own side gave
it, so whether a reader has it can be read off the two.
"""

from __future__ import annotations

from collections.abc import Callable

from ring.ids import Position, Term
from ring.replication.copy import REIGNS, Copy, msgid_prefix
from ring.wire.history import Place


def joined(*places: Place | None) -> Place | None:
    """What who has read all of these has; None for none. Commutative, associative, idempotent."""
    found = [place for place in places if place is not None]
    if len(found) < 2:
        return found[0] if found else None
    read: dict[Term, int] = {}
    for place in found:
        for term, seq in reigns(place):
            read[term] = max(read.get(term, 0), seq)
    return _place(read, max(place.at for place in found))


def _place(read: dict[Term, int], at: int) -> Place:
    (term, seq), *beside = sorted(read.items(), reverse=True)[:REIGNS]
    return Place(seq, at, term, tuple(Position(*one) for one in beside))


def reigns(place: Place) -> tuple[Position, ...]:
    """The newest first."""
    return (Position(place.term, place.seq), *place.beside)


def reached(copy: Copy) -> Place:
    """The place of who has read all of the copy."""
    term = copy.term_at(copy.seq)
    if term == copy.term:
        return Place(copy.seq, copy.at, term, copy.ended)
    return _place({**dict(copy.ended), term: copy.seq}, copy.at)  # nothing has been said in its last reign


def has(copy: Copy, place: Place) -> Callable[[str], bool]:
    """Whether who is there has a line of the copy, by its msgid."""
    read = {msgid_prefix(copy.group, term): seq for term, seq in reigns(place)}

    def was_told(msgid: str) -> bool:
        reign, dash, seq = msgid.rpartition("-")
        upto = read.get(reign + dash)
        return upto is not None and int(seq, 16) <= upto

    also = {here for there, here in copy.also if was_told(there)}
    return lambda msgid: msgid in also or was_told(msgid)
