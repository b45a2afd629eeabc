"""A node that stops tells its clients where else the network is."""

from __future__ import annotations

from gateway.edge.client.draining import ADDRESSES
from tests.gateway.commands.stage import network, people
from tests.sim.net import Client, Net


def stop(net: Net, name: str) -> None:
    node = net.nodes[name]
    net.turn(node, lambda: node.core.edge.clients.close_all("Server is shutting down"))


def last(client: Client, number: int = 2) -> list[str]:
    return client.got[-number:]


def test_a_notice_with_the_other_nodes_addresses_and_then_the_error() -> None:
    net = network(3)
    (ann,) = people(net, "ann")
    stop(net, "n1")
    others = [record.irc for record in ann.node.core.engine.live() if record.key != ann.node.key]
    notice, error = last(ann)
    head, _, listed = notice.partition("Other nodes of the network: ")
    assert " NOTICE ann :This node is stopping. " in head
    assert sorted(listed.removesuffix(". Connect to one of them.").split(", ")) == sorted(others)
    assert error.startswith("ERROR :Closing Link: ") and error.endswith("(Server is shutting down)")


def test_clients_are_spread_over_the_other_nodes() -> None:
    net = network(3)
    clients = [net.client("n1", nick) for nick in ("ann", "bob", "cat", "dan")]
    stop(net, "n1")
    first = {last(client)[0].partition("network: ")[2].split(",")[0] for client in clients}
    assert len(first) == 2


def test_a_line_has_room_for_the_addresses_of_a_large_network() -> None:
    net = network(9)
    ann = net.client("n1", "ann")
    stop(net, "n1")
    notice, _ = last(ann)
    assert notice.count(":6667") == ADDRESSES and len(notice) < 510


def test_dead_and_leaving_nodes_are_not_named() -> None:
    net = network(3)
    ann = net.client("n1", "ann")
    net.kill("n2")
    net.run(10)
    stop(net, "n1")
    notice, _ = last(ann)
    assert net.nodes["n2"].key not in notice and net.nodes["n3"].key in notice


def test_the_last_node_says_that_there_is_no_other() -> None:
    net = network(1)
    ann = net.client("n1", "ann")
    stop(net, "n1")
    assert last(ann)[0].endswith("no other node of the network is up: try again later.")


def test_a_client_that_has_not_registered_is_told_too() -> None:
    net = network(3)
    ann = Client.__new__(Client)
    ann.begin(net, net.nodes["n1"], "ann", "10.0.0.9")
    stop(net, "n1")
    notice, error = last(ann)
    assert " NOTICE * :This node is stopping. " in notice and error.startswith("ERROR ")
