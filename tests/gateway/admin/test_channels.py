"""Channels as operators see them, from any node."""

from __future__ import annotations

import pytest

from gateway.admin.channels import Role, has_more, look, roles
from gateway.admin.procedures import Problem
from gateway.state.channel import views
from tests.gateway.admin.stage import ask
from tests.gateway.commands.stage import network, people


def test_a_secret_channel_is_seen_from_every_node_without_its_key() -> None:
    net = network(3)
    ann, _ = people(net, "ann", "bob", channel="#erlang")
    ann.ask("MODE #erlang +sk key")
    for node in net.nodes:
        view = ask(net, node, look(net.nodes[node].core.edge, "#ERLANG"))
        assert (view.name, view.total, view.modes, view.params) == ("#erlang", 2, "nstk", ("*",))
        assert sorted((one.person.nick, one.prefixes) for one in view.members) == [("ann", "o"), ("bob", "")]


def test_members_come_in_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "MEMBERS", 2)
    monkeypatch.setattr("gateway.admin.channels.MEMBERS", 2)
    net = network(2)
    people(net, "ann", "bob", "carl", channel="#c")
    edge = net.nodes["n2"].core.edge
    first = ask(net, "n2", look(edge, "#c"))
    assert len(first.members) == 2 and first.total == 3 and has_more(first)
    rest = ask(net, "n2", look(edge, "#c", first.members[-1].person.uid))
    assert len(rest.members) == 1 and not has_more(rest)
    assert {one.person.nick for one in (*first.members, *rest.members)} == {"ann", "bob", "carl"}


def test_the_nodes_that_have_a_channel_are_told_with_their_roles() -> None:
    net = network(4)
    people(net, "ann", channel="#erlang")
    found = ask(net, "n2", roles(net.nodes["n2"].core.edge, "#erlang"))
    assert (found[0].node, found[0].role) == ("n3.sim", "master")
    assert [one.role for one in found].count("backup") == 1
    assert all(isinstance(one, Role) and one.seq == found[0].seq for one in found)


def test_what_is_no_channel_or_not_there_is_said() -> None:
    net = network(2)
    edge = net.nodes["n1"].core.edge
    for name, why in (("erlang", "invalid"), ("#a b", "invalid"), ("#" + "a" * 99, "invalid"), ("#nobody", "unknown")):
        problem = ask(net, "n1", look(edge, name))
        assert isinstance(problem, Problem) and problem.why == why, name


def test_after_the_master_died_its_successor_answers() -> None:
    net = network(3)
    people(net, "ann", channel="#erlang")
    net.kill("n3")
    net.run(1)
    assert ask(net, "n1", look(net.nodes["n1"].core.edge, "#erlang")).total == 1
