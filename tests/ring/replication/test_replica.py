"""A replica: positions, terms, and the set of nodes that hold the group."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ring.history.cursor import reached
from ring.ids import GroupId, Incarnation, Term
from ring.replication.guarded import GroupBroken
from ring.replication.log import Log
from ring.replication.replica import ARCHIVES, TERMS, Replica, msgid_prefix
from ring.wire.log import Command, Entry, Lineage
from tests.ring.toy import ToyKind, ToyState

ROOM = GroupId("toy", "room")
FIRST, SECOND, OTHER = Term(1, "a", 1), Term(2, "b", 1), Term(2, "c", 1)


def replica(lineage: Lineage, log: range) -> Replica:
    """Return a replica whose log has these positions, and ends with the last position."""
    made = Replica(ROOM, ToyKind(), ToyState(), lineage, log.stop - 1)
    made.log = Log(said(seq, str(seq)) for seq in log)
    return made


def said(seq: int, text: str) -> Entry:
    return Entry(seq, seq, Incarnation("e", 1), seq, seq, None, ["say", text])


def test_a_master_names_no_term_that_was_to_begin_after_the_masters_own() -> None:
    """P3, P38: the lineage has come, and the entries of its terms have not (seed 89000000 of the devices). A cursor in
    such a log would name lines of the first term, lines that nobody here has.
    """
    made = replica(((FIRST, 1), (SECOND, 19)), range(1, 11))
    made.begin_term(Term(3, "c", 1))
    assert made.lineage == ((FIRST, 1), (Term(3, "c", 1), 11))
    for seq in range(11, 21):
        made.advance(said(seq, str(seq)))
    assert reached(made).other_terms == ((FIRST, 10),)


def test_a_master_names_a_term_that_ended_without_an_entry() -> None:
    made = replica(((FIRST, 1), (SECOND, 11)), range(1, 11))
    made.begin_term(Term(3, "c", 1))
    assert made.lineage == ((FIRST, 1), (SECOND, 11), (Term(3, "c", 1), 11))


# Positions ------------------------------------------------------------------------------------------------------------


def command(seq: int = 0) -> Command:
    return Command(seq, seq, Incarnation("e", 1), seq, seq, ["say", str(seq)])


@given(st.lists(st.integers(1, 9), max_size=12))
def test_a_backup_holds_commands_without_gaps(comes: list[int]) -> None:
    """Whichever commands come, and in any order."""
    made = replica(((FIRST, 1),), range(1, 3))
    for seq in comes:
        made.hold([command(seq)])
        assert [c.seq for c in made.pending] == list(range(made.seq + 1, made.head + 1))
    assert made.seq == 2 and all(seq in comes for seq in range(3, made.head + 1)) and made.head + 1 not in comes[-1:]


def test_an_entry_takes_the_place_of_its_command() -> None:
    made = replica(((FIRST, 1),), range(1, 1))
    for _ in range(3):
        made.place(command(), 1000)
    assert (made.seq, made.head, [c.seq for c in made.pending]) == (0, 3, [1, 2, 3])
    made.advance(said(1, "one"))
    made.advance(said(2, "two"))
    assert (made.seq, made.head, [c.seq for c in made.pending]) == (2, 3, [3])
    made.safe = 3
    made.drop_pending()
    assert (made.head, made.safe, made.drops) == (2, 2, 1), "what was dropped is not safe, though it was written"


def test_an_entry_that_cannot_be_applied_stops_the_group() -> None:
    with pytest.raises(GroupBroken, match="toy:room"):
        replica(((FIRST, 1),), range(1, 1)).advance(Entry(1, 1, None, 0, 0, None, ["no such event"]))


def test_former_holders_are_kept_the_latest_last_and_only_so_many() -> None:
    made = replica(((FIRST, 1),), range(1, 1))
    for seq in range(1, ARCHIVES + 10):
        made.advance(Entry(seq, seq, None, 0, 0, None, None, members=("a", f"b{seq}")))
    assert made.members == ("a", f"b{seq}") and made.epoch == seq
    assert made.archives == tuple(f"b{n}" for n in range(seq - ARCHIVES, seq))


# Logs and terms -------------------------------------------------------------------------------------------------------


def test_missing_entries_are_given_as_far_back_as_the_log_goes() -> None:
    made = replica(((FIRST, 1),), range(5, 9))
    assert made.after(8) == [] and made.after(9) is None and made.after(3) is None
    assert [entry.seq for entry in made.after(5) or []] == [6, 7, 8]
    assert [entry.seq for entry in made.after(4) or []] == [5, 6, 7, 8]


@pytest.mark.parametrize(
    ("lineage", "seq", "extends"),
    [
        (((FIRST, 1),), 4, True),
        (((FIRST, 1),), 7, True),
        (((FIRST, 1),), 8, False),
        (((FIRST, 1), (SECOND, 8)), 9, True),
        (((FIRST, 1), (SECOND, 8)), 11, False),
        (((FIRST, 1), (OTHER, 8)), 9, False),
        ((), 0, False),
    ],
    ids=["a part", "all of a term", "too long a term", "all", "more than all", "another term", "nothing"],
)
def test_a_log_is_extended_only_by_a_log_of_its_terms(lineage: Lineage, seq: int, extends: bool) -> None:
    assert replica(((FIRST, 1), (SECOND, 8)), range(5, 11)).extends(lineage, seq) is extends


@given(st.lists(st.integers(0, 5), max_size=5), st.integers(0, 30))
def test_each_position_belongs_to_the_last_term_that_had_begun(lengths: list[int], end: int) -> None:
    """lengths: how many positions each term has."""
    firsts = [1 + sum(lengths[:n]) for n in range(len(lengths) + 1)]
    lineage = tuple((Term(n, "a", 1), first) for n, first in enumerate(firsts, start=1))
    made = replica(lineage, range(end + 1, end + 1))
    for seq in range(1, end + 2):
        assert made.term_at(seq) == max(term for term, first in lineage if first <= seq)
        assert made.event_id(seq, 5).msgid == f"{msgid_prefix(ROOM, made.term_at(seq))}{seq:x}"
    ends = [(position.term, position.seq) for position in made.ends]
    assert ends == sorted(ends) and all(seq <= end for _, seq in ends)
    assert made.ended == tuple(sorted(made.ends[:-1], reverse=True)[: TERMS - 1])


def test_the_highest_term_known_counts_promises_and_hand_offs() -> None:
    made = replica(((FIRST, 1),), range(1, 3))
    assert made.highest_term == FIRST
    made.place(Command(0, 0, None, 0, 0, None, SECOND), 0)
    assert made.highest_term == SECOND
    made.promised = Term(3, "c", 1)
    assert made.highest_term == Term(3, "c", 1)
