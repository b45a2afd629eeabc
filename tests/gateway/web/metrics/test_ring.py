"""Metrics of groups, nodes and links."""

from __future__ import annotations

import msgspec

from gateway.web.metrics.node import of_node
from gateway.web.source import Source
from tests.gateway.commands.stage import network, people
from tests.gateway.web.samples import Samples, read
from tests.ring.membership.directory.test_leases import node
from tests.ring.membership.directory.world import World
from tests.sim.net import Net


def of(net: Net, name: str) -> Samples:
    return read(of_node(Source(net.nodes[name].core, dict)))


def test_a_takeover_and_a_dead_node_show() -> None:
    net = network(3)
    people(net, "ann", "bob", channel="#erlang")
    net.kill("n3")
    net.run(8)
    found = [of(net, name) for name in ("n1", "n2")]
    assert sum(one[("circlet_takeovers_total",)] for one in found) >= 1
    assert [one[("circlet_nodes", "dead")] for one in found] == [1, 1]
    assert [one[("circlet_nodes_died_total",)] for one in found] == [1, 1]
    assert found[0][("circlet_feature_level",)] == found[0][("circlet_build_feature_level",)]


def test_what_waits_for_a_silent_master_shows() -> None:
    net = network(2)
    ann, _ = people(net, "ann", "bob", channel="#go")  # which n2 masters
    net.run(10)  # the nodes have looked at the groups that every node follows
    net.hang("n2", 3.0)
    ann.send("PRIVMSG #go :are you there?")
    net.run(1)
    found = of(net, "n1")
    assert found[("circlet_submits_waiting",)] == 1 and 0.5 < found[("circlet_submit_oldest_seconds",)] <= 1.1
    assert found[("circlet_commands_waiting",)] == 1
    net.run(5)
    assert of(net, "n1")[("circlet_submits_waiting",)] == 0


def test_a_node_that_drains_says_so() -> None:
    net = network(2)
    core = net.nodes["n1"].core
    core.engine.leave(msgspec.structs.replace(core.engine.peers.me, leaving=True))
    found = of(net, "n1")
    assert found[("circlet_draining",)] == 1 and found[("circlet_ready",)] == 0


def test_a_node_knows_how_long_its_leases_last() -> None:
    world = World(directories=2)
    member = world.node(node(1))
    assert member.core.leases_left(world.now) == [None, None]
    world.run(4)
    assert all(left is not None and 5 < left <= 10 for left in member.core.leases_left(world.now))
    world.now += 11
    assert member.core.leases_left(world.now) == [None, None]
