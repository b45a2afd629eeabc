"""What a node's listener tells from the core: the nodes in sight, and whether the node takes clients now."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.status import Directory
from gateway.web.source import Source, readiness, sight_of
from tests.gateway.commands.stage import network


@pytest.fixture
def core() -> Any:
    net = network(2)
    net.run(5)
    return net.nodes["n1"].core


REFUSING = Directory("a:1", "no such network", refused=True)


@pytest.mark.parametrize(
    ("directories", "ready"),
    [
        ([], True),
        ([Directory("a:1", "no answer")], True),
        ([REFUSING], False),
        ([REFUSING, Directory("b:1", "no answer")], False),
        ([REFUSING, Directory("b:1", lease_left_s=9.0)], True),
    ],
)
def test_a_node_is_ready_unless_directories_only_refuse(core: Any, directories: list[Any], ready: bool) -> None:
    found = readiness(core, directories)
    assert found.ready is ready
    assert ready or found.why == "the directory a:1 refuses the node: no such network"


def test_a_node_that_has_not_joined_is_not_ready() -> None:
    core = network(1).nodes["n1"].core
    core.engine.state = lambda group: None  # type: ignore[method-assign,assignment]
    found = readiness(core)
    assert not found.ready and "not joined" in found.why


def test_a_stopping_node_says_so_before_anything_else() -> None:
    net = network(2)
    net.run(5)
    there: Any = net.nodes["n1"].core
    net.leave("n1")
    assert "stopping" in readiness(there, [REFUSING]).why


def test_a_dead_node_is_in_sight_and_not_alive(core: Any) -> None:
    assert sorted((seen.record.name, seen.alive) for seen in sight_of(core).nodes) == [
        ("n1.sim", True),
        ("n2.sim", True),
    ]
    (other,) = [record for record in core.engine.peers.roster.records() if record.name == "n2.sim"]
    core.engine.peers.dead = {other.key: 1}
    assert [seen.record.name for seen in Source(core, dict).sight().nodes if not seen.alive] == ["n2.sim"]
