"""The durations that follow from what an operator sets."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.settings import ring_settings


def test_as_a_network_has_them_by_default() -> None:
    made = ring_settings()
    assert (made.lately_s, made.stopped_after_s, made.log_keep_s, made.origin_keep_s) == (2.5, 3.0, 35.0, 40.0)
    assert made.prepare_wait_s == 6.0


@given(st.floats(0.1, 60), st.floats(1, 20), st.floats(0, 3600))
def test_the_evidence_of_death_comes_in_its_order(heartbeat_s: float, beats: float, grace_s: float) -> None:
    """A configuration has dead_after_s above heartbeat_s. A stopped node notices the stop before the peers act on the
    stop, and keeps all that returning people may need."""
    made = ring_settings(heartbeat_s=heartbeat_s, dead_after_s=heartbeat_s * (1 + beats), grace_s=grace_s)
    assert made.lately_s < made.dead_after_s < made.prepare_wait_s
    assert made.stopped_after_s < made.dead_after_s - made.heartbeat_s
    assert made.log_keep_s >= made.dead_after_s and made.origin_keep_s > made.log_keep_s
