"""Seats of channels and the users here: claimed again, or given back (P30)."""

from __future__ import annotations

import msgspec

from gateway.edge.reconciling import EVERY_S as RECONCILE_S
from gateway.state.channel.channel import Channel
from gateway.state.channel.messages import Join
from ring.ids import GroupId
from tests.gateway.commands.stage import network, people
from tests.sim.net import Net

ROOM = GroupId("channel", "#c")


def channel(net: Net, node: str) -> Channel:
    state = net.nodes[node].core.engine.state(ROOM)
    assert isinstance(state, Channel)
    return state


def test_a_seat_without_a_user_is_given_back_and_the_others_read_a_quit() -> None:
    """P30."""
    net = network(2)
    ann, _ = people(net, "ann", "bob", channel="#c")
    core = net.nodes["n2"].core
    (bob,) = core.edge.users.values()
    ghost = msgspec.structs.replace(bob.person, uid="0ghost", nick="ghost")
    core.engine.submit(ROOM, Join(ghost))
    assert net.until(lambda: any("JOIN" in line and "ghost" in line for line in ann.got), RECONCILE_S / 2)
    assert net.until(
        lambda: any("ghost" in line and "QUIT :Connection closed" in line for line in ann.got), RECONCILE_S + 5
    )
    assert [member.person.nick for member in channel(net, "n1").members.values()] == ["ann", "bob"]


def test_a_user_without_a_seat_is_seated_again_and_heard() -> None:
    """P30: the group's state has lost the user, who is still there."""
    net = network(1)
    ann, bob = people(net, "ann", "bob", channel="#c")
    state = channel(net, "n1")
    (uid,) = (user.uid for user in net.nodes["n1"].core.edge.users.values() if user.person.nick == "bob")
    state._remove(0, uid)
    assert uid not in state.members
    assert net.until(lambda: uid in state.members, RECONCILE_S + 5)
    bob.send("PRIVMSG #c :still here")
    assert net.until(lambda: any("still here" in line for line in ann.got), 5)
