"""circlet forget: all nodes are told of a node that will not come back."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.admin_clients.requests import (
    ForgetNode,
)
from tests.gateway.cli.world import World, done, set_up


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return set_up(tmp_path, monkeypatch)


@pytest.mark.parametrize("name", ["node-3.circlet.local", "127.0.0.3"])
def test_all_are_told_of_a_node_that_will_not_come_back(net: World, name: str) -> None:
    net.known = [1, 2, 3]
    net.nodes = {1: done, 2: done}
    result = net.run("forget", name)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [f"node-{n}.circlet.local: did ForgetNode" for n in (1, 2)]
    assert [what for _, what in net.asked[-2:]] == [ForgetNode("127.0.0.3")] * 2


def test_forgetting_is_refused_or_incomplete(net: World) -> None:
    net.known = [1, 2, 3]
    net.nodes = {1: done}
    result = net.run("forget", "127.0.0.3")
    assert result.exit_code == 2 and "node-2.circlet.local does not answer, and was not told" in result.stderr
    for name, why in (("127.0.0.1", "is alive: stop the node first"), ("nonsense", "no node knows nonsense")):
        result = net.run("forget", name)
        assert result.exit_code == 1 and why in result.stderr
    net.nodes = {}
    result = net.run("forget", "127.0.0.3")
    assert result.exit_code == 1 and "no node answers" in result.stderr
