"""Connections of a range of addresses are limited on all nodes together, and few messages are spent on it."""

from __future__ import annotations

from typing import Any

from config.people import Clients
from ring.ids import GroupId
from tests.gateway.commands.stage import network
from tests.gateway.commands.test_bans import come
from tests.settings import section
from tests.sim.net import Client, Net

RANGE = GroupId("guard", "range:192.0.2.0/24")


def limited(nodes: int = 3, **settings: int) -> Net:
    facts: dict[str, Any] = {"per_address": 1000, "connects_per_minute": 0, "network_connects_per_minute": 0}
    net = network(nodes, clients=section(Clients, **facts | settings))
    net.run(5.0)
    return net


def crowd(net: Net, node: str, first: int, count: int) -> list[Client]:
    return [come(net, node, f"p{number}", f"192.0.2.{number}") for number in range(first, first + count)]


def has_group(net: Net) -> bool:
    return any(RANGE in node.core.engine.replicas.masters for node in net.nodes.values())


def test_the_nodes_together_take_no_more_than_the_limit_once_each_is_above_its_share() -> None:
    net = limited(per_network=12)
    crowd(net, "n1", 1, 4)
    net.run(3.0)
    assert not has_group(net)  # the share is not passed: nobody is told
    crowd(net, "n1", 5, 2)
    net.run(3.0)
    assert has_group(net)
    crowd(net, "n2", 20, 5)
    net.run(3.0)
    here = crowd(net, "n2", 30, 1)
    assert here[0].closed is None  # the twelfth
    net.run(7.0)
    for node in ("n1", "n2"):
        (late,) = crowd(net, node, 40, 1)
        assert late.got == ["ERROR :Closing Link: 192.0.2.40 (Too many connections from your network of addresses)"]
    assert come(net, "n1", "far", "198.51.100.1").closed is None
    here[0].quit()
    net.run(7.0)
    assert crowd(net, "n1", 50, 1)[0].closed is None


def test_a_single_node_counts_by_itself() -> None:
    net = limited(1, per_network=3)
    one, *_ = crowd(net, "n1", 1, 3)
    assert crowd(net, "n1", 9, 1)[0].closed == "Too many connections from your network of addresses"
    one.quit()
    net.run(1.0)
    assert crowd(net, "n1", 9, 1)[0].closed is None
    assert not has_group(net)


def test_new_connections_of_a_range_are_limited_by_the_minute() -> None:
    net = limited(2, per_network=0, network_connects_per_minute=6)
    net.run(60.0 - net.now % 60 + 1.0)
    for client in crowd(net, "n1", 1, 4):
        client.quit()
    net.run(2.0)
    crowd(net, "n2", 10, 2)
    net.run(2.0)
    assert crowd(net, "n1", 20, 3)[-1].closed is not None
    net.run(60.0)
    assert crowd(net, "n1", 30, 1)[0].closed is None


def test_without_a_limit_of_an_address_nothing_is_counted() -> None:
    net = limited(1, per_network=1, per_address=0)
    assert all(client.closed is None for client in crowd(net, "n1", 1, 3))
    assert net.nodes["n1"].core.edge.bans._counts.refuses("192.0.2.1") == ""


def test_ranges_of_ipv6_and_other_text() -> None:
    net = limited(1, per_network=1)
    assert come(net, "n1", "a", "2001:db8:0:1::1").closed is None
    assert come(net, "n1", "b", "2001:db8:0:ffff::1").closed is not None
    assert come(net, "n1", "c", "2001:db8:1::1").closed is None
    assert come(net, "n1", "d", "unknown").closed is None and come(net, "n1", "e", "unknown").closed is None
