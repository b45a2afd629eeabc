"""The audit keeps the last acts, answers questions about them, and loses none in a merge."""

from __future__ import annotations

from itertools import permutations

import msgspec
import pytest

from gateway.state.audit.audit import Audit
from gateway.state.audit.messages import Acts, Attend, Entry, Evict, Notified, Notify, Read, Record, Recorded
from ring.ids import Incarnation
from tests.gateway.state.audit.test_messages import ENTRY
from tests.gateway.state.cast import CASEMAP

N1, N2 = Incarnation("10.0.0.1", 7), Incarnation("10.0.0.2", 3)


def act(number: int, **facts: object) -> Entry:
    return msgspec.structs.replace(ENTRY, id=f"n/{number}", **facts)


def audit(*entries: Entry, keep: int = 10) -> Audit:
    state = Audit(CASEMAP, keep)
    for at, entry in enumerate(entries, 100):
        event = state.decide(Record(entry), at).event
        assert event is not None and not state.apply(event, at)
    return state


def ids(answer: Acts) -> list[str]:
    return [entry.id for entry in answer.entries]


def test_the_master_gives_the_time_and_a_repeat_changes_nothing() -> None:
    state = audit(act(1, at=7))
    assert state.entries["n/1"].at == 100
    assert state.decide(Record(act(1)), 200) == (None, None)


def test_the_oldest_acts_go_first() -> None:
    state = audit(*(act(number) for number in range(5)), keep=3)
    assert ids(state.answer(Read(10), 0)) == ["n/2", "n/3", "n/4"]
    state.apply(Recorded(act(9, at=999), 1), 999)
    assert ids(state.answer(Read(10), 0)) == ["n/9"], "the bound of the master counts"


@pytest.mark.parametrize(
    ("question", "found", "more"),
    [
        (Read(10), ["n/1", "n/2", "n/3"], 0),
        (Read(2), ["n/2", "n/3"], 1),
        (Read(10, since=102), ["n/3"], 0),
        (Read(10, operator="ROO?"), ["n/1", "n/3"], 0),
        (Read(10, operator="amy"), ["n/2"], 0),
        (Read(10, act="re*"), ["n/2"], 0),
        (Read(10, target="*@c"), ["n/1", "n/3"], 0),
        (Read(10, node="n2", act="kill"), ["n/3"], 0),
        (Read(0), [], 3),
        (Read(10, act="x"), [], 0),
    ],
)
def test_questions_have_masks(question: Read, found: list[str], more: int) -> None:
    state = audit(act(1), act(2, operator="helper", nick="Amy", act="rehash", target="n1"), act(3, node="n2"))
    answer = state.answer(question, 0)
    assert (ids(answer), answer.more) == (found, more)


def test_notices_are_for_followers_and_are_not_kept() -> None:
    state = audit()
    assert state.decide(Notify("f", "n1", "x"), 1).event is None, "nobody follows"
    state.apply(state.decide(Attend(*N1), 1).event, 1)
    event = state.decide(Notify("f", "n1", "x"), 2).event
    assert event == Notified("f", "n1", "x") and state.is_message(event)
    assert not state.apply(event, 2) and not state.entries


def test_who_attends_follows_until_evicted_or_gone() -> None:
    state = audit()
    assert state.is_collectable(0)
    for edge in (N1, N2):
        assert state.apply(state.decide(Attend(*edge), 1).event, 1)
    assert state.decide(Attend(*N1), 2).event is None and not state.is_collectable(0)
    (evict,) = state.maintenance(3, lambda edge: edge == N1)
    state.apply(state.decide(evict, 3).event, 3)
    assert [*state.subscribers] == [N2] and state.maintenance(4, lambda edge: False) == []
    assert state.decide(Evict((N1,)), 4).event is None


def test_a_merge_is_the_union_in_any_order_however_often() -> None:
    sides = [audit(act(1), act(2), keep=2), audit(act(2), act(3)), audit(act(4), keep=1)]
    sides[0].apply(sides[0].decide(Attend(*N1), 1).event, 1)
    sides[1].entries["n/2"] = sides[0].entries["n/2"]
    found = []
    for order in permutations(range(3)):
        state = Audit(CASEMAP, 5)
        for index in (*order, order[0]):
            event = state.merge(sides[index], 500)
            if event is not None:
                state.apply(event, 500)
        found.append((state.entries, state.subscribers))
        assert all(state.merge(side, 501) is None for side in sides)
    assert all(one == found[0] for one in found)
    assert {*found[0][0]} == {"n/1", "n/2", "n/3", "n/4"}
