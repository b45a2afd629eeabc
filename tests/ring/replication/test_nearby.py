"""A large network at rest is not asked as a whole whether somebody holds a group."""

from __future__ import annotations

import pytest

from ring.ids import GroupId
from ring.replication import nearby
from tests.gateway.commands.stage import network, people
from tests.sim.meter import Meter
from tests.sim.net import Client, Net

NODES = 12
QUIET_S = 8.0


@pytest.fixture(autouse=True)
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a network of twelve nodes count as large, and come to rest soon."""
    monkeypatch.setattr(nearby, "SMALL", 5)
    monkeypatch.setattr(nearby, "QUIET_S", QUIET_S)


def at_rest(*, disks: bool = False) -> tuple[Net, list[Client]]:
    net = network(NODES, disks=disks)
    clients = people(net, "ann", "bob")
    net.run(2 * QUIET_S)
    return net, clients


def prepares(net: Net, client: Client, *lines: str) -> int:
    """Return how many nodes were asked because of the lines."""
    net.meter = Meter()
    client.ask(*lines)
    return net.meter.messages["Prepare"]


@pytest.mark.interpreted  # sets a constant of a compiled module
def test_a_new_channel_asks_the_next_owners_alone() -> None:
    net, (ann, _) = at_rest()
    assert prepares(net, ann, "JOIN #new") == 4  # copies + 2
    assert any(" 353 " in line for line in ann.got)


@pytest.mark.interpreted  # sets a constant of a compiled module
def test_an_absent_nick_is_asked_about_by_few() -> None:
    net, (ann, _) = at_rest()
    assert prepares(net, ann, "WHOIS nobody") == 4


@pytest.mark.interpreted  # sets a constant of a compiled module
def test_after_a_death_every_node_is_asked_for_a_while() -> None:
    net, (ann, _) = at_rest()
    net.kill("n9")
    net.run(1)
    assert prepares(net, ann, "JOIN #new") >= NODES - 2
    net.run(2 * QUIET_S)
    assert prepares(net, ann, "JOIN #newer") == 4


def test_after_a_node_has_come_every_node_is_asked_for_a_while() -> None:
    net, (ann, _) = at_rest()
    net.start(NODES + 1)
    net.run(1)
    assert prepares(net, ann, "JOIN #new") == NODES


def test_who_was_stopped_asks_every_node() -> None:
    net, (ann, _) = at_rest()
    group = GroupId("channel", "#new")
    engine = next(n.core.engine for n in net.nodes.values() if n.key == ann.node.core.engine.peers.acting(group))
    engine.peers.stood_still(engine.now)
    assert prepares(net, ann, "JOIN #new") == NODES - 1


def test_if_one_of_the_owners_knows_the_group_every_node_is_asked() -> None:
    """As after a mistake by which the master alone has lost the group."""
    net, (ann, bob) = at_rest()
    ann.ask("JOIN #c", "TOPIC #c :tea")
    group = GroupId("channel", "#c")
    (master,) = net.masters(group)
    net.nodes[master].core.engine.replicas.resign(group)
    net.nodes[master].core.engine.journal.forget(group)
    assert prepares(net, bob, "JOIN #c") >= NODES - 1
    assert any(" 332 " in line and line.endswith(":tea") for line in bob.got)


@pytest.mark.interpreted  # sets a constant of a compiled module
def test_an_account_is_begun_only_when_every_node_was_asked() -> None:
    net, (ann, _) = at_rest(disks=True)
    assert prepares(net, ann, "NS INFO nobody") <= 8
    assert prepares(net, ann, "REGISTER * * correct-horse") >= NODES - 1


def test_while_a_node_is_missing_every_node_is_asked_about_an_account() -> None:
    net, (ann, _) = at_rest(disks=True)
    net.kill("n9")
    net.run(2 * QUIET_S)
    assert prepares(net, ann, "NS INFO nobody") >= NODES - 2
