"""The count of people and channels: every few seconds, of all live nodes."""

from __future__ import annotations

from gateway.edge.rpc.asks import Counts
from gateway.edge.rpc.census import COUNT_S, Census
from tests.gateway.commands.stage import network, people


def test_a_count_is_due_every_few_seconds() -> None:
    census = Census(network(1).nodes["n1"].core.edge)
    assert census.tick(100.0)
    assert not census.tick(100.0 + COUNT_S - 0.1)
    assert census.tick(100.0 + COUNT_S)


def test_every_node_knows_the_counts_of_all() -> None:
    net = network(3)
    people(net, "ann", "bob", "cat", "dan")
    net.run(2 * COUNT_S)
    for node in net.nodes.values():
        counts = node.core.edge.census.counts
        assert {*counts} == {other.key for other in net.nodes.values()}
        assert sum(one.users for one in counts.values()) == 4 == node.core.edge.census.most


def test_a_dead_node_is_counted_no_more_and_the_most_stays() -> None:
    net = network(3)
    people(net, "ann", "bob", "cat")
    net.run(2 * COUNT_S)
    key = net.nodes["n2"].key
    net.kill("n2")
    net.run(3 * COUNT_S)
    census = net.nodes["n1"].core.edge.census
    assert key not in census.counts and census.most == 3


def test_the_most_users_of_any_node_s_memory_count() -> None:
    census = Census(network(1).nodes["n1"].core.edge)
    census.counted([Counts(2, 0, 0, 0, 0, 9), Counts(3, 0, 0, 0, 0, 1)])
    assert census.most == 9
    census.counted([Counts(6, 0, 0, 0, 0, 1), Counts(5, 0, 0, 0, 0, 1)])
    assert census.most == 11
