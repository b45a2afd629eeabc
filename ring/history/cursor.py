"""How far somebody has read a group whose log may have parted and become one since (P25).

A position means something in its own log only, and who was on both sides of a partition has read two. So a place names
terms: of the log of each, the reader has all up to that position. That stays true whatever the reader reads besides,
and elsewhere: places are joined by keeping what each says. What a merge brings bears the name that its own side gave
it, so whether a reader has it can be read off the two.
"""

from __future__ import annotations

from collections.abc import Callable

from ring.ids import Position, Term
from ring.replication.copy import TERMS, Copy, msgid_prefix
from ring.wire.history import Cursor


def merge_cursors(*places: Cursor | None) -> Cursor | None:
    """What who has read all of these has; None for none. Commutative, associative, idempotent."""
    found = [place for place in places if place is not None]
    if len(found) < 2:
        return found[0] if found else None
    read: dict[Term, int] = {}
    for place in found:
        for term, seq in terms(place):
            read[term] = max(read.get(term, 0), seq)
    return _place(read, max(place.at for place in found))


def _place(read: dict[Term, int], at: int) -> Cursor:
    (term, seq), *other_terms = sorted(read.items(), reverse=True)[:TERMS]
    return Cursor(seq, at, term, tuple(Position(*one) for one in other_terms))


def terms(place: Cursor) -> tuple[Position, ...]:
    """The newest first."""
    return (Position(place.term, place.seq), *place.other_terms)


def reached(copy: Copy) -> Cursor:
    """The place of who has read all of the copy."""
    term = copy.term_at(copy.seq)
    if term == copy.term:
        return Cursor(copy.seq, copy.at, term, copy.ended)
    return _place({**dict(copy.ended), term: copy.seq}, copy.at)  # nothing has been said in its last term


def has(copy: Copy, place: Cursor) -> Callable[[str], bool]:
    """Whether who is there has a line of the copy, by its msgid."""
    read = {msgid_prefix(copy.group, term): seq for term, seq in terms(place)}

    def was_told(msgid: str) -> bool:
        term, dash, seq = msgid.rpartition("-")
        upto = read.get(term + dash)
        return upto is not None and int(seq, 16) <= upto

    aliases = {here for there, here in copy.aliases if was_told(there)}
    return lambda msgid: msgid in aliases or was_told(msgid)
