"""A device comes back before its session's node knows which lines came to the device on the former node (P38)."""

from __future__ import annotations

import pytest

from config.common import Ring
from gateway.state.session.messages import Device
from gateway.state.session.session import Session
from ring.engine import Engine
from ring.ids import GroupId
from tests.gateway.commands.accounts import Newcomer
from tests.settings import ring_settings
from tests.sim.net import Net
from tests.sim.test_sessions import CHANNEL, Sleeping, Talker, login, made, said


@pytest.fixture
def net() -> Net:
    return Net(4, disks=True)


@pytest.fixture
def bob(net: Net) -> Talker:
    bob = Talker(net, net.nodes["n4"], "bob")
    assert net.until(lambda: any(" 221 " in line for line in bob.got), 10)
    bob.send(f"JOIN {CHANNEL}")
    bob.sync()
    return bob


@pytest.fixture
def phone(net: Net, bob: Talker) -> Newcomer:
    """A client on n1, of a session on n3, which masters the session's group, too."""
    made(net)
    desk = login(net, "n3", "desk")
    desk.send(f"JOIN {CHANNEL}")
    desk.sync()
    phone = login(net, "n1", "phone")
    bob.say(1)
    assert said(phone) == ["1"]
    net.run(2)
    return phone


def hang_up(client: Newcomer) -> None:
    client.net.turn(client.node, lambda: client.node.core.edge.clients.gone(client.connection, "reset"))


def devices(net: Net) -> dict[str, Device]:
    """The devices of the account, as the session's group knows the devices."""
    ann = GroupId("session", "ann")
    (state,) = [node.core.engine.state(ann) for node in net.nodes.values() if node.name in net.masters(ann)]
    assert isinstance(state, Session)
    return state.stored.devices


def stop_hearing(net: Net, deaf: str, other: str) -> None:
    """Let nothing of the other node come to the deaf node."""
    net.links.isolate({net.nodes[other].key}, {net.nodes[deaf].key}, one_way=True)


@pytest.mark.parametrize("node", ["n1", "n2"])
def test_the_path_from_its_former_node_is_broken(net: Net, bob: Talker, phone: Newcomer, node: str) -> None:
    stop_hearing(net, "n3", "n1")
    bob.send(*(f"PRIVMSG {CHANNEL} :line {number}" for number in (2, 3, 4)))
    net.run(0.5)
    assert said(phone) == ["2", "3", "4"]
    hang_up(phone)
    if node == "n1":
        net.run(8)  # the phone cannot log in before a witness carries the question
    again = login(net, node, "phone")
    bob.say(5)
    net.run(20)
    assert said(again) == ["5"]


def test_what_came_is_told_again_where_that_was_lost(net: Net, bob: Talker, phone: Newcomer) -> None:
    """The node with this knowledge dies a while later."""
    bob.send(f"PRIVMSG {CHANNEL} :line 2")
    assert net.until(lambda: any("line 2" in line for line in phone.got), 1)
    net.run(0.015)  # the node tells the part's arrival at once, its delivery to the client by the next tick
    net.loss = 1.0
    net.run(0.15)
    net.loss = 0.0
    assert said(phone) == ["2"]
    phone.connection.delivery.receipts = Sleeping()
    net.run(2.5)
    net.kill("n1")
    again = login(net, "n2", "phone")
    bob.say(3)
    assert said(again) == ["3"]


@pytest.mark.parametrize("end", ["hang", "kill"])
def test_nobody_waits_for_long_for_a_node_that_does_not_answer(
    net: Net, bob: Talker, phone: Newcomer, end: str
) -> None:
    if end == "hang":
        net.hang("n1", 60)
    else:
        net.kill("n1", dark=True)
    again = login(net, "n2", "phone")
    bob.send(f"PRIVMSG {CHANNEL} :line 2")
    assert net.until(lambda: any("line 2" in line for line in again.got), 12)
    assert said(again) == ["2"]


@pytest.mark.parametrize("session", ["n1", "n3"])
def test_what_a_stopped_node_writes_to_a_client_that_has_gone_has_not_come(net: Net, bob: Talker, session: str) -> None:
    """Once the node goes on, the node reads the line before the end of the client's connection."""
    made(net)
    desk = login(net, session, "desk")
    desk.send(f"JOIN {CHANNEL}")
    desk.sync()
    phone = login(net, "n1", "phone")
    bob.say(1)
    assert said(phone) == ["1"]
    net.run(2)
    net.hang("n1", 1.5)
    bob.send(f"PRIVMSG {CHANNEL} :line 2")
    net.run(0.5)
    phone.connection.delivery.receipts = Sleeping()
    hang_up(phone)
    net.run(2)
    assert said(phone) == ["2"]  # written, and nobody took the line
    again = login(net, "n2", "phone")
    bob.say(3)
    assert said(again) == ["2", "3"]


