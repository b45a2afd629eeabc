"""A channel whose state a snapshot has replaced (P16)."""

from __future__ import annotations

from gateway.state.channel.channel import Channel
from ring.ids import GroupId
from tests.gateway.commands.stage import network, people
from tests.sim.net import Net

ROOM = GroupId("channel", "#c")


def channel(net: Net, node: str) -> Channel:
    state = net.nodes[node].core.engine.state(ROOM)
    assert isinstance(state, Channel)
    return state


def test_members_are_told_how_many_events_they_missed() -> None:
    """P16."""
    net = network(2)
    ann, bob = people(net, "ann", "bob", channel="#c")
    ann.lines()
    state = channel(net, "n1")
    net.turn(net.nodes["n1"], lambda: net.nodes["n1"].core.edge.application.replaced(ROOM, state, state, [], 3))
    assert [line.partition(" ")[2] for line in ann.lines()] == ["NOTICE #c :3 events of this channel were missed."]
    assert bob.lines() == []
