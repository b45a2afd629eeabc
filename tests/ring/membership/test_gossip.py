"""News of nodes told along reach all nodes, though no node tells many."""

from __future__ import annotations

import pytest

from ring.membership.gossip import SMALL, told_along


def keys(count: int) -> list[str]:
    return [f"10.0.{number // 250}.{number % 250}" for number in range(count)]


@pytest.mark.parametrize("count", [2, SMALL, SMALL + 1, SMALL + 2, 100, 1000])
def test_news_reach_every_node_in_a_few_steps(count: int) -> None:
    everybody = keys(count)
    heard, new, steps = {everybody[0]}, [everybody[0]], 0
    while new:
        told = [other for key in new for other in told_along(key, [k for k in everybody if k != key])]
        new = list(dict.fromkeys(key for key in told if key not in heard))
        heard |= set(new)
        steps += bool(new)
    assert heard == set(everybody)
    assert steps <= count.bit_length()


def test_a_small_network_is_told_as_a_whole_and_a_large_one_in_part() -> None:
    assert told_along("me", keys(SMALL)) == keys(SMALL)
    some = told_along("me", keys(1000))
    assert len(some) == 10 and "me" not in some and {*some} <= {*keys(1000)}
