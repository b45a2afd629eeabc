"""Counts of a range of addresses: the reports of all nodes, each node's last report, for a minute."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.state.throttle.counts import Counts
from gateway.state.throttle.kind import ThrottleKind
from gateway.state.throttle.messages import Count, Report, Total
from tests.gateway.state.cast import packed

KIND = ThrottleKind()


def report(state: Counts, key: str, open_: int, at: int, recent: int = 0, minute: int = 1) -> Total:
    outcome, event = state.decide(Count(Report(key, open_, recent, minute)), at)
    state.apply(event, at)
    assert isinstance(outcome, Total)
    return outcome


def test_each_node_hears_the_sum_of_the_others() -> None:
    state = Counts()
    assert report(state, "a", 5, 1, recent=2) == Total(0, 0)
    assert report(state, "b", 7, 2, recent=3) == Total(5, 2)
    assert report(state, "a", 1, 3) == Total(7, 3)
    assert report(state, "c", 1, 4, minute=2) == Total(8, 0)  # another minute


def test_a_report_is_forgotten_after_a_minute() -> None:
    state = Counts()
    report(state, "a", 5, 1)
    assert not state.is_collectable(60_000) and state.is_collectable(60_001)
    assert report(state, "b", 7, 60_001) == Total(0, 0)
    assert list(state.reports) == ["b"] and not state.subscribers


def test_counts_survive_a_snapshot() -> None:
    state: Any = KIND.initial("range:192.0.2.0/24")
    report(state, "a", 5, 1)
    restored: Any = KIND.restore("range:192.0.2.0/24", packed(state.snapshot()))
    assert restored.reports == state.reports
    assert not isinstance(KIND.initial("address:192.0.2.1"), Counts)


states = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3), st.integers(1, 5)), max_size=6)


def made(rows: list[tuple[str, int, int]]) -> Counts:
    state = Counts()
    for key, open_, at in sorted(rows, key=lambda row: row[2]):
        report(state, key, open_, at)
    return state


def merged(one: Counts, other: Counts) -> Counts:
    both = Counts(one.reports)
    event = both.merge(other, 9)
    if event is not None:
        both.apply(event, 9)
    return both


@given(states, states, states)
def test_counts_merge_alike_in_any_order(one: Any, two: Any, three: Any) -> None:
    a, b, c = made(one), made(two), made(three)
    assert merged(a, b).reports == merged(b, a).reports
    assert merged(merged(a, b), c).reports == merged(a, merged(b, c)).reports
    assert merged(a, b).merge(b, 9) is None
