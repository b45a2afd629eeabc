"""Say how far a reader has read a group, though the group's log may have forked and been merged since (P25).

A position means something in the position's own log only, and a reader on both sides of a partition has read two logs.
So a cursor is a version vector: for each term, the reader has all of the term's log up to a position. The statement
stays true whatever else the reader reads, on any node: cursors are merged by keeping every statement. A merged line
keeps the msgid of the line's own side, so the line and the cursor together tell whether the reader has the line.
"""

from __future__ import annotations

from collections.abc import Callable

from ring.ids import Position, Term
from ring.replication.replica import TERMS, Replica, msgid_prefix
from ring.wire.history import Cursor


def merge_cursors(*cursors: Cursor | None) -> Cursor | None:
    """Return the cursor of a reader with all of these cursors; None for no cursor. Commutative, associative,
    idempotent."""
    found = [cursor for cursor in cursors if cursor is not None]
    if len(found) < 2:
        return found[0] if found else None
    read: dict[Term, int] = {}
    for cursor in found:
        for term, seq in terms(cursor):
            read[term] = max(read.get(term, 0), seq)
    return _cursor(read, max(cursor.at for cursor in found))


def _cursor(read: dict[Term, int], at: int) -> Cursor:
    (term, seq), *other_terms = sorted(read.items(), reverse=True)[:TERMS]
    return Cursor(seq, at, term, tuple(Position(*one) for one in other_terms))


def terms(cursor: Cursor) -> tuple[Position, ...]:
    """Return the cursor's positions, the newest term first."""
    return (Position(cursor.term, cursor.seq), *cursor.other_terms)


def reached(replica: Replica) -> Cursor:
    """Return the cursor of a reader of the whole replica."""
    term = replica.term_at(replica.seq)
    if term == replica.term:
        return Cursor(replica.seq, replica.at, term, replica.ended)
    return _cursor({**dict(replica.ended), term: replica.seq}, replica.at)  # nothing has been said in the last term


def has(replica: Replica, cursor: Cursor) -> Callable[[str], bool]:
    """Return a test, by msgid, for the lines of the replica that the cursor's reader has."""
    read = {msgid_prefix(replica.group, term): seq for term, seq in terms(cursor)}

    def was_told(msgid: str) -> bool:
        term, dash, seq = msgid.rpartition("-")
        upto = read.get(term + dash)
        return upto is not None and int(seq, 16) <= upto

    aliases = {here for there, here in replica.aliases if was_told(there)}
    return lambda msgid: msgid in aliases or was_told(msgid)
