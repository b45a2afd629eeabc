"""Silence of a peer, and silence that only a stop of this process has made."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ring.links.silence import Silence, was_stopped


def ticks(silence: Silence, until: float, since: float = 0.0, step: float = 0.5) -> list[bool]:
    said = []
    while since < until:
        since += step
        said.append(silence.tick(since))
    return said


def test_silence_counts_from_the_last_word() -> None:
    silence = Silence(5.0, 0.0)
    assert not any(ticks(silence, 5.0))
    silence.heard = 4.0
    assert not any(ticks(silence, 9.0, since=5.0))
    assert silence.tick(9.1)


def test_a_stop_of_this_process_is_no_silence_of_the_peer() -> None:
    silence = Silence(5.0, 0.0)
    assert not any(ticks(silence, 4.0))
    assert not silence.tick(100.0)  # the peer's bytes may wait to be read
    assert not any(ticks(silence, 105.0, since=100.0))
    assert silence.tick(105.5)


@pytest.mark.parametrize(("now", "stopped"), [(10.0, False), (13.75, False), (13.8, True), (9.0, False)])
def test_a_stop_is_a_pause_of_most_of_the_time_that_counts_as_death(now: float, stopped: bool) -> None:
    assert was_stopped(10.0, now, 5.0) is stopped


@given(st.lists(st.integers(1, 12), min_size=1, max_size=60), st.integers(0, 12))
def test_a_peer_that_speaks_often_enough_is_never_silent(pauses: list[int], lag: int) -> None:
    """Whatever the pauses between ticks are, stops included. Times in quarters of a second; death is after 3 s."""
    silence, now = Silence(12.0, 0.0), 0.0
    for pause in pauses:
        now += pause
        silence.heard = max(silence.heard, now - lag)
        assert not silence.tick(now)
