"""What a channel counts for modes that limit rates (+j, +F)."""

from __future__ import annotations

from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from gateway.irc.mode_params import Rate
from gateway.state.channel.messages import Join
from gateway.state.channel.tally import is_over
from tests.gateway.state.cast import ANN, BOB, CAT, DAN, Stage, plus


@given(st.lists(st.integers(0, 3000), max_size=30), st.integers(1, 5), st.integers(1, 3))
def test_no_window_has_more_events_than_the_rate(gaps: list[int], most: int, seconds: int) -> None:
    times: deque[int] = deque(maxlen=100)
    at = 0
    for gap in gaps:
        at += gap
        too_many = sum(one > at - seconds * 1000 for one in times) >= most
        assert is_over(times, Rate(most, seconds), at) is too_many
        if not too_many:
            times.append(at)


def test_people_who_join_too_fast_are_refused_and_the_invited_are_not() -> None:
    stage = Stage(ANN)
    stage.mode(ANN, plus("j", "1:60"))
    assert stage.do(Join(BOB)) is None
    assert stage.do(Join(CAT)).numeric == "480"
    stage.channel.invited[DAN.uid] = None
    assert stage.do(Join(DAN)) is None
