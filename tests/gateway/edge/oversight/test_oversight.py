"""Operators are told of events of every node, by a bounded number of notices, and of clients by the own node."""

from __future__ import annotations

from gateway.edge.oversight.oversight import MINUTE_S, told
from tests.gateway.commands.accounts import register
from tests.gateway.commands.stage import OPERATOR, network, people, settle, source
from tests.gateway.state.audit.test_messages import ENTRY
from tests.sim.net import Client, Net


def operator(net: Net, letters: str, node: str = "n1") -> Client:
    client = net.client(node, "root")
    assert client.ask("OPER root sesame")[0].startswith("381")
    assert client.ask(f"MODE root +s {letters}")[-1].startswith("008 ")
    return client


def notices(client: Client) -> list[str]:
    return [line.partition(":*** ")[2] for line in client.sync() if ":*** " in line]


def test_an_act_in_words() -> None:
    assert told(ENTRY) == "kill bob!b@c by root (ann) on n1: spam"


def test_clients_of_the_own_node_come_and_go() -> None:
    net = network(2, operators=(OPERATOR,))
    root = operator(net, "c")
    here, there = net.client("n1", "ann"), net.client("n2", "bob")
    here.send("QUIT :bye")
    there.send("QUIT :bye")
    net.run(1)
    assert notices(root) == [
        f"Client connecting: {source('ann')[1:]} (10.0.0.1)",
        f"Client exiting: {source('ann')[1:]} (Quit: bye)",
    ]


def test_nodes_come_and_go() -> None:
    net = network(3, operators=(OPERATOR,))
    root = operator(net, "l")
    net.kill("n3")
    net.run(15)
    assert notices(root) == ["Node n3.sim has gone"]


def test_registrations_and_floods_on_any_node_reach_an_operator() -> None:
    net = network(3, operators=(OPERATOR,))
    root = operator(net, "fr")
    ann, bob = people(net, "ann", "bob")
    register(bob)
    bob.ask("JOIN #c", "CS REGISTER #c")
    settle(ann, bob)
    net.run(1)
    assert notices(root) == [
        "Account bob registered from 10.0.0.1 [n2.sim]",
        "Channel #c registered to bob [n2.sim]",
    ]


def test_a_node_sends_a_bounded_number_of_notices_and_says_how_many_are_left_out() -> None:
    net = network(2, operators=(OPERATOR,))
    settings = net.nodes["n2"].core.edge.settings
    root = operator(net, "f")
    node = net.nodes["n2"]
    most = settings.audit.notices_per_minute

    def flood(count: int) -> None:
        net.turn(node, lambda: [node.core.edge.oversight.tell("f", f"Excess flood {n}") for n in range(count)])
        net.run(1)

    flood(most + 5)
    assert notices(root) == [f"Excess flood {n} [n2.sim]" for n in range(most)]
    net.run(MINUTE_S)
    flood(1)
    assert notices(root) == ["Excess flood 0 (5 notices before are left out) [n2.sim]"]
