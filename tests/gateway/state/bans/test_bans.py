"""The list of bans: the last writer of each ban counts, and what was lifted stays lifted."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.state.bans import bans as module
from gateway.state.bans.bans import Bans, is_newer
from gateway.state.bans.messages import Changed, Done, Entry, Evict, Follow, Lift, NotDone, Put
from ring.ids import Incarnation

FIRST, SECOND = Incarnation("10.0.0.1", 7), Incarnation("10.0.0.2", 3)


def ban(mask: str, until: int = 0, reason: str = "", at: int = 0) -> Entry:
    return Entry("kline", mask, at, "ann(root)", until, reason)


def carry_out(state: Bans, command: Any, at: int) -> Any:
    outcome, event = state.decide(command, at)
    if event is not None:
        state.apply(event, at)
    return outcome


def copy(state: Bans) -> Bans:
    made = Bans(state.entries.values())
    made.subscribers = dict(state.subscribers)
    return made


def test_a_ban_is_added_changed_and_lifted() -> None:
    state = Bans()
    assert carry_out(state, Put(ban("a@b"), 2), 5) == Done(True)
    assert carry_out(state, Put(ban("a@b", reason="more"), 2), 6) == Done(False)
    assert [(entry.at, entry.reason) for entry in state.active("kline", 7)] == [(6, "more")]
    assert state.active("shun", 7) == []
    assert carry_out(state, Lift("kline", "a@b", "bob(b)"), 8) == Done(False)
    assert state.active("kline", 9) == []
    assert carry_out(state, Lift("kline", "a@b", "bob(b)"), 10) == NotDone("unknown")
    assert state.entries["kline", "a@b"].by == "bob(b)"


def test_an_expired_ban_does_not_count_and_is_new_if_added_again() -> None:
    state = Bans()
    carry_out(state, Put(ban("a@b", until=100), 1), 5)
    assert state.active("kline", 99) and not state.active("kline", 100)
    assert carry_out(state, Lift("kline", "a@b", "x"), 100) == NotDone("unknown")
    assert carry_out(state, Put(ban("c@d"), 1), 99) == NotDone("full")
    assert carry_out(state, Put(ban("c@d"), 1), 100) == Done(True)
    assert carry_out(state, Put(ban("a@b"), 1), 101) == NotDone("full")


def test_the_last_writer_wins_though_the_clock_of_the_other_side_was_ahead() -> None:
    state = Bans([ban("a@b", at=1_000_000)])
    carry_out(state, Lift("kline", "a@b", "bob(b)"), 5)
    assert state.entries["kline", "a@b"].at == 1_000_001
    other = Bans([ban("a@b", at=1_000_000)])
    other.apply(other.merge(state, 6), 6)
    assert other.active("kline", 7) == []


def test_nodes_follow_and_gone_nodes_are_let_go() -> None:
    state = Bans()
    for edge in (FIRST, SECOND, FIRST):
        carry_out(state, Follow(*edge), 1)
    assert state.subscribers == {FIRST: 1, SECOND: 1}
    (evict,) = state.maintenance(2, lambda edge: edge == FIRST)
    carry_out(state, evict, 2)
    assert state.subscribers == {SECOND: 1}
    assert state.decide(evict, 3).event is None
    assert not state.is_collectable(3)
    carry_out(state, Evict((SECOND,)), 4)
    assert state.is_collectable(4) and not Bans([ban("a@b")]).is_collectable(4)


def test_the_oldest_of_too_many_lifted_bans_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TOMBSTONES", 3)
    monkeypatch.setattr(module, "SPARE", 2)
    state = Bans()
    carry_out(state, Put(ban("stays@x"), 9), 1)
    for number in range(6):
        carry_out(state, Put(ban(f"u{number}@x"), 9), 10 + number)
        carry_out(state, Lift("kline", f"u{number}@x", "b"), 20 + number)
    lifted = sorted(mask for _, mask in state.entries if mask != "stays@x")
    assert lifted[-3:] == ["u3@x", "u4@x", "u5@x"] and len(lifted) <= 5
    assert state.active("kline", 99)


entries = st.builds(
    Entry,
    kind=st.sampled_from(["kline", "dline"]),
    mask=st.sampled_from(["a", "b", "c"]),
    at=st.integers(1, 4),
    by=st.sampled_from(["ann", "bob"]),
    until=st.sampled_from([0, 3, 9]),
    is_lifted=st.booleans(),
)


@st.composite
def states(draw: st.DrawFn) -> Bans:
    state = Bans()
    for entry in draw(st.lists(entries, max_size=6)):
        if (before := state.entries.get(entry.key)) is None or is_newer(entry, before):
            state.apply(Changed(entry), 5)
    for edge in draw(st.lists(st.sampled_from([FIRST, SECOND]), max_size=2)):
        carry_out(state, Follow(*edge), 5)
    return state


def merged(one: Bans, other: Bans) -> Bans:
    made = copy(one)
    event = made.merge(copy(other), 9)
    if event is not None:
        made.apply(event, 9)
    return made


def shape(state: Bans) -> Any:
    return dict(sorted(state.entries.items())), {*state.subscribers}


@settings(max_examples=300, deadline=None)
@given(states(), states(), states())
def test_lists_merge_alike_in_any_order(one: Bans, two: Bans, three: Bans) -> None:
    assert shape(merged(one, two)) == shape(merged(two, one))
    assert shape(merged(merged(one, two), three)) == shape(merged(one, merged(two, three)))
    assert merged(one, two).merge(two, 9) is None and copy(one).merge(one, 9) is None


@settings(max_examples=100, deadline=None)
@given(states(), states())
def test_a_merge_neither_loses_a_ban_nor_brings_one_back(one: Bans, two: Bans) -> None:
    both = merged(one, two)
    for key in {*one.entries, *two.entries}:
        known = [state.entries[key] for state in (one, two) if key in state.entries]
        assert both.entries[key] in known
        assert not any(is_newer(entry, both.entries[key]) for entry in known)
