"""Every promise, on nine hundred networks with faults that a seed chooses. `make soak SEEDS=N` runs more."""

from __future__ import annotations

import pytest

from tests.sim.kinds import TALK

SEEDS = 900
BLOCK = 25


@pytest.mark.parametrize("first", range(0, SEEDS, BLOCK))
def test_every_promise_holds(first: int) -> None:
    for seed in range(first, first + BLOCK):
        TALK.hold(seed)
