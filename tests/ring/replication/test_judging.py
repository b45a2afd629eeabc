"""Commands become entries: judged in order, dated upwards, and none of them ends the node (P7, P17, P43)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ring.ids import Incarnation, Term
from ring.replication.application import UNJUDGED
from ring.replication.judging import decide, foreseen, judge
from ring.replication.replica import Replica
from ring.wire.codec import reencode
from ring.wire.log import Command, ForkState
from tests.ring.ports import ROOM
from tests.ring.toy import ToyKind, ToyState

ANN = Incarnation("127.0.0.9", 1)


@pytest.fixture
def room() -> Replica:
    return Replica(ROOM, ToyKind(), ToyState(), ((Term(1, "a", 1), 1),))


def command(number: int, *words: Any, **more: Any) -> Command:
    return Command(0, 0, ANN, number, number, list(words) or None, **more)


@given(st.lists(st.integers(0, 5000), min_size=1, max_size=20), st.booleans())
def test_times_rise_though_the_clock_stands_still_or_goes_back(clock: list[int], at_once: bool) -> None:
    """P17."""
    room = Replica(ROOM, ToyKind(), ToyState(), ((Term(1, "a", 1), 1),))
    for number, now_ms in enumerate(clock, start=1):
        if at_once:
            room.advance(judge(room, ANN, number, number, ["say", "x"], now_ms))
        else:
            room.place(command(number, "say", "x"), now_ms)
    while room.pending:
        room.advance(decide(room))
    times = [entry.at for entry in room.log]
    assert times == sorted(set(times)) and all(at >= now_ms for at, now_ms in zip(times, clock, strict=True))
    assert [entry.seq for entry in room.log] == [*range(1, len(clock) + 1)]


def test_commands_are_judged_in_order_by_the_state_after_all_earlier_ones(room: Replica) -> None:
    for number, text in enumerate(("one", "!no", "two"), start=1):
        room.place(command(number, "say", text), 1000)
    while room.pending:
        room.advance(decide(room))
    assert [(e.outcome, e.event) for e in room.log] == [
        (["ok"], ["say", "one"]), (["refused", "!no"], None), (["ok"], ["say", "two"]),
    ]  # fmt: skip


def test_a_mistake_fails_the_command_alone(room: Replica) -> None:
    room.state.decide = None  # type: ignore[method-assign, assignment]
    entry = judge(room, ANN, 1, 1, ["say", "one"], 1000)
    assert (entry.outcome, entry.event) == (UNJUDGED, None) and isinstance(room.bug, TypeError)


def test_a_mistake_in_a_merge_leaves_the_other_state_out(room: Replica) -> None:
    room.place(Command(0, 0, None, 0, 0, None, side=ForkState(reencode("no state"), (), 2, ())), 1000)
    entry = decide(room)
    assert entry.event is None and entry.side is not None and entry.side.lost == 2 and room.bug is not None


def test_a_merge_brings_the_members_of_the_other_side(room: Replica) -> None:
    theirs = ToyState({ANN: 1}, ["theirs"])
    room.place(Command(0, 0, None, 0, 0, None, side=ForkState(reencode(theirs.snapshot()), (), 0, ())), 1000)
    room.advance(decide(room))
    assert room.state.subscribers == {ANN: 1}


def test_a_message_of_the_other_side_is_said_once(room: Replica) -> None:
    """P25: the origin asked both sides; the number alone says nothing, as this side may have refused the command."""
    room.advance(judge(room, ANN, 1, 1, ["say", "one"], 1000))
    room.advance(judge(room, ANN, 2, 2, ["say", "!two"], 1000))
    for number, text in ((1, "one"), (2, "!two"), (3, "three")):
        room.place(command(number, "say", text, original_id=("id", 5)), 2000)
        entry = decide(room)
        room.advance(entry)
        assert (entry.outcome, entry.event) == (None, None if number == 1 else ["say", text])


def test_the_engines_own_commands_reach_the_log_as_they_are(room: Replica) -> None:
    room.place(Command(0, 0, None, 0, 0, None, members=("a", "b")), 1000)
    room.place(Command(0, 0, None, 0, 0, None, Term(2, "b", 1)), 1000)
    first = decide(room)
    room.advance(first)
    last = decide(room)
    assert (first.members, first.event, last.handed, last.event) == (("a", "b"), None, Term(2, "b", 1), None)


def test_what_is_pending_may_be_foreseen_and_changes_nothing_here(room: Replica) -> None:
    assert foreseen(room) is room
    room.place(command(1, "say", "one"), 1000)
    room.place(command(2, "join", *ANN), 1000)
    later = foreseen(room)
    assert later.state.snapshot() == [[[*ANN, 1]], ["one"]] and later.seq == 2
    assert room.state.snapshot() == [[], []] and room.seq == 0 and len(room.pending) == 2
