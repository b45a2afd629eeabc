"""Two logs of one group: the common part, the log that goes on, and the part of the former log left by a snapshot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ring.ids import Incarnation, Term
from ring.replication.judging import decide
from ring.replication.log import LOG_ENTRIES, Log
from ring.replication.replica import Replica
from ring.replication.shared import has_all_of, knows_since, outweighs, recall, shared_with, trimmed
from ring.wire.log import Command, Entry, Lineage, MergedTerm
from tests.ring.ports import ROOM
from tests.ring.toy import ToyKind, ToyState

FIRST, SECOND, OTHER = Term(1, "a", 1), Term(2, "b", 1), Term(2, "c", 1)


def said(seq: int, text: str) -> Entry:
    return Entry(seq, seq, Incarnation("e", 1), seq, seq, None, ["say", text])


def replica(lineage: Lineage, log: range) -> Replica:
    """Return a replica whose log has these positions, and ends with the last position."""
    made = Replica(ROOM, ToyKind(), ToyState(), lineage, log.stop - 1)
    made.log = Log(said(seq, str(seq)) for seq in log)
    return made


def positions(of: Replica) -> list[int]:
    return [entry.seq for entry in of.log]


# What a snapshot leaves out -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lineage", "log", "before", "lineage_before", "kept"),
    [
        (((FIRST, 1), (SECOND, 8)), range(7, 12), range(3, 8), ((FIRST, 1),), range(3, 12)),
        (((FIRST, 1), (SECOND, 8)), range(8, 8), range(3, 8), ((FIRST, 1),), range(3, 8)),
        (((FIRST, 1), (SECOND, 5)), range(7, 12), range(3, 9), ((FIRST, 1), (OTHER, 5)), range(7, 12)),
        (((FIRST, 1),), range(7, 12), range(1, 6), ((FIRST, 1),), range(7, 12)),
        (
            ((FIRST, 1),),
            range(LOG_ENTRIES, LOG_ENTRIES + 10),
            range(1, LOG_ENTRIES + 5),
            ((FIRST, 1),),
            range(10, LOG_ENTRIES + 10),
        ),
    ],
    ids=["all", "a snapshot without any log", "nothing of another side", "nothing before a gap", "no more than fits"],
)
def test_the_former_log_is_kept_where_the_new_log_continues_it(
    lineage: Lineage, log: range, before: range, lineage_before: Lineage, kept: Iterable[int]
) -> None:
    new = replica(lineage, log)
    recall(new, replica(lineage_before, before))
    assert positions(new) == [*kept]


# Which log goes on ----------------------------------------------------------------------------------------------------


class Held:
    """A store in which the node holds the group, or does not."""

    def __init__(self, held: bool) -> None:
        self.held = held

    def renewed(self, replica: Replica) -> None: ...

    def accepted(self, replica: Replica, commands: Sequence[Command]) -> None: ...

    def advanced(self, replica: Replica, entry: Entry) -> None: ...

    def is_held(self, replica: Replica) -> bool:
        return self.held


ends = st.integers(4, 12)


@given(ends, ends, st.integers(4, 12), st.integers(4, 12))
def test_of_two_logs_at_most_one_outweighs_the_other(ours: int, theirs: int, a: int, b: int) -> None:
    """Both logs have positions 1 to 3 in common; a and b: the first own position of each."""
    one = replica(((FIRST, 1), (SECOND, 4)), range(min(a, ours + 1), ours + 1))
    two = replica(((FIRST, 1), (OTHER, 4)), range(min(b, theirs + 1), theirs + 1))
    one.journal = two.journal = Held(True)
    assert shared_with(one, two) == shared_with(two, one) == 3
    assert not (outweighs(one, two) and outweighs(two, one))
    assert outweighs(one, two) is (trimmed(one, 3) > trimmed(two, 3))
    one.journal = Held(False)
    assert not outweighs(one, two), "a node that only follows has no store of the group"
    one.journal = None
    assert not outweighs(one, two)


def test_a_log_that_was_merged_is_part_of_the_other_log() -> None:
    ours, theirs = replica(((FIRST, 1), (SECOND, 4)), range(1, 9)), replica(((FIRST, 1), (OTHER, 4)), range(1, 12))
    assert shared_with(ours, theirs) == 3 and not has_all_of(theirs, ours)
    theirs.merged[SECOND] = MergedTerm(SECOND, 6, 3)
    assert shared_with(ours, theirs) == 6 and not has_all_of(theirs, ours)
    theirs.merged[SECOND] = MergedTerm(SECOND, 8, 3)
    assert has_all_of(theirs, ours) and not has_all_of(ours, theirs)


@pytest.mark.parametrize(("fork", "gone"), [(9, 0), (6, 0), (5, 1), (0, 6)])
def test_entries_that_the_log_has_no_more_are_counted(fork: int, gone: int) -> None:
    assert trimmed(replica(((FIRST, 1),), range(7, 10)), fork) == gone
    assert trimmed(replica(((FIRST, 1),), range(7, 7)), fork) == max(0, 6 - fork)


# Which messages both logs have ----------------------------------------------------------------------------------------


def test_a_word_that_was_refused_here_is_taken_from_the_side_that_took_it() -> None:
    """The command's origin asked both sides of a partition; a command taken by this side is not said twice."""
    ours, theirs = replica(((OTHER, 1),), range(0)), replica(((FIRST, 1),), range(1, 4))
    for number, text in enumerate(("!no", "yes", "yes"), start=1):
        ours.place(Command(0, 0, Incarnation("e", 1), number, number, ["say", text]), 0)
    knows = knows_since(ours, 0, accepted=True)
    for entry in theirs.log:
        if not knows(entry):
            ours.place(Command(0, 0, entry.origin, entry.number, 0, entry.event, original_id=("id", entry.at)), 0)
    while ours.pending:
        ours.advance(decide(ours))
    assert ours.state.said == ["yes", "yes", "1"]
    assert all(knows_since(ours, 0)(entry) for entry in theirs.log)
    refused = replica(((OTHER, 1),), range(0))
    refused.log = Log([Entry(1, 1, Incarnation("e", 1), 1, 1, ["refused", "!no"], None)])
    assert not knows_since(refused, 0)(said(1, "1"))


def test_where_the_log_was_trimmed_the_numbers_accepted_tell() -> None:
    """Rather lose a message than show a message twice."""
    ours = replica(((FIRST, 1),), range(6, 9))
    for entry in [said(5, "5"), *ours.log]:
        ours.remember(Incarnation("e", 1), entry)
    assert knows_since(ours, 2)(said(4, "4")), "number 4 was accepted, and the log begins later"
    assert not knows_since(ours, 5)(said(4, "4")), "the log has all since position 5"
    assert not knows_since(ours, 2)(said(9, "9"))
    assert knows_since(ours, 2)(Entry(9, 9, None, 0, 0, None, ["part", "x", 1])), "the master's own commands"
