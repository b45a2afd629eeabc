"""Where a reader goes on in a log that has taken in another side's."""

from __future__ import annotations

import pytest

from ring.history.resume import resume
from ring.ids import GroupId, Position, Term
from ring.replication.replica import Replica, msgid_prefix
from ring.wire.history import Cursor
from ring.wire.log import MergedTerm
from tests.ring.toy import ToyKind

FAR = 2**62
ROOM = GroupId("channel", "#c")
ONE, TWO, THREE, LOST = Term(1, "a", 1), Term(2, "b", 1), Term(3, "c", 1), Term(9, "z", 1)


def replica() -> Replica:
    """ONE up to 9, then TWO up to 20; THREE, which parted after 9 as well, had gone on to 14."""
    kind = ToyKind()
    made = Replica(ROOM, kind, kind.initial("#c"), ((ONE, 1), (TWO, 10)), 20, 2_000)
    made.merged = {THREE: MergedTerm(THREE, 14, 9), ONE: MergedTerm(ONE, 12, 9)}
    return made


@pytest.mark.parametrize(
    ("cursor", "after", "read", "unread"),
    [
        (Cursor(5, 500, ONE), 5, [], [(ONE, 6), (TWO, 10), (THREE, 10)]),
        (Cursor(15, 1_500, TWO), 15, [], [(TWO, 16), (THREE, 10)]),
        (Cursor(12, 1_200, THREE), 9, [(THREE, 10), (THREE, 12)], [(THREE, 13), (TWO, 10), (TWO, 11)]),
        (Cursor(11, 1_100, ONE), 9, [(ONE, 10), (ONE, 11)], [(ONE, 12), (TWO, 10)]),
        (Cursor(15, 1_500, THREE, (Position(TWO, 12),)), 12, [(THREE, 14), (TWO, 12)], [(TWO, 13)]),
        (Cursor(12, 1_200, LOST, (Position(ONE, 7),)), 7, [(ONE, 7)], [(ONE, 8), (TWO, 10), (THREE, 10)]),
    ],
)
def test_what_a_reader_has(
    cursor: Cursor, after: int, read: list[tuple[Term, int]], unread: list[tuple[Term, int]]
) -> None:
    resumed = resume(replica(), cursor)
    assert resumed is not None and resumed.after == after
    named = {(term, seq): f"{msgid_prefix(ROOM, term)}{seq:x}" for term, seq in (*read, *unread)}
    assert all(resumed.has(named[one], FAR) for one in read)
    assert not any(resumed.has(named[one], 0) for one in unread)  # whatever the clock of either side said


def test_what_a_term_had_beyond_its_end_is_gone() -> None:
    made = replica()
    made.merged.clear()
    resumed = resume(made, Cursor(12, 1_200, ONE))
    assert resumed is not None and resumed.after == 9


def test_a_log_that_is_not_known() -> None:
    assert resume(replica(), Cursor(12, 1_200, LOST)) is None
