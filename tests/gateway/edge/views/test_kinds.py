"""A view for each kind of group: announcements to the right people, and kinds that nobody is shown."""

from __future__ import annotations

import pytest

from gateway.edge.views.kinds import NetworkView
from gateway.edge.views.view import View
from gateway.state.network.messages import Announced, Attended
from gateway.state.network.network import Network
from ring.ids import GroupId
from ring.replication.application import EventId
from tests.gateway.commands.stage import OPERATOR, network, people
from tests.sim.net import Client, Net

GROUP, STAMP = GroupId("network", "network"), EventId("m-1", 7)


def three(net: Net) -> list[Client]:
    """An operator, a user with +w, and a user without."""
    ann, bob, cat = people(net, "ann", "bob", "cat")
    ann.ask("OPER root sesame")
    bob.ask("MODE bob +w")
    for client in (ann, bob, cat):
        client.lines()
    return [ann, bob, cat]


@pytest.mark.parametrize("by", ["event", "snapshot"])
@pytest.mark.parametrize(("audience", "readers"), [("wallops", "ab"), ("all", "abc")])
def test_an_announcement_is_read_by_its_audience(audience: str, readers: str, by: str) -> None:
    net = network(1, operators=(OPERATOR,))
    clients = three(net)
    node = net.nodes["n1"]
    view = NetworkView(node.core.edge)
    event = Announced("root!r@h", audience, "tea")
    if by == "event":
        net.turn(node, lambda: view.applied(GROUP, Network(), event, STAMP, None))
    else:
        net.turn(node, lambda: view.replaced(GROUP, None, Network(), [(event, STAMP)], 0))
    words = "NOTICE $$* :tea" if audience == "all" else "WALLOPS :tea"
    for letter, client in zip("abc", clients, strict=True):
        assert [line.split(" ", 1)[1] for line in client.lines()] == ([words] if letter in readers else [])


def test_other_news_of_the_network_is_shown_to_nobody() -> None:
    net = network(1, operators=(OPERATOR,))
    clients = three(net)
    view = NetworkView(net.nodes["n1"].core.edge)
    net.turn(net.nodes["n1"], lambda: view.applied(GROUP, Network(), Attended("10.0.0.1", 7), STAMP, None))
    assert [client.lines() for client in clients] == [[], [], []]


def test_a_kind_without_a_view_is_shown_to_nobody() -> None:
    net = network(1)
    (ann,) = people(net, "ann")
    ann.lines()
    application = net.nodes["n1"].core.edge.application
    group = GroupId("guard", "account:ann")
    assert type(application._view(group)) is View
    net.turn(net.nodes["n1"], lambda: application.dropped(group))
    assert ann.lines() == []
