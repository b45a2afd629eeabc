"""A stranger may cause endless events: the log has few lines of them, and their number."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ring.io.log_limit import LogLimit


def test_a_burst_is_let_through_and_the_rest_is_counted_for_the_next_line() -> None:
    limit = LogLimit(burst=2, window_s=10.0)
    assert [limit.allow("refused", now) for now in (0.0, 1.0, 2.0, 9.9)] == [0, 0, None, None]
    assert limit.allow("other", 9.9) == 0
    assert [limit.allow("refused", now) for now in (10.0, 11.0)] == [2, 0]


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 7)), max_size=200),
    st.integers(1, 5),
    st.integers(1, 20),
)
def test_no_window_has_more_lines_than_the_burst_and_none_is_forgotten(
    events: list[tuple[str, int]], burst: int, window_s: int
) -> None:
    limit, now = LogLimit(burst, window_s), 0.0
    shown: dict[str, list[float]] = {"a": [], "b": []}
    told: dict[str, int] = {"a": 0, "b": 0}
    happened: dict[str, int] = {"a": 0, "b": 0}
    for event, pause_s in events:
        now += pause_s
        happened[event] += 1
        held = limit.allow(event, now)
        if held is not None:
            shown[event].append(now)
            told[event] += 1 + held
    for event, times in shown.items():
        # Two windows that touch may lie in any span of one window's length.
        assert all(later - first >= window_s for first, later in zip(times, times[2 * burst :], strict=False))
        held = limit.allow(event, now + window_s)
        assert held is not None and told[event] + held == happened[event]
