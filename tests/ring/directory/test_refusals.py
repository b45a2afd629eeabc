"""A node that a directory refuses, and what the living node sees of that: nothing."""

from __future__ import annotations

import pytest

from tests.ring.directory.test_leases import node
from tests.ring.directory.world import World


@pytest.mark.parametrize("incarnation", [1, 7])  # two nodes that start within a second have one incarnation
def test_a_refused_duplicate_comes_and_goes_and_the_living_node_stays_listed(incarnation: int) -> None:
    world = World(directories=2)
    first, watcher = world.node(node(1)), world.node(node(2))
    world.run(1)
    second = world.node(node(1, "other", incarnation, ip="127.0.0.9"))
    world.run(4)
    assert all("node.ring_key" in reason for reason in second.rejected.values()) and len(second.rejected) == 2
    second.core.depart()
    world.run(2)
    assert second.core.departed
    assert world.listed(0) == world.listed(1) == ["node-1", "node-2"]
    world.run(25)
    assert world.listed(0) == ["node-1", "node-2"] and first.core.listed
    assert "127.0.0.1" in watcher.known


def test_a_name_twice_is_refused_until_the_first_has_gone() -> None:
    world = World()
    first = world.node(node(1, "irc.example.org"))
    world.run(1)
    second = world.node(node(2, "IRC.example.org"))
    world.run(4)
    assert "node.name" in second.rejected[0] and world.listed() == ["irc.example.org"]
    first.core.depart()
    world.run(4)
    assert world.listed() == ["IRC.example.org"]
