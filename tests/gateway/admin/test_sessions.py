"""Sessions and kills, by way of any node."""

from __future__ import annotations

from gateway.admin.lists import page
from gateway.admin.procedures import Problem
from gateway.admin.sessions import devices, end, kill
from gateway.edge.rpc.operator_asks import SessionRow
from tests.gateway.admin.stage import ask
from tests.gateway.commands.accounts import register
from tests.gateway.commands.stage import network, people
from tests.sim.net import Net


def session(net: Net, node: str, nick: str) -> SessionRow:
    listed = ask(net, node, page(net.nodes[node].core.edge, "sessions", "", 200))
    (found,) = [row for _, row in listed.rows if row.nick == nick]
    assert isinstance(found, SessionRow)
    return found


def test_a_user_of_another_node_is_killed_and_its_channels_see_why() -> None:
    net = network(3)
    ann, bob = people(net, "ann", "bob", channel="#c")
    assert ask(net, "n3", kill(net.nodes["n3"].core.edge, "BOB", "spam")) == "bob"
    assert bob.closed is not None and any("Killed (OperServ (spam))" in line for line in bob.got)
    assert any(line.startswith(":bob!") and " QUIT :Killed (OperServ (spam))" in line for line in ann.lines())


def test_a_session_of_another_node_is_ended() -> None:
    net = network(3)
    ann, bob = people(net, "ann", "bob", channel="#c")
    uid = session(net, "n3", "bob").key
    assert ask(net, "n3", end(net.nodes["n3"].core.edge, uid, 0, "enough")) == "bob"
    assert bob.closed is not None and any(" QUIT :enough" in line for line in ann.lines())
    again = ask(net, "n3", end(net.nodes["n3"].core.edge, uid, 0, "enough"))
    assert isinstance(again, Problem) and again.why == "unknown"


def test_an_account_that_is_always_on_leaves_the_network_too() -> None:
    net = network(3)
    ann, bob = people(net, "ann", "bob", channel="#c")
    register(bob)
    bob.ask("NS SET ALWAYS-ON on")
    bob.send("QUIT")
    net.run(2)
    row = session(net, "n1", "bob")
    assert row.lasts and not row.clients
    assert ask(net, "n1", end(net.nodes["n1"].core.edge, row.key, 0, "enough")) == "bob"
    assert any(" QUIT :enough" in line for line in ann.lines())
    assert ask(net, "n1", devices(net.nodes["n1"].core.edge, "bob")).person is None


def test_one_client_of_a_session_is_ended_and_the_session_stays() -> None:
    net = network(2)
    ann, bob = people(net, "ann", "bob", channel="#c")
    register(bob)
    bob.ask("NS SET ALWAYS-ON on")
    (client,) = session(net, "n1", "bob").clients
    uid = session(net, "n1", "bob").key
    assert ask(net, "n1", end(net.nodes["n1"].core.edge, uid, client.number, "off you go")) == "bob"
    assert bob.closed is not None and not session(net, "n1", "bob").clients
    assert not any(" QUIT " in line for line in ann.lines())


def test_who_is_not_there_is_said() -> None:
    net = network(2)
    edge = net.nodes["n1"].core.edge
    for procedure, why in ((kill(edge, "a b", "x"), "invalid"), (kill(edge, "nobody", "x"), "unknown")):
        problem = ask(net, "n1", procedure)
        assert isinstance(problem, Problem) and problem.why == why
