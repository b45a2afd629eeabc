"""How far somebody has read a group, on whichever side of a partition."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ring.history.cursor import has, merge_cursors, reached, terms
from ring.ids import GroupId, Position, Term
from ring.replication.replica import TERMS, Replica, msgid_prefix
from ring.wire.history import Cursor
from ring.wire.log import Entry, MergedTerm, MergeRecord
from tests.ring.toy import ToyKind

ROOM = GroupId("channel", "#c")
ONE, TWO, THREE, FOUR = (Term(number, "a", 1) for number in range(1, 5))


def replica(*lineage: tuple[Term, int], seq: int) -> Replica:
    kind = ToyKind()
    return Replica(ROOM, kind, kind.initial("#c"), lineage, seq, 100 * seq)


def name(term: Term, seq: int) -> str:
    return f"{msgid_prefix(ROOM, term)}{seq:x}"


def test_who_has_read_a_log_has_what_went_before_and_what_was_merged_into_it() -> None:
    made = replica((ONE, 1), (THREE, 10), seq=20)
    made.merged = {TWO: MergedTerm(TWO, 14, 9)}
    assert reached(made) == Cursor(20, 2_000, THREE, (Position(TWO, 14), Position(ONE, 9)))
    made.follow_lineage((*made.lineage, (FOUR, 21)))
    assert reached(made) == Cursor(20, 2_000, THREE, (Position(TWO, 14), Position(ONE, 9)))  # nothing was said in it


def test_a_lineage_that_is_ahead_of_the_replica_says_nothing_of_what_the_replica_has() -> None:
    """The newest master has committed nothing yet, and of the term before its own the replica has two commands, or
    none. The rest is on the way."""
    made = replica((ONE, 1), (TWO, 9), (THREE, 15), seq=10)
    assert made.ends == [(ONE, 8), (TWO, 10), (THREE, 10)]
    assert reached(made) == Cursor(10, 1_000, TWO, (Position(ONE, 8),))
    made = replica((ONE, 1), (TWO, 11), (THREE, 17), seq=10)
    assert made.ends == [(ONE, 10), (THREE, 10)]
    assert reached(made) == Cursor(10, 1_000, ONE)
    for seq in range(11, 18):
        assert reached(made).seq == made.seq
        made.advance(Entry(seq, 100 * seq, None, 0, 0, None, None))
    assert reached(made) == Cursor(17, 1_700, THREE, (Position(TWO, 16), Position(ONE, 10)))


def test_who_has_read_on_both_sides_has_both() -> None:
    here, there = Cursor(12, 1_200, TWO, (Position(ONE, 9),)), Cursor(15, 1_100, THREE, (Position(ONE, 7),))
    both = merge_cursors(here, there)
    assert both == merge_cursors(there, here) == Cursor(15, 1_200, THREE, (Position(TWO, 12), Position(ONE, 9)))
    assert merge_cursors(None, here) is here and merge_cursors(None, None) is None
    asked = has(replica((ONE, 1), seq=9), both)
    assert all(asked(name(*one)) for one in [(ONE, 9), (TWO, 12), (THREE, 15)])
    assert not any(asked(name(*one)) for one in [(ONE, 10), (TWO, 13), (THREE, 16), (FOUR, 1)])


def test_a_line_that_both_sides_were_told_is_known_by_its_other_name() -> None:
    made = replica((ONE, 1), (THREE, 10), seq=20)
    made.aliases = ((name(TWO, 12), name(THREE, 11)),)
    assert has(made, Cursor(12, 1_200, TWO))(name(THREE, 11))
    assert not has(made, Cursor(11, 1_100, TWO))(name(THREE, 11))


def test_of_a_term_that_two_sides_bring_the_longer_part_counts() -> None:
    made = replica((ONE, 1), seq=9)
    for upto in (14, 12):
        side = MergeRecord((), 0, (MergedTerm(TWO, upto, 9),), ((name(TWO, upto), name(ONE, 9)),))
        made.advance(Entry(made.seq + 1, 1_000, None, 0, 0, None, None, side=side))
    assert made.merged[TWO].seq == 14
    assert len(made.aliases) == 2


def test_a_place_is_bounded() -> None:
    cursor = None
    for number in range(1, 3 * TERMS):
        cursor = merge_cursors(cursor, Cursor(number, number, Term(number, "a", 1)))
    assert cursor is not None
    assert [term.number for term, _ in terms(cursor)] == list(range(3 * TERMS - 1, 2 * TERMS - 1, -1))


PLACES = st.builds(
    lambda read, at: merge_cursors(*(Cursor(seq, at, Term(number, "a", 1)) for number, seq in read.items())),
    st.dictionaries(st.integers(1, 12), st.integers(1, 3), min_size=1),
    st.integers(0, 3),
)


@given(PLACES, PLACES, PLACES)
def test_joining_is_commutative_associative_and_idempotent(a: Cursor, b: Cursor, c: Cursor) -> None:
    assert merge_cursors(a, b) == merge_cursors(b, a)
    assert merge_cursors(merge_cursors(a, b), c) == merge_cursors(a, merge_cursors(b, c))
    assert merge_cursors(a, a) == a
