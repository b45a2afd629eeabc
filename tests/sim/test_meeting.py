"""A login at the moment when two sides of a partition meet goes on with the account's session (P38)."""

from __future__ import annotations

import pytest

from gateway.edge.accounts.proof import Login
from gateway.state.channel.channel import Channel
from gateway.state.nick.messages import Release
from gateway.state.nick.nick import Nick
from gateway.state.session.messages import Reached
from ring.ids import GroupId
from tests.gateway.commands.accounts import Newcomer
from tests.sim.net import Net
from tests.sim.test_sessions import CHANNEL, cut, login, made

NICK, SESSION = GroupId("nick", "ann"), GroupId("session", "ann")


def apart(net: Net) -> str:
    """The node without a replica of the account and of its session."""
    (name,) = [name for name, node in net.nodes.items() if node.core.engine.role(SESSION) is None]
    return name


def begun(net: Net) -> tuple[str, Newcomer]:
    """The account has a session in the channel, on the node with the account's group. Return the node's name, and the
    client."""
    made(net)
    (master,) = net.masters(GroupId("account", "ann"))
    laptop = login(net, master, "laptop")
    laptop.send(f"JOIN {CHANNEL}")
    laptop.sync()
    net.run(2)
    return master, laptop


def meeting(net: Net) -> str:
    """A partition has begun the session's group empty on the node apart, and ends. Return the node apart."""
    master, _ = begun(net)
    name = apart(net)
    net.client(name, "guest")
    cut(net, name)
    engine = net.nodes[name].core.engine
    engine.submit(SESSION, Reached({"phone": {}}))
    net.run(2)
    engine.submit(NICK, Release("nobody"))
    net.links.heal()
    assert net.until(lambda: not engine.peers.dead, 20)
    assert net.masters(SESSION) == net.masters(NICK) == sorted([master, name])
    return name


def goes_on(phone: Newcomer) -> None:
    """The client is ann, and in the channel."""
    assert any(" 221 ann " in line for line in phone.got)
    assert any(f":ann!~ann@10.0.0.1 JOIN {CHANNEL}" in line for line in phone.got)


@pytest.mark.parametrize("after", range(5))
def test_who_logs_in_when_a_partition_heals_goes_on_with_the_session(after: int) -> None:
    net = Net(3, disks=True)
    name = meeting(net)
    net.run(0.05 * after)
    phone = Newcomer(net, name)
    phone.connection.proof.login = Login("ann", "", "phone")  # the password was checked in no time
    phone.send("CAP END", "NICK ann", "USER ann 0 * :ann")
    net.run(10)
    goes_on(phone)


@pytest.mark.parametrize("after", range(5))
def test_who_identifies_when_a_partition_heals_takes_nothing_from_the_session(after: int) -> None:
    """A guest's login after the registration leaves the guest a separate user, if the account has a session."""
    net = Net(3, disks=True)
    name = meeting(net)
    net.run(0.05 * after)
    edge = net.nodes[name].core.edge
    (user,) = [user for user in edge.users.values() if user.person.nick == "guest"]
    others: list[bool] = []
    net.turn(net.nodes[name], lambda: edge.sessions.begin(user, "ann", others.append))
    net.run(10)
    assert others == [True]
    goes_on(login(net, name, "phone"))


def test_who_begins_a_session_on_a_side_that_knows_of_none_goes_on_with_the_former_session() -> None:
    """The password was checked before the partition (seed 99600176 of the devices)."""
    net = Net(3, disks=True)
    _, laptop = begun(net)
    name = apart(net)
    phone = Newcomer(net, name)
    assert phone.log_in("ann@phone", "sesame")[-1].startswith("903")
    cut(net, name)
    phone.send("CAP END", "NICK ann", "USER ann 0 * :ann")
    net.run(5)
    phone.send("JOIN #small")
    phone.sync()
    edge = net.nodes[name].core.edge
    (other,) = [user.uid for user in edge.users.values() if user.session.account == "ann"]
    net.links.heal()
    net.run(30)
    (user,) = [user for node in net.nodes.values() for user in node.core.edge.users.values() if user.session.account]
    assert user.uid != other and [*user.seats.rooms] == [GroupId("channel", CHANNEL)]
    laptop.send(f"PRIVMSG {CHANNEL} :hello")
    laptop.sync()
    net.run(1)
    assert phone.closed is None and phone.heard(CHANNEL) == ["hello"]
    states = [m.replica.state for node in net.nodes.values() for m in node.core.engine.replicas.masters.values()]
    assert other not in [state.holder.uid for state in states if isinstance(state, Nick) and state.holder is not None]
    assert other not in [uid for state in states if isinstance(state, Channel) for uid in state.members]
