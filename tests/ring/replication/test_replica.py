"""A replica's log across snapshots."""

from __future__ import annotations

from ring.durations import LOG_IDLE_S
from ring.history.cursor import reached
from ring.ids import GroupId, Incarnation, Term
from ring.replication.judging import decide, judge
from ring.replication.log import LOG_BYTES, LOG_ENTRIES, Log
from ring.replication.replica import Replica
from ring.replication.shared import knows_since, recall
from ring.wire.log import Command, Entry, Lineage
from tests.ring.toy import ToyKind, ToyState

ROOM = GroupId("toy", "room")
FIRST, SECOND, OTHER = Term(1, "a", 1), Term(2, "b", 1), Term(2, "c", 1)


def replica(lineage: Lineage, log: range) -> Replica:
    """A replica whose log has these positions, and ends with the last of them."""
    made = Replica(ROOM, ToyKind(), ToyState(), lineage, log.stop - 1)
    made.log = Log(said(seq, str(seq)) for seq in log)
    return made


def said(seq: int, text: str) -> Entry:
    return Entry(seq, seq, Incarnation("e", 1), seq, seq, None, ["say", text])


def positions(of: Replica) -> list[int]:
    return [entry.seq for entry in of.log]


def test_what_a_snapshot_leaves_out_is_kept_of_the_replica_before() -> None:
    new = replica(((FIRST, 1), (SECOND, 8)), range(7, 12))
    recall(new, replica(((FIRST, 1),), range(3, 8)))
    assert positions(new) == list(range(3, 12))


def test_a_master_names_no_term_that_was_to_begin_after_the_masters_own() -> None:
    """P3, P38: the lineage has come, and the entries of its terms have not (seed 89000000 of the devices). A cursor in
    such a log would name lines of the first term that nobody here has."""
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


def test_a_snapshot_without_any_log_goes_on_from_the_replica_before() -> None:
    new = replica(((FIRST, 1), (SECOND, 8)), range(8, 8))
    recall(new, replica(((FIRST, 1),), range(3, 8)))
    assert positions(new) == [3, 4, 5, 6, 7]


def test_nothing_is_kept_of_another_side() -> None:
    new = replica(((FIRST, 1), (SECOND, 5)), range(7, 12))
    recall(new, replica(((FIRST, 1), (OTHER, 5)), range(3, 9)))
    assert positions(new) == list(range(7, 12))


def test_nothing_is_kept_before_a_gap() -> None:
    new = replica(((FIRST, 1),), range(7, 12))
    recall(new, replica(((FIRST, 1),), range(1, 6)))
    assert positions(new) == list(range(7, 12))


def test_a_log_is_bounded() -> None:
    new = replica(((FIRST, 1),), range(LOG_ENTRIES, LOG_ENTRIES + 10))
    recall(new, replica(((FIRST, 1),), range(1, LOG_ENTRIES + 5)))
    assert positions(new) == list(range(10, LOG_ENTRIES + 10))


def test_a_log_is_bounded_in_bytes_and_keeps_its_last_entry() -> None:
    log = Log()
    for seq in range(100):
        log.append(said(seq, "x" * 60_000))
        assert log.bytes <= LOG_BYTES
    assert [entry.seq for entry in log] == list(range(83, 100))
    log.append(said(100, "x" * 2 * LOG_BYTES))
    assert [entry.seq for entry in log] == [100]
    log.append(said(101, "short"))
    assert [entry.seq for entry in log] == [101]
    log.drop_first()
    assert log.bytes == 0


def test_a_log_forgets_what_has_been_there_for_long_whatever_the_clocks_say_that_dated_it() -> None:
    log = Log([said(1, "a"), said(3_600_000, "b")])
    log.trim(100.0, 20.0)
    log.append(said(3_600_001, "c"))
    log.trim(119.0, 20.0)
    assert len(log) == 3
    log.append(said(3_600_002, "d"))
    log.trim(120.0, 20.0)
    assert [entry.seq for entry in log] == [3_600_001, 3_600_002]
    log.trim(119.0 + LOG_IDLE_S, 20.0)
    log.trim(119.9 + LOG_IDLE_S, 20.0)
    assert [entry.seq for entry in log] == [3_600_002]
    log.trim(120.0 + LOG_IDLE_S, 20.0)
    assert not log and log.bytes == 0
    log.trim(200.0 + LOG_IDLE_S, 20.0)


def test_a_word_that_was_refused_here_is_taken_from_the_side_that_took_it() -> None:
    """Its origin asked both sides of a partition; what this one took is not said twice."""
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


def test_times_rise_though_the_clock_stands_still_or_goes_back() -> None:
    """P17."""
    room = Replica(ROOM, ToyKind(), ToyState(), ((FIRST, 1),))
    for now_ms in (1000, 1000, 400, 2000):
        room.advance(judge(room, None, 0, 0, ["say", "x"], now_ms))
    assert [entry.at for entry in room.log] == [1000, 1001, 1002, 2000]
    for now_ms in (2000, 400, 3000):
        room.place(Command(0, 0, None, 0, 0, ["say", "y"]), now_ms)
    assert [command.at for command in room.pending] == [2001, 2002, 3000]
