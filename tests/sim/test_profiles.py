"""A channel or a conversation keeps a newer profile of a user than the user's own group, as after a power cut (P28):
the user is back all the same, and is not shown to leave."""

from __future__ import annotations

import msgspec
import pytest

from gateway.state.channel.channel import Channel
from gateway.state.channel.messages import LOST, Quit, Update
from gateway.state.conversation.messages import Seat, Sit
from gateway.state.people import Person
from ring.ids import GroupId
from tests.sim.net import Client, Net
from tests.sim.test_conversations import login as enter
from tests.sim.test_conversations import made as make_account
from tests.sim.test_sessions import CHANNEL, Talker, in_the_channel, login, made, noticed, said

GROUPS = tuple(GroupId("channel", name) for name in (CHANNEL, "#hall", "#yard"))
HOUR_MS = 3_600_000
ROOM = GroupId("channel", "#c")


@pytest.fixture
def net() -> Net:
    return Net(4, disks=True)


def watcher(net: Net) -> Talker:
    bob = Talker(net, net.nodes["n4"], "bob", "away-notify")
    assert net.until(lambda: any(" 221 " in line for line in bob.got), 10)
    bob.send(f"JOIN {','.join(group.name for group in GROUPS)}")
    bob.sync()
    return bob


@pytest.fixture
def bob(net: Net) -> Talker:
    return watcher(net)


def keep_newer_facts(net: Net, phone: Client) -> None:
    """The channels alone know the profiles that n1 made while the clock of n1 was ahead, each channel another."""
    phone.send(f"JOIN {','.join(group.name for group in GROUPS[1:])}")
    phone.sync()
    node = net.nodes["n1"]
    person = node.core.edge.sessions.users["ann"].person
    for hours, group in enumerate(GROUPS, 1):
        newer = msgspec.structs.replace(person, version=int(net.now * 1000) + hours * HOUR_MS)
        net.turn(node, lambda group=group, newer=newer: node.core.engine.submit(group, Update(newer)))
    net.run(1)
    for group in GROUPS:
        found = [one for one in persons(net, group) if one.uid == person.uid]
        assert found and all(one.version > int(net.now * 1000) for one in found)


def persons(net: Net, group: GroupId) -> list[Person]:
    states = [node.core.engine.state(group) for node in net.nodes.values() if node.up]
    return [member.person for state in states if isinstance(state, Channel) for member in state.members.values()]


def test_its_session_is_taken_up_and_it_hears_and_is_heard(net: Net, bob: Talker) -> None:
    made(net)
    keep_newer_facts(net, in_the_channel(net, "n1", "phone"))
    noticed(bob)
    net.kill("n1")
    net.run(3)
    phone = login(net, "n2", "phone")
    bob.say(1)
    assert said(phone) == ["1"]
    phone.send(f"PRIVMSG {CHANNEL} :line 2", "AWAY :at lunch")
    phone.sync()
    net.run(0.5)
    lines = bob.lines()
    assert [line for line in lines if line.endswith(" AWAY :at lunch")]
    assert [line for line in lines if line.endswith(f" PRIVMSG {CHANNEL} :line 2")]
    net.run(60)  # longer than the seats of a dead node stay
    assert noticed(bob) == []
    edge = net.nodes["n2"].core.engine.me
    for group in GROUPS:
        found = [person for person in persons(net, group) if person.nick == "ann"]
        assert found and all((one.edge, one.away) == (edge, "at lunch") for one in found)


def test_below_level_2_it_is_back_once_the_seats_of_the_dead_node_have_gone() -> None:
    """A master of an older build says nothing of a newer profile."""
    net = Net(4, disks=True, level=1)
    bob = watcher(net)
    made(net)
    phone = in_the_channel(net, "n1", "phone")
    keep_newer_facts(net, phone)
    net.kill("n1")
    net.run(3)
    phone = login(net, "n2", "phone")
    bob.say(1)
    assert said(phone) == []
    net.run(90)
    bob.say(2)
    assert said(phone) == ["1", "2"]


def test_a_conversation_seats_who_is_back_though_its_seat_on_the_dead_node_is_the_later(net: Net) -> None:
    """Private messages do not wait until the seats of the dead node have gone."""
    make_account(net, "ann")
    make_account(net, "bob")
    phone, desk = enter(net, "n1", "ann"), enter(net, "n4", "bob")
    desk.send("PRIVMSG ann :one")
    desk.sync()
    engine = net.nodes["n1"].core.engine
    ((group, user),) = [(g, u) for u in net.nodes["n1"].core.edge.users.values() for g in u.seats.conversations]
    later = Seat(user.uid, engine.me, int(net.now * 1000) + HOUR_MS)
    net.turn(net.nodes["n1"], lambda: engine.submit(group, Sit("ann", later)))
    net.run(1)
    phone.quit()
    net.kill("n1")
    net.run(3)
    phone = enter(net, "n2", "ann")
    phone.lines()
    desk.send("PRIVMSG ann :two")
    desk.sync()
    net.run(0.5)
    assert [line for line in phone.lines() if line.endswith(" PRIVMSG ann :two")]


@pytest.mark.parametrize("change", ["NICK robert", "AWAY :at lunch", "SETNAME :Robert"])
@pytest.mark.parametrize("moment", range(1, 40, 3))
def test_a_seat_that_the_node_claims_anew_has_the_profile_of_meanwhile(change: str, moment: int) -> None:
    """Found by seed 98003242 of talk: the node's JOIN was under way with an older profile, and nobody told the
    channel."""
    net = Net(3, seed=moment)
    ann, bob = net.client("n1", "ann"), net.client("n2", "bob")
    for client in (ann, bob):
        client.send("JOIN #c")
        client.sync()
    user = bob.connection.user
    assert user is not None
    net.turn(net.nodes["n3"], lambda: net.nodes["n3"].core.engine.submit(ROOM, Quit(user.uid, LOST, lost=True)))
    net.run(moment / 1000)
    bob.send(change)
    bob.sync()
    net.run(3.0)
    seats = [one for one in persons(net, ROOM) if one.uid == user.uid]
    assert seats and {one.version for one in seats} == {user.person.version}
