"""The facts of a user that go along when the session goes to another node."""

from __future__ import annotations

from gateway.edge.sessions.carry_over import MINUTE_S, give, kept
from gateway.state.session.messages import Kept
from ring.ids import GroupId
from tests.gateway.commands.stage import OPERATOR, network, people
from tests.settings import operator, operator_class


def test_what_clients_rely_on_is_kept() -> None:
    net = network(1, operators=(OPERATOR,))
    ann, bob = people(net, "ann", "bob")
    bob.ask("JOIN #C", "INVITE ann #C")
    ann.ask("OPER root sesame", "MODE ann +w", "MONITOR + bob,nobody", "PRIVMSG bob :hi")
    has = kept(ann.connection.user)  # type: ignore[arg-type]
    assert (has.oper, has.wallops, has.invites) == ("root", True, {"#c": "#C"})
    assert {nick.lower(): online for nick, online in has.monitored.items()} == {"bob": True, "nobody": False}
    assert has.spoke % MINUTE_S == 0


def test_the_facts_are_given_on_the_next_node() -> None:
    net = network(1)
    (ann,) = people(net, "ann")
    user = ann.connection.user
    assert user is not None
    edge = ann.node.core.edge
    spoke = int(edge.now) + 600
    net.turn(ann.node, lambda: give(edge, user, Kept("root", True, {"bob": True}, {"#c": "#C"}, spoke, ("kill",))))
    assert user.identity.oper == "root" and user.identity.wallops
    assert user.identity.may("kill") and not user.identity.may("die")
    assert user.seats.invites[GroupId("channel", "#c")] == "#C" and user.spoke_at == spoke
    assert [*kept(user).monitored] == ["bob"]


def test_below_level_3_the_class_in_the_nodes_configuration_counts() -> None:
    """An older node's record has no capabilities, which reads as everything."""
    helper = operator("helper", "sesame", operator_class="helpers")
    net = network(1, operators=(helper,), operator_classes=(operator_class("helpers", "kill"),))
    (ann,) = people(net, "ann")
    user, edge = ann.connection.user, ann.node.core.edge
    assert user is not None
    ann.node.core.engine.peers.level = 2
    for name, may in (("helper", False), ("elsewhere", True)):
        net.turn(ann.node, lambda name=name: give(edge, user, Kept(name)))  # type: ignore[misc]
        assert user.identity.may("die") == may and user.identity.may("kill")


def test_whoever_has_done_nothing_carries_nothing() -> None:
    (ann,) = people(network(1), "ann")
    assert kept(ann.connection.user) == Kept()  # type: ignore[arg-type]
