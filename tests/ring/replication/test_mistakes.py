"""A state machine that raises: the command fails, or nothing is done, and the group goes on (P43)."""

from __future__ import annotations

from typing import Any

import pytest

from ring.replication.application import UNJUDGED
from ring.replication.judging import judge
from ring.replication.mistakes import Mistakes
from ring.replication.progress import Master
from tests.ring.ports import ME, ROOM, NotedPort


class Node(NotedPort):
    """Masters a room whose state raises."""

    def __init__(self) -> None:
        super().__init__()
        self.mistakes = Mistakes(self)
        self.m: Master = self.master()
        self.problem = KeyError("no such rank")

    def breaks(self, method: str) -> None:
        def fail(*_: Any) -> None:
            raise self.problem

        setattr(self.m.replica.state, method, fail)


@pytest.fixture
def node() -> Node:
    return Node()


@pytest.mark.parametrize(("level", "outcome"), [(1, UNJUDGED), (0, "cannot be judged")])
def test_the_origin_of_a_command_hears_that_it_failed(node: Node, level: int, outcome: Any) -> None:
    """Builds of level 0 cannot read `UNJUDGED`: for these, the kind has its own words."""
    node.breaks("decide")
    node.peers.level, node.kinds["channel"].unjudged = level, "cannot be judged"
    entry = node.mistakes.judged(node.m.replica, judge(node.m.replica, ME, 1, 1, ["say", "x"], 1000))
    assert (entry.outcome, entry.event) == (outcome, None)
    assert node.bugs == [("decide", ROOM, node.problem)] and node.m.replica.bug is None


def test_a_command_goes_its_way_without_those_before_it(node: Node) -> None:
    node.m.replica.state.precommands = lambda command, dead: [["part", "x", 1]]  # type: ignore[method-assign]
    assert node.mistakes.precommands(node.m, ["say", "x"], lambda edge: True) == [["part", "x", 1]]
    node.breaks("precommands")
    assert node.mistakes.precommands(node.m, ["say", "x"], lambda edge: True) == ()
    assert node.bugs == [("precommands", ROOM, node.problem)]


def test_maintenance_that_raises_is_noted_once(node: Node) -> None:
    node.m.replica.state.subscribers[ME] = 1
    assert node.mistakes.maintenance(node.m, lambda edge: True) == [["part", *ME]]
    node.breaks("maintenance")
    assert [node.mistakes.maintenance(node.m, lambda edge: True) for _ in range(3)] == [(), (), ()]
    assert node.bugs == [("upkeep", ROOM, node.problem)]
