"""A directory refuses a node, and the living node notices nothing of the refusal."""

from __future__ import annotations

from random import Random

import pytest

from ring.membership.directory.query import DenialQuery
from tests.ring.membership.directory.test_leases import node
from tests.ring.membership.directory.world import SOURCE, World


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


def denials(world: World, directory: int = 0) -> set[tuple[str, str]]:
    """Names and reasons, as anybody may ask for them."""
    query = DenialQuery(1, Random(7))
    sends = query.tick(world.now)
    while sends:
        answers = [world.up[directory].receive(data, SOURCE, world.now) for _, data in sends]
        assert all(answer is not None and len(answer) <= len(sends[0].data) for answer in answers)
        sends = [send for answer in answers if answer for send in query.receive(answer, 0, world.now)]
    assert query.finished
    return {(denial.name, denial.reason) for denial in query.found}


def test_a_directory_says_whom_it_refuses_for_as_long_as_it_does() -> None:
    world = World()
    world.node(node(1))
    world.run(1)
    assert denials(world) == set()
    second = world.node(node(1, "other", 7, ip="127.0.0.9"))
    world.run(4)
    ((name, reason),) = denials(world)
    assert name == "other" and "node.ring_key" in reason
    second.core.depart()
    world.run(12)
    assert denials(world) == set()


def test_the_refused_are_bounded_and_fit_a_datagram() -> None:
    world = World()
    world.node(node(1))
    world.run(1)
    for number in range(40):
        world.node(node(1, f"{number}" + "x" * 100, 2, ip=f"127.0.1.{number}"))
    world.run(1)
    assert 1 < len(denials(world)) < 20


def test_a_node_that_was_refused_and_is_let_in_is_refused_no_more() -> None:
    world = World()
    first = world.node(node(1, "irc.example.org"))
    world.run(1)
    world.node(node(2, "irc.example.org"))
    world.run(4)
    assert len(denials(world)) == 1
    first.core.depart()
    world.run(4)
    assert denials(world) == set()
