"""A registration that was answered holds, and nobody has a rank without access, whatever a seed does to the network."""

from __future__ import annotations

import pytest

from tests.sim.kinds import REGISTRATIONS

SEEDS = 30
BLOCK = 5


@pytest.mark.parametrize("first", range(0, SEEDS, BLOCK))
def test_what_is_answered_holds_on_every_node(first: int) -> None:
    assert sum(REGISTRATIONS.hold(seed).done for seed in range(first, first + BLOCK)) >= 3 * BLOCK