def test_its_session_s_node_has_died_meanwhile(net: Net, bob: Talker, phone: Newcomer) -> None:
    """The session's group knows where the device was: the next node of the session asks there."""
    stop_hearing(net, "n3", "n1")
    bob.send(f"PRIVMSG {CHANNEL} :line 2")
    net.run(0.5)
    assert said(phone) == ["2"]
    phone.connection.delivery.receipts = Sleeping()
    net.kill("n3")
    again = login(net, "n2", "phone")
    bob.say(3)
    net.run(5)
    assert said(again) == ["3"]


def test_it_came_to_the_node_that_its_session_was_on_before(net: Net, bob: Talker) -> None:
    """The session's node asks that node in any case, and also tells the group where the device is: another node may
    have to go on with the session (seed 89000519 of the devices).
    """
    made(net)
    login(net, "n1", "desk").send(f"JOIN {CHANNEL}")
    net.run(2)
    net.hang("n1", 10)
    net.run(5)
    first = login(net, "n3", "phone")  # and the session is taken up there
    bob.say(1)
    assert said(first) == ["1"]
    net.run(10)
    hang_up(first)
    phone = login(net, "n1", "phone")
    net.run(2)
    stop_hearing(net, "n3", "n1")
    bob.send(f"PRIVMSG {CHANNEL} :line 2")
    net.run(0.5)
    assert said(phone) == ["2"]
    phone.connection.delivery.receipts = Sleeping()
    net.kill("n3")
    again = login(net, "n2", "phone")
    bob.say(3)
    net.run(5)
    assert said(again) == ["3"]


def test_the_node_of_the_device_with_which_the_session_began_is_remembered(net: Net) -> None:
    """Later nodes of the session ask that node, too (seed 88600435 of the devices)."""
    made(net)
    login(net, "n1", "phone")
    net.run(2)
    assert devices(net)["phone"].nodes.keys() == {net.nodes["n1"].key}


def test_its_session_moves_in_the_turn_in_which_it_is_sent_a_line() -> None:
    """The last part of the stream from the former node says how far the line takes the client."""
    net = Net(4, engine=ring_settings(ring=Ring(copies=1)))  # the channel's master commits at once
    made(net)
    login(net, "n3", "desk").send(f"JOIN {CHANNEL}")
    phone = login(net, "n1", "phone")
    bob = Talker(net, net.nodes["n3"], "bob")
    bob.send(f"JOIN {CHANNEL}")
    bob.say(1)
    assert said(phone) == ["1"]
    node = net.nodes["n3"]
    edge = node.core.edge
    assert "n3" in net.masters(GroupId("channel", CHANNEL))

    def turn() -> None:
        edge.clients.feed(bob.connection, f"PRIVMSG {CHANNEL} :line 2\r\n".encode())
        edge.sessions._leave(edge.sessions.users["ann"])

    net.turn(node, turn)
    net.run(8)
    bob.say(3)
    assert said(phone) == ["2", "3"]


def test_a_side_that_knows_nothing_of_a_session_takes_it_up_with_its_channels(net: Net, bob: Talker) -> None:
    """The answer of the session's group did not come, and on the small side the group starts empty."""
    made(net)
    first = login(net, "n1", "desk")
    first.send(f"JOIN {CHANNEL}")
    first.sync()
    first.quit()
    net.run(3)
    alone = net.nodes["n4"]
    phone = Newcomer(net, "n4", "sasl")
    assert phone.log_in("ann@phone", "sesame")[-1].startswith("903")
    phone.send("NICK ann", "USER ann 0 * :ann", "CAP END")
    submits = alone.core.engine.submits.queues
    assert net.until(lambda: (s := submits.get(GroupId("session", "ann"))) is not None and bool(s.pending), 5)
    net.links.isolate({alone.key}, {node.key for node in net.nodes.values()} - {alone.key})
    assert net.until(lambda: any(" 221 " in line for line in phone.got), 20)
    net.run(2)
    net.links.heal()
    net.run(20)
    bob.say(1)
    assert said(phone) == ["1"]
    assert not [line for line in bob.got if ":ann!" in line and line.split(" ")[1] in ("PART", "QUIT")]


def test_a_network_of_level_0_asks_nobody(monkeypatch: pytest.MonkeyPatch, net: Net, bob: Talker) -> None:
    monkeypatch.setattr(Engine, "level", 0)
    made(net)
    first = login(net, "n1", "phone")
    first.send(f"JOIN {CHANNEL}")
    first.sync()
    bob.say(1)
    hang_up(first)
    net.run(2)
    again = login(net, "n2", "phone")
    bob.say(2)
    assert said(again) == ["2"]
    assert not devices(net)["phone"].nodes
