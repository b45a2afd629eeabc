"""What a master counts beside its replica: numbers accepted of each origin, the coming set, the state of a hand-off."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ring.ids import Incarnation, Term
from ring.replication.judging import decide
from ring.replication.progress import HandOff, Master, Step
from ring.wire.codec import reencode
from ring.wire.log import Command, ForkState, PackedClientLog
from tests.ring.ports import B, NotedPort

ANN, BOB = Incarnation("127.0.0.8", 1), Incarnation("127.0.0.9", 1)


def told(m: Master, origin: Incarnation, number: int, floor: int = 0) -> None:
    """The master accepts a command."""
    command = Command(0, 0, origin, number, floor, ["say", str(number)])
    m.replica.place(command, 1000)
    m.look_ahead(command)


def commit(m: Master) -> None:
    """The oldest pending command is decided."""
    command = m.replica.pending[0]
    m.replica.advance(decide(m.replica))
    m.caught_up(command)


@given(st.lists(st.sampled_from([ANN, BOB, None]), max_size=30))
def test_each_origins_numbers_go_up_by_one_decided_or_not(steps: list[Incarnation | None]) -> None:
    """steps: the origin of the next command; None: the oldest pending command is decided."""
    m, given_to = NotedPort().master(), {ANN: 0, BOB: 0}
    for origin in steps:
        if origin is not None:
            given_to[origin] += 1
            assert m.expected(origin, 0) == given_to[origin]
            told(m, origin, given_to[origin])
        elif m.replica.pending:
            commit(m)
        assert {origin: m.last_of(origin) for origin in given_to} == given_to
        assert {*m.ahead} == {command.origin for command in m.replica.pending}


def test_a_floor_lifts_the_number_that_is_expected() -> None:
    m = NotedPort().master()
    told(m, ANN, 1)
    assert m.expected(ANN, 1) == 2 and m.expected(ANN, 9) == 9


def test_a_merge_counts_the_numbers_that_the_other_side_accepted() -> None:
    m = NotedPort().master()
    log = PackedClientLog(ANN, 7, ())
    merge = Command(0, 0, None, 0, 0, None, side=ForkState(reencode([[], []]), (log,), 0, ()))
    m.replica.place(merge, 1000)
    m.look_ahead(merge)
    assert m.expected(ANN, 0) == 8 and m.expected(BOB, 0) == 1
    commit(m)
    assert m.expected(ANN, 0) == 8 and not m.ahead


def test_the_set_is_what_the_last_pending_change_makes_of_it() -> None:
    m = NotedPort().master()
    m.replica.members = ("a", "b")
    assert m.targets == ("a", "b")
    for members in (("a", "c"), ("a", "d")):
        m.replica.place(Command(0, 0, None, 0, 0, None, members=members), 1000)
    told(m, ANN, 1)
    assert m.targets == ("a", "d") and m.replica.members == ("a", "b")
    assert m.replica.coming == ("a", "c", "d")


def test_a_master_serves_is_frozen_and_has_handed_over() -> None:
    m = NotedPort().master()
    assert m.serving and not m.is_handed
    m.handoff = HandOff(B, Term(2, *B), 1000.0)
    assert not m.serving and not m.is_handed
    m.handoff.step = Step.COMMITTED
    assert m.is_handed


def test_people_are_shown_the_unmerged_replica_while_there_is_one() -> None:
    m, other = NotedPort().master(), NotedPort().master()
    assert m.shown is m.replica
    m.unmerged = other.replica
    assert m.shown is other.replica
