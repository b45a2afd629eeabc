"""A node's core: names of nodes, news from the directories, and the groups that a stopping node has to give away."""

from __future__ import annotations

from typing import Any

from config.history import History
from gateway.irc.times import DAY_S
from gateway.node import NodeCore
from ring.membership.directory.view import RosterChanged
from tests.gateway.commands.stage import network, people
from tests.sim.net import Net


def core(net: Net, name: str = "n1") -> NodeCore:
    return net.nodes[name].core


def removed(net: Net, name: str, *departed: str) -> RosterChanged:
    return RosterChanged((), (), (core(net, name).edge.record,), frozenset(departed))


def test_a_node_has_its_name_also_after_it_has_gone() -> None:
    net = network(2)
    node, record = core(net), core(net, "n2").edge.record
    node.roster_changed(removed(net, "n2", record.key), ())
    assert node.engine.peers.known(record.key) is None
    assert node.name_of(record.key) == "n2.sim"
    assert node.name_of("203.0.113.9") == "203.0.113.9"


def test_a_node_whose_lease_has_run_out_stays_while_a_link_lives() -> None:
    net = network(2)
    node, key = core(net), core(net, "n2").edge.record.key
    node.roster_changed(removed(net, "n2"), {key})
    assert node.engine.peers.known(key) is not None
    node.roster_changed(removed(net, "n2"), ())
    assert node.engine.peers.known(key) is None


def test_a_node_that_left_in_order_goes_in_spite_of_a_link() -> None:
    net = network(2)
    node, key = core(net), core(net, "n2").edge.record.key
    node.roster_changed(removed(net, "n2", key), {key})
    assert node.engine.peers.known(key) is None


def test_a_node_attends_the_network_s_group_after_the_submit() -> None:
    net = network(1)
    net.run(2)
    assert core(net).attending
    node = core(network(1))
    node.engine.state = lambda group: None  # type: ignore[method-assign,assignment]
    assert not node.attending


def test_only_a_node_with_another_to_give_groups_to_holds_groups() -> None:
    alone = network(1)
    people(alone, "ann", channel="#c")
    assert not core(alone).holds_groups
    pair = network(2)
    people(pair, "ann", channel="#c")
    pair.run(2)
    assert core(pair, "n1").holds_groups and core(pair, "n2").holds_groups


def test_history_is_kept_as_long_as_the_longest_of_all_channels_and_only_if_enabled() -> None:
    def kept_s(**history: Any) -> float:
        kind: Any = core(network(1, history=History(**history))).engine.kinds["conversation"]
        return float(kind.history_s)

    assert kept_s(enabled=False) == 0.0
    assert kept_s(enabled=True, keep_days=3) == 3 * DAY_S
