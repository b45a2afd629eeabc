"""Rounds: everything is looked at, a slice in each tick, and not again before a rest (P23)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from ring.replication.rounds import SLICE, Rounds

from ring.durations import ROUND_REST_S


@given(st.integers(0, 3 * SLICE + 7))
def test_each_thing_is_handed_out_once_a_round_in_slices(count: int) -> None:
    rounds, told = Rounds(lambda: range(count)), []
    for _ in range(count // SLICE + 1):
        some = list(rounds.some(100.0))
        assert len(some) <= SLICE
        told += some
    assert sorted(told) == list(range(count))
    assert list(rounds.some(100.0 + ROUND_REST_S / 2)) == [] or not count
    assert len(list(rounds.some(100.0 + ROUND_REST_S))) == min(count, SLICE)


def test_a_caller_that_stops_early_gets_the_rest_in_the_next_tick() -> None:
    rounds = Rounds(lambda: "abcd")
    taken = [next(iter(rounds.some(100.0))) for _ in range(4)]
    assert sorted(taken) == list("abcd") and list(rounds.some(100.0)) == []


def test_a_new_round_may_begin_at_once() -> None:
    things = [1]
    rounds = Rounds(lambda: things)
    assert list(rounds.some(100.0)) == [1]
    things.append(2)
    assert list(rounds.some(100.1)) == []
    rounds.again()
    assert sorted(rounds.some(100.1)) == [1, 2]
