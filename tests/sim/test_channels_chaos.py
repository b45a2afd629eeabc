"""Bans, modes and ranks of a registered channel hold as answered, whatever a seed does to the network."""

from __future__ import annotations

import pytest

from tests.sim.kinds import CHANNELS

SEEDS = 30
BLOCK = 5


@pytest.mark.parametrize("first", range(0, SEEDS, BLOCK))
def test_what_is_answered_holds_on_every_node(first: int) -> None:
    assert sum(CHANNELS.hold(seed).done for seed in range(first, first + BLOCK)) >= 8 * BLOCK
