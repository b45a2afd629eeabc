"""What a node does with directories, and the number of its life."""

from __future__ import annotations

import pytest

from ring.membership.directory.client import next_incarnation


@pytest.mark.parametrize(
    ("saved", "seen", "now", "number"),
    [
        (7, 5, 3.0, 8),
        (5, 7, 3.0, 8),
        pytest.param(0, 0, 1_700_000_000.9, 1_700_000_001, id="a lost disk and no roster: the clock"),
        pytest.param(9, 9, 0.0, 10, id="a clock that was set back"),
    ],
)
def test_a_new_life_has_a_number_above_all_that_anybody_knows(saved: int, seen: int, now: float, number: int) -> None:
    """P2."""
    assert next_incarnation(saved, seen, now) == number
