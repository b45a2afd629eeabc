"""Sessions of accounts outlive connections and nodes, and every device is sent every line once (P38)."""

from __future__ import annotations

import msgspec
import pytest

from gateway.edge.client.call import Call
from gateway.edge.cursors import playback
from gateway.edge.sessions.takeover import nobody
from gateway.edge.users.user import User
from gateway.irc.message import Message
from gateway.state.account.messages import Drop, SetSettings
from gateway.state.channel.messages import Update
from gateway.state.nick.messages import Claim
from gateway.state.nick.nick import Nick
from gateway.state.people import Person
from gateway.state.session.messages import Look
from gateway.state.session.session import Session
from ring.ids import GroupId, Incarnation
from tests.gateway.commands.accounts import Newcomer, register
from tests.gateway.commands.stage import OPERATOR, network
from tests.sim.net import Client, Net
from tests.sim.unanswered import unanswered

CHANNEL = "#ring"


class Talker(Client):
    """A person on another node, present to talk and to watch."""

    def say(self, *numbers: int) -> None:
        for number in numbers:
            self.send(f"PRIVMSG {CHANNEL} :line {number}")
        self.sync()


@pytest.fixture
def net() -> Net:
    return Net(3, disks=True)


@pytest.fixture
def bob(net: Net) -> Talker:
    bob = Talker(net, net.nodes["n3"], "bob")
    assert net.until(lambda: any(" 221 " in line for line in bob.got), 10)
    bob.send(f"JOIN {CHANNEL}")
    bob.sync()
    return bob


def made(net: Net, *, always_on: bool = True) -> None:
    """An account."""
    first = net.client("n1", "ann")
    assert any(line.startswith("REGISTER SUCCESS") for line in register(first))
    engine = net.nodes["n1"].core.engine
    engine.submit(GroupId("account", "ann"), SetSettings("", {"always_on": always_on}))
    first.quit()
    net.run(3)


def login(net: Net, node: str, device: str = "", caps: str = "sasl", nick: str = "ann") -> Newcomer:
    client = Newcomer(net, node, caps)
    assert client.log_in("ann" + (f"@{device}" if device else ""), "sesame")[-1].startswith("903")
    client.enter(nick)
    net.run(1.0)  # all lines that are played
    return client


def said(client: Client) -> list[str]:
    """Return the numbers of the lines sent to the client since the last look; a client on another node hears them a
    moment later.
    """
    client.net.run(0.2)
    lines = client.lines()
    return [line.rpartition(" ")[2] for line in lines if f" PRIVMSG {CHANNEL} :line " in line]


def noticed(bob: Client) -> list[str]:
    """Return the lines that show the session to others, without its talk."""
    return [line for line in bob.lines() if line.split(" ")[1] in ("JOIN", "PART", "QUIT", "NICK", "MODE")]


class Sleeping:
    """The socket of a client on a sleeping machine: the machine takes no more bytes."""

    written = 1

    def arrived(self) -> int:
        return 0


@pytest.mark.parametrize(("session", "end"), [("n1", ""), ("n2", ""), ("n2", "kill"), ("n2", "leave"), ("n1", "leave")])
def test_a_machine_that_has_gone_to_sleep_is_played_what_was_sent_to_it_since(
    net: Net, bob: Talker, session: str, end: str
) -> None:
    """Nobody is told for minutes that the machine sleeps. session: the node of the session; end: how that node ends."""
    made(net)
    desk = login(net, session, "desk")
    laptop = login(net, "n1", "laptop")
    laptop.send(f"JOIN {CHANNEL}")
    laptop.sync()
    bob.say(1, 2)
    assert said(laptop) == ["1", "2"]
    net.run(2)
    laptop.connection.delivery.receipts = Sleeping()
    bob.say(3, 4)
    net.run(2)
    if end:
        drop(desk)
        getattr(net, end)(session)
    net.run(18)
    bob.say(5)
    if laptop.node.up:
        assert laptop.connection.closed is None
        net.turn(laptop.node, lambda: laptop.node.core.edge.clients.gone(laptop.connection, "Connection timed out"))
    net.run(2)
    again = login(net, "n3", "laptop")
    assert said(again) == ["3", "4", "5"]
    bob.say(6)
    assert said(again) == ["6"]


def test_whoever_asks_for_a_session_that_leaves_meanwhile_is_given_that_session(net: Net) -> None:
    """One message tells the former node both facts: the session is there, and the session has left. Once, a login was
    told "there is no session" and began another session, in no channel.
    """
    made(net)
    drop(login(net, "n1"))
    n1, n2, n3 = net.nodes.values()
    state = n1.core.engine.state(GroupId("session", "ann"))
    assert isinstance(state, Session) and state.stored.person is not None and not state.stored.attached
    before, uid = state.stored, state.stored.person.uid
    found: list[User | Incarnation | None] = []
    net.links.isolate({n3.key}, {n1.key}, one_way=True)  # n3 masters the session's group
    net.turn(n1, lambda: n1.core.edge.sessions.find("ann", found.append))
    net.run(0.1)
    # n2 has looked a moment before: nobody was attached then.
    net.turn(n2, lambda: n2.core.edge.sessions.takeover.take_up("ann", before, nobody))
    net.run(0.55)  # until n1 is about to ask again: the answer then brings both facts in one message
    assert not found and "ann" in n2.core.edge.sessions.users
    net.links.heal()
    net.run(1.0)
    (user,) = found
    assert isinstance(user, User) and user.uid == uid and n1.core.edge.sessions.users == {"ann": user}
    assert not n2.core.edge.sessions.users


def test_who_logs_in_while_nobody_answers_for_its_session_goes_on_with_it_all_the_same(net: Net, bob: Talker) -> None:
    """Once, such a client was a user beside its session until its next login (seed 88600443)."""
    made(net)
    desk = login(net, "n2", "desk")
    desk.send(f"JOIN {CHANNEL}")
    desk.sync()
    with unanswered(net.nodes["n1"].core.engine, Look, times=1):
        phone = login(net, "n1", "phone", nick="phone")
    assert [line.split(" ")[2] for line in phone.got if line.split(" ")[1] == "001"] == ["ann"]
    bob.say(1)
    assert said(phone) == said(desk) == ["1"]
    net.run(2)
    assert {user.person.nick for node in net.nodes.values() for user in node.core.edge.users.values()} == {"ann", "bob"}
    assert bob.ask("WHOIS phone")[0].startswith("401")


def test_an_always_on_user_stays_and_misses_nothing(net: Net, bob: Talker) -> None:
    made(net)
    ann = login(net, "n1", "laptop")
    ann.send(f"JOIN {CHANNEL}")
    ann.sync()
    bob.say(1, 2)
    assert said(ann) == ["1", "2"]
    ann.send("QUIT :see you")
    net.run(3)
    noticed(bob)
    bob.say(*range(3, 43))
    again = login(net, "n1", "laptop")
    assert said(again) == [str(number) for number in range(3, 43)]
    bob.say(43)
    assert said(again) == ["43"]
    assert noticed(bob) == []


@pytest.mark.parametrize(
    ("caps", "played", "batch"),
    [
        ("", True, False),
        ("batch", True, True),
        ("batch draft/chathistory", False, False),
        ("znc.in/playback", False, False),
    ],
)
def test_who_can_ask_for_history_is_not_played_any(net: Net, bob: Talker, caps: str, played: bool, batch: bool) -> None:
    made(net)
    ann = login(net, "n1", "desk", f"sasl {caps}")
    ann.ask(f"JOIN {CHANNEL}")
    ann.quit()
    net.run(1)
    bob.say(1, 2)
    ann = login(net, "n2", "desk", f"sasl {caps}")
    bob.say(3)
    assert said(ann) == (["1", "2", "3"] if played else ["3"])
    assert any(f" chathistory {CHANNEL}" in line for line in ann.got) is batch


@pytest.mark.parametrize("taken_up", [False, True])
def test_the_user_of_a_dropped_account_goes_though_its_node_was_not_told(net: Net, bob: Talker, taken_up: bool) -> None:
    made(net)
    ann = login(net, "n1")
    ann.send(f"JOIN {CHANNEL}")
    ann.sync()
    ann.send("QUIT")
    net.run(3)
    if taken_up:
        net.kill("n1")
        net.run(40)
    noticed(bob)
    net.nodes["n2"].core.engine.submit(GroupId("account", "ann"), Drop(""))
    net.run(70)
    assert noticed(bob) == [":ann!~ann@10.0.0.1 QUIT :Account dropped"]
    stranger = Newcomer(net, "n2")
    assert not any(" JOIN " in line for line in stranger.enter("ann"))
    assert any("REGISTER SUCCESS" in line for line in register(stranger, "mellon1"))


def told(client: Client, numeric: str) -> bool:
    return any(line.split(" ")[1] == numeric for line in client.lines())


def test_all_clients_of_a_session_are_logged_in_or_none(net: Net) -> None:
    """On any node, and whichever client logs in or out; clients on other nodes also know their state."""
    made(net, always_on=False)
    clients = [login(net, node) for node in ("n1", "n2", "n3")]
    for one in (clients[1], clients[0]):
        for words, numeric in (("NS LOGOUT", "901"), ("NS IDENTIFY sesame", "900")):
            one.send(words)
            net.run(3)
            assert all(told(client, numeric) for client in clients)
            assert len({client.connection.login for client in clients}) == 1
    net.nodes["n2"].core.engine.submit(GroupId("account", "ann"), Drop(""))
    net.run(70)
    for client in clients:
        assert told(client, "901")
        client.send("QUIT")
    net.run(3)
    assert not any(node.core.edge.clients.connections for node in net.nodes.values())


def test_who_is_in_no_session_any_more_has_none_to_come_back_to(net: Net) -> None:
    """Not even the session of the account of the new login: there the client would be another user without knowing."""
    made(net)
    bea = net.client("n2", "bea")
    register(bea, "mellon")
    login(net, "n1")
    ann = login(net, "n2")
    ann.send("NS LOGOUT", "NS IDENTIFY bea mellon")
    net.run(3)
    assert told(ann, "900")
    net.kill("n1")
    net.run(5)
    assert ann.closed == "The node that you were on is gone: connect again"


def test_what_a_client_becomes_goes_with_it_to_the_next_node(net: Net, bob: Talker) -> None:
    made(net)
    desk, ann = login(net, "n1", "desk"), login(net, "n2", "laptop")
    desk.send(f"JOIN {CHANNEL}")
    ann.send("CAP REQ :server-time -sasl")
    net.run(2)
    net.kill("n1")
    net.run(10)
    ann.lines()
    bob.say(1)
    net.run(1)
    assert [line[:6] for line in ann.lines()] == ["@time="]
    ann.send("AUTHENTICATE PLAIN")
    net.run(1)
    assert told(ann, "904")


def test_another_node_takes_up_a_detached_session(net: Net, bob: Talker) -> None:
    made(net)
    ann = login(net, "n1", "laptop")
    ann.send(f"JOIN {CHANNEL}")
    ann.sync()
    ann.send("QUIT")
    net.run(3)
    noticed(bob)
    bob.say(1, 2, 3)
    again = login(net, "n2", "laptop")
    assert said(again) == ["1", "2", "3"]
    bob.say(4)
    assert said(again) == ["4"]
    assert noticed(bob) == []
    assert not net.nodes["n1"].core.edge.users


def test_a_session_survives_the_death_of_its_node(net: Net, bob: Talker) -> None:
    made(net)
    ann = login(net, "n1", "laptop")
    ann.send(f"JOIN {CHANNEL}")
    ann.sync()
    bob.say(1, 2)
    net.run(2)
    noticed(bob)
    net.kill("n1")
    bob.say(3)
    net.run(40)
    bob.say(4)
    assert noticed(bob) == []
    assert any(line == "301 bob ann :Not attached" for line in bob.ask("WHOIS ann"))
    again = login(net, "n2", "laptop")
    assert said(again) == ["3", "4"]
    assert noticed(bob) == []
    assert not any(line.startswith("301 ") for line in bob.ask("WHOIS ann"))


@pytest.mark.parametrize("node", ["n1", "n2"])
def test_much_is_played_as_fast_as_it_is_read(
    net: Net, bob: Talker, node: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """n2: from the session on n1. A client leaves in the middle of the playback, and continues there when the client
    returns.
    """
    for name, value in (("PAGE", 5), ("MOST", 20), ("UNREAD_BYTES", 100)):
        monkeypatch.setattr(playback, name, value)
    made(net)
    ann, other = login(net, "n1", "laptop"), login(net, "n1", "other")
    ann.send(f"JOIN {CHANNEL}")
    ann.sync()
    ann.send("QUIT")
    net.run(3)
    bob.say(*range(32))
    got: list[list[str]] = []
    for _ in range(2):
        ann = login(net, node, "laptop")
        got.append(said(ann))
        while len(got) not in (2, 6):
            token = next(line for line in reversed(ann.got) if line.startswith("PING ")).partition(" ")[2]
            ann.send(f"PONG {token}")
            got.append(said(ann))
        assert any(f"More was said in {CHANNEL} than" in line for line in ann.got) == (len(got) == 6)
        ann.send("QUIT")
        net.run(3)
    assert got == [[str(number) for number in range(first, first + 5)] for first in range(0, 30, 5)]
    bob.say(32)
    assert said(login(net, node, "laptop")) == ["32"]
    assert said(other) == [str(number) for number in range(33)]


@pytest.mark.parametrize("tenths", range(0, 10, 3))
def test_a_node_dies_right_after_somebody_has_joined_and_left(net: Net, bob: Talker, tenths: int) -> None:
    made(net, always_on=False)
    ann = login(net, "n1")
    ann.send(f"JOIN {CHANNEL}", "JOIN #left")
    ann.sync()
    net.run(2 + tenths / 10)
    ann.send("JOIN #new", "PART #left")
    ann.sync()
    net.kill("n1")
    again = login(net, "n2")
    net.run(3)
    joined = {line.rpartition(" ")[2] for line in again.got if " JOIN " in line}
    assert joined == {CHANNEL, "#new"}


@pytest.mark.parametrize("tenths", range(10))
def test_a_node_dies_before_it_could_tell_how_far_a_new_device_is(net: Net, bob: Talker, tenths: int) -> None:
    """Lines of the node's last second may come again; no line is left out."""
    made(net)
    ann = login(net, "n1", "laptop")
    ann.send(f"JOIN {CHANNEL}")
    ann.sync()
    ann.send("QUIT")
    net.run(3 + tenths / 10)
    phone = Newcomer(net, "n1", "sasl")
    assert phone.log_in("ann@phone", "sesame")[-1].startswith("903")
    phone.enter("ann")
    bob.say(1, 2)
    assert said(phone) == ["1", "2"]
    net.kill("n1")
    bob.say(3)
    again = login(net, "n2", "phone")
    net.run(3)
    assert said(again)[-1:] == ["3"]
    assert "QUIT" not in "".join(noticed(bob))


def test_without_always_on_a_dead_node_leaves_a_grace(net: Net, bob: Talker) -> None:
    made(net, always_on=False)
    ann = login(net, "n1")
    ann.send(f"JOIN {CHANNEL}")
    ann.sync()
    net.run(2)
    noticed(bob)
    net.kill("n1")
    net.run(8)
    again = login(net, "n2")
    net.run(40)
    assert noticed(bob) == []
    bob.say(1)
    assert said(again) == ["1"]


def test_two_clients_of_one_account_see_the_same_once(net: Net, bob: Talker) -> None:
    made(net)
    laptop = login(net, "n1", "laptop")
    laptop.send(f"JOIN {CHANNEL}")
    laptop.sync()
    noticed(bob)
    phone = login(net, "n1", "phone")
    assert any(f" JOIN {CHANNEL}" in line for line in phone.got)
    bob.say(1)
    assert said(laptop) == said(phone) == ["1"]
    laptop.send(f"PRIVMSG {CHANNEL} :line 2")
    laptop.sync()
    assert said(laptop) == []
    assert said(phone) == ["2"] == said(bob)
    phone.send("QUIT")
    net.run(1)
    bob.say(3)
    assert said(laptop) == ["3"]
    back = login(net, "n1", "phone")
    assert said(back) == ["3"]
    assert noticed(bob) == []


def test_a_network_that_starts_again_has_its_sessions(net: Net) -> None:
    made(net)
    ann = login(net, "n1", "laptop")
    ann.send(f"JOIN {CHANNEL}", f"PRIVMSG {CHANNEL} :line 1")
    ann.sync()
    ann.send("QUIT")
    net.run(5)
    for name in net.nodes:
        net.kill(name)
    for number in (1, 2, 3):
        net.start(number)
    net.run(10)
    bob = Talker(net, net.nodes["n3"], "bob")
    net.run(5)
    bob.send(f"JOIN {CHANNEL}")
    names = bob.sync()
    assert any(" 353 " in line and "ann" in line for line in names)
    bob.say(2)
    again = login(net, "n2", "laptop")
    assert said(again) == ["2"]


@pytest.mark.parametrize("seed", range(1, 6))
def test_one_node_after_the_other_starts_again_and_a_stranger_comes_first(seed: int) -> None:
    """The first nodes may have older replicas of the channels and the session than the last node."""
    net = Net(3, seed, disks=True)
    made(net)
    ann = login(net, "n3", "desk")
    channels = [f"#c{number}" for number in range(8)]
    ann.send(*[f"JOIN {channel}" for channel in channels])
    ann.sync()
    ann.quit()
    net.run(3)
    for name in ("n2", "n3", "n1"):
        net.leave(name)
    roster = [node.core.engine.peers.me for node in net.nodes.values()]
    net.start(2, roster)
    net.run(4)
    net.client("n2", "eve").send(*[f"JOIN {channel}" for channel in channels])
    net.start(3, roster)
    net.run(4)
    net.start(1, roster)
    net.run(0.5)
    ann = login(net, "n3", "desk")
    net.run(5)
    for channel in channels:
        (names,) = (line.partition(":")[2] for line in ann.ask(f"NAMES {channel}") if line.startswith("353 "))
        assert sorted(names.split()) == ["@ann", "eve"]
    assert not any(node.core.engine.noted["submit_failed"] for node in net.nodes.values())


def test_two_clients_on_two_nodes(net: Net, bob: Talker) -> None:
    made(net)
    laptop = login(net, "n1", "laptop")
    laptop.send(f"JOIN {CHANNEL}")
    laptop.sync()
    net.run(2)
    noticed(bob)
    phone = login(net, "n2", "phone")
    assert any(f" JOIN {CHANNEL}" in line for line in phone.got)
    assert not net.nodes["n2"].core.edge.users
    bob.say(1)
    assert said(laptop) == said(phone) == ["1"]
    phone.send(f"PRIVMSG {CHANNEL} :line 2")
    phone.sync()
    assert said(laptop) == ["2"] == said(bob)
    assert said(phone) == []
    laptop.send("NICK annie")
    laptop.sync()
    assert any(" NICK annie" in line for line in phone.sync())
    phone.send("QUIT")
    net.run(2)
    assert phone.closed is not None
    bob.say(3)
    assert said(laptop) == ["3"]
    back = login(net, "n3", "phone")
    assert said(back) == ["3"]
    here = login(net, "n1", "tablet", nick="ann")  # the tablet may not know the session's new nick
    assert any(f":annie!~ann@10.0.0.1 JOIN {CHANNEL}" in line for line in here.got)
    seen = [line for line in bob.got if "ann" in line.partition("!")[0] and " PRIVMSG " not in line]
    assert [line.split(" ")[1] for line in seen] == ["JOIN", "NICK"]


@pytest.mark.parametrize("always_on", [True, False])
def test_a_client_on_another_node_outlives_the_sessions_node(net: Net, bob: Talker, always_on: bool) -> None:
    made(net, always_on=always_on)
    laptop = login(net, "n1", "laptop")
    laptop.send(f"JOIN {CHANNEL}")
    laptop.sync()
    net.run(2)
    phone = login(net, "n2", "phone")
    noticed(bob)
    bob.say(1)
    assert said(phone) == ["1"]
    net.run(2)  # lines of a crashed edge's last second may come again
    net.kill("n1")
    for number in range(2, 20):
        bob.say(number)
        net.run(0.3)
    net.run(10)
    assert said(phone) == [str(number) for number in range(2, 20)]
    assert phone.closed is None
    phone.send(f"PRIVMSG {CHANNEL} :line 20")
    phone.sync()
    assert said(bob) == ["20"]
    bob.say(21)
    assert said(phone) == ["21"]
    again = login(net, "n3", "laptop")
    assert said(again) == [str(number) for number in range(2, 22)]
    net.run(40)
    assert noticed(bob) == []


def test_who_goes_before_its_session_has_begun_stays_nevertheless(net: Net) -> None:
    made(net)
    ann = Newcomer(net, "n1", "sasl")
    assert ann.log_in("ann", "sesame")[-1].startswith("903")
    ann.send("CAP END", "NICK ann", "USER ann 0 * :ann", f"JOIN {CHANNEL}", "QUIT")
    net.run(3)
    assert ann.closed is not None
    user = net.nodes["n1"].core.edge.sessions.users["ann"]
    assert user.session.lasts and list(user.seats.rooms) == [GroupId("channel", CHANNEL)]


def test_as_soon_as_a_session_s_node_is_dead_its_clients_nodes_tell_how_far_they_are(net: Net, bob: Talker) -> None:
    """These nodes may die before the session is taken up (device seed 880020)."""
    made(net)
    login(net, "n1", "phone").send(f"JOIN {CHANNEL}")
    net.run(3.6)
    laptop = login(net, "n2", "laptop")
    net.run(2)
    bob.say(1)
    assert said(laptop) == ["1"]
    net.run(0.6)
    net.kill("n1")
    net.run(0.25)
    net.kill("n2")
    bob.say(2)
    assert said(login(net, "n3", "laptop")) == ["2"]


def shown_where_it_comes_back(net: Net, bob: Talker) -> list[str]:
    """The device's node stops right after sending line 1, before the cursor is due to be told; then line 2 is said."""
    made(net)
    laptop = login(net, "n1", "laptop")
    laptop.send(f"JOIN {CHANNEL}")
    laptop.sync()
    net.run(2.5)
    noticed(bob)
    bob.say(1)
    assert said(laptop) == ["1"]
    net.leave("n1")
    bob.say(2)
    return said(login(net, "n2", "laptop"))


def test_a_session_moves_when_its_node_leaves(net: Net, bob: Talker) -> None:
    assert shown_where_it_comes_back(net, bob) == ["2"]
    net.run(60)
    assert noticed(bob) == []


def test_who_speaks_on_a_node_that_its_session_has_left_meanwhile_is_heard(net: Net, bob: Talker) -> None:
    """The node stood still, and the client's lines waited unread."""
    made(net)
    ann = login(net, "n1", "laptop", "sasl echo-message")
    ann.send(f"JOIN {CHANNEL}")
    ann.sync()
    net.run(2)
    net.hang("n1", 12)
    ann.send(*[f"PRIVMSG {CHANNEL} :line {number}" for number in range(5)], "PRIVMSG bob :psst", "AWAY :x", "PING end")
    net.run(15)
    ann.send(f"PRIVMSG {CHANNEL} :line 5")
    assert net.until(lambda: any(" PONG " in line for line in ann.got[ann.read :]), 12)
    assert net.until(lambda: any(line.endswith(" PRIVMSG bob :psst") for line in bob.got), 12)
    net.run(2)
    assert said(bob) == said(ann) == [str(number) for number in range(6)]


@pytest.mark.parametrize("goes", [False, True])
def test_what_was_said_before_the_session_left_is_heard_before_what_is_said_after(
    net: Net, bob: Talker, goes: bool
) -> None:
    """The channel's master does not hear the former node at once. goes: the client leaves before the master hears the
    node.
    """
    made(net)
    ann = login(net, "n1")
    for client in (ann, bob):
        client.send("JOIN #go")
        client.sync()
    net.run(2)
    assert net.masters(GroupId("channel", "#go")) == ["n2"] != net.masters(GroupId("session", "ann"))
    n1, n2, n3 = net.nodes.values()
    state = n1.core.engine.state(GroupId("session", "ann"))
    assert isinstance(state, Session)
    net.links.isolate({n1.key}, {n2.key}, one_way=True)
    ann.send("PRIVMSG #go :line 1")
    stored = state.stored
    net.turn(n3, lambda: n3.core.edge.sessions.takeover.take_up("ann", stored, nobody, attached=1))
    assert net.until(lambda: "ann" in n3.core.edge.sessions.users, 1)
    ann.send("PRIVMSG #go :line 2")
    if goes:
        drop(ann)
    net.run(0.5)
    net.links.heal()
    net.run(3)
    assert [line.rpartition(":")[2] for line in bob.lines() if "#go :line" in line] == ["line 1", "line 2"]


@pytest.mark.parametrize(
    "lines",
    [
        ("PRIVMSG #go :first", "PRIVMSG #ring :line 1", "PRIVMSG #ring :line 2"),
        ("@label=a PRIVMSG #ring,#go :line 1",),
        ("PRIVMSG #go :first", "@label=a PRIVMSG #ring :line 1", "PRIVMSG #ring :line 2"),
    ],
)
def test_an_own_line_that_waits_for_its_turn_while_the_session_leaves_is_read_once(
    net: Net, bob: Talker, lines: tuple[str, ...]
) -> None:
    """The client reads the line on the session's former node, once the former node has answered the client's earlier
    lines (seed 88600435)."""
    made(net)
    ann = login(net, "n1", "laptop", "sasl echo-message labeled-response batch")
    ann.send(f"JOIN {CHANNEL}", "JOIN #go")
    ann.sync()
    net.run(2)
    n1, n2, n3 = net.nodes.values()
    state = n1.core.engine.state(GroupId("session", "ann"))
    assert net.masters(GroupId("channel", "#go")) == ["n2"] and isinstance(state, Session)
    net.links.isolate({n1.key}, {n2.key}, one_way=True)
    ann.send(*lines)
    assert net.until(lambda: bool(n1.core.edge.asides.groups), 1)
    stored = state.stored
    net.turn(n3, lambda: n3.core.edge.sessions.takeover.take_up("ann", stored, nobody, attached=1))
    assert net.until(lambda: ann.connection.remote.forwarder is not None, 1)
    assert ann.heard(CHANNEL) == []
    net.links.heal()
    net.run(5)
    bob.say(3)
    net.run(1)
    assert ann.heard(CHANNEL) == [*bob.heard(CHANNEL), "line 3"] and bob.heard(CHANNEL)


@pytest.mark.parametrize("goes", [False, True])
def test_a_command_without_an_answer_holds_up_what_is_said_after_the_session_left_for_a_while(
    net: Net, bob: Talker, goes: bool
) -> None:
    """goes: the client goes before its node could forward the lines (seed 77200262)."""
    made(net)
    ann = login(net, "n1")
    ann.send(f"JOIN {CHANNEL}")
    ann.sync()
    net.run(2)
    n1, _, n3 = net.nodes.values()
    state = n1.core.engine.state(GroupId("session", "ann"))
    assert isinstance(state, Session)
    Call(n1.core.edge, ann.connection, Message(None, None, "NEVER", [])).begin()
    stored = state.stored
    net.turn(n3, lambda: n3.core.edge.sessions.takeover.take_up("ann", stored, nobody, attached=1))
    assert net.until(lambda: ann.connection.remote.forwarder is not None, 2)
    ann.send(f"PRIVMSG {CHANNEL} :line 1")
    if goes:
        drop(ann)
    net.run(net.engine.settle_max_s / 2)
    assert said(bob) == []
    net.run(net.engine.settle_max_s)
    assert said(bob) == ["1"]


def test_what_is_said_right_before_its_node_leaves_is_said(net: Net, bob: Talker) -> None:
    """The channel's master does not hear the node at once; the master of ann's session does, so ann has gone by
    then.
    """
    made(net)
    ann = login(net, "n1")
    for client in (ann, bob):
        client.send("JOIN #go")
        client.sync()
    assert net.masters(GroupId("channel", "#go")) == ["n2"] != net.masters(GroupId("session", "ann"))
    edge, path = ann.node.core.edge, [{net.nodes[name].key} for name in ("n1", "n2")]
    net.links.isolate(*path, one_way=True)
    ann.send("PRIVMSG #go :good night")
    net.turn(ann.node, lambda: edge.clients.close_all("Server is shutting down"))
    net.run(1)
    assert not edge.clients.idle
    net.links.heal()
    assert net.until(lambda: edge.clients.idle, 10)
    net.kill("n1")
    net.run(3)
    assert bob.lines()[-1].endswith(" PRIVMSG #go :good night")


def test_a_whole_network_stops_at_once_though_sessions_without_clients_stay() -> None:
    net = Net(1, disks=True)
    made(net)
    ann = login(net, "n1")
    ann.send("JOIN #go")
    ann.sync()
    ann.quit()
    net.run(3)
    edge = net.nodes["n1"].core.edge
    net.turn(net.nodes["n1"], lambda: edge.clients.close_all("Server is shutting down"))
    assert net.until(lambda: edge.clients.idle, 1)


def test_who_speaks_before_it_was_shown_all_is_shown_its_own_words_in_their_place(net: Net, bob: Talker) -> None:
    made(net)
    laptop = login(net, "n1", "laptop")
    laptop.send(f"JOIN {CHANNEL}", "QUIT")
    net.run(3)
    bob.say(1, 2)
    hasty = Newcomer(net, "n2", "sasl echo-message")
    hasty.log_in("ann@laptop", "sesame")
    hasty.enter("ann")  # the missed lines are on their way
    hasty.send(f"PRIVMSG {CHANNEL} :line 3")
    net.run(1.0)
    hasty.send(f"PRIVMSG {CHANNEL} :line 4")
    net.run(1.0)
    assert [line.rpartition(" ")[2] for line in hasty.got if f" PRIVMSG {CHANNEL} :line " in line] == [
        "1",
        "2",
        "3",
        "4",
    ]


def two(net: Net, here: str, there: str) -> tuple[Talker, Talker]:
    """A person on each side of a partition about to come."""
    found = Talker(net, net.nodes[here], "joe"), Talker(net, net.nodes[there], "sue")
    for talker in found:
        assert net.until(lambda t=talker: any(" 221 " in line for line in t.got), 10)
        talker.send(f"JOIN {CHANNEL}")
        talker.sync()
    return found


def test_a_client_is_told_something_in_the_very_moment_that_its_session_goes_elsewhere(net: Net, bob: Talker) -> None:
    made(net)
    login(net, "n3", "desk")
    assert net.masters(GroupId("session", "ann")) == ["n3"]  # n3 will take the session up again
    laptop = login(net, "n1", "laptop")
    laptop.send(f"JOIN {CHANNEL}")
    laptop.sync()
    node = net.nodes["n3"]
    edge = node.core.edge
    user = edge.sessions.users["ann"]

    def leave() -> None:
        for connection in user.connections:
            connection.send(b"NOTICE * :so long\r\n")
        edge.sessions._leave(user)

    net.turn(node, leave)
    net.run(8)
    assert laptop.closed is None and "NOTICE * :so long" in laptop.got
    bob.say(1)
    assert said(laptop) == ["1"]


def cut(net: Net, *side: str) -> None:
    """This side from all others."""
    net.run(2)
    here = {net.nodes[name].key for name in side}
    net.links.isolate(here, {node.key for node in net.nodes.values()} - here)
    net.run(8)


def drop(client: Client) -> None:
    net, edge = client.net, client.node.core.edge
    net.turn(client.node, lambda: edge.clients.gone(client.connection, "Connection reset"))
    net.run(1.5)


@pytest.mark.parametrize(("alone", "stays"), [("n1", True), ("n2", True), ("n3", False)])
def test_a_client_changes_sides_in_a_partition(net: Net, alone: str, stays: bool) -> None:
    """The client is sent each line of either side once, and at the end the lines missed meanwhile. stays: when the
    sides meet.
    """
    made(net)
    joe, sue = two(net, alone, "n2" if alone == "n1" else "n1")
    laptop = login(net, alone, "laptop")
    laptop.send(f"JOIN {CHANNEL}")
    laptop.sync()
    joe.say(1)
    sue.say(2)
    assert said(laptop) == ["1", "2"]
    cut(net, alone)
    joe.say(3, 4)
    sue.say(5)
    assert said(laptop) == ["3", "4"]
    drop(laptop)
    joe.say(6)
    laptop = login(net, sue.node.name, "laptop")
    sue.say(7)
    assert said(laptop) == ["5", "7"]
    if not stays:
        drop(laptop)
        sue.say(8)
    net.links.heal()
    net.run(8)
    joe.say(9)
    if not stays:
        laptop = login(net, alone, "laptop")
    assert sorted(said(laptop)) == (["6", "9"] if stays else ["6", "8", "9"])


def test_a_session_that_both_sides_have_taken_up_stays_in_its_channels() -> None:
    """The session stays with the side of the latest login, though the channel's newer record is on the other side."""
    net = Net(4, disks=True)
    made(net)
    joe, sue = two(net, "n3", "n2")
    laptop = login(net, "n3", "laptop")
    laptop.send(f"JOIN {CHANNEL}")
    laptop.sync()
    cut(net, "n3", "n1")
    drop(laptop)
    drop(login(net, "n2", "phone"))
    laptop = login(net, "n3", "laptop")
    net.links.heal()
    net.run(40)
    assert not [line for line in (*noticed(joe), *noticed(sue)) if line.startswith(":ann!") and " QUIT " in line]
    joe.say(1)
    sue.say(2)
    assert said(laptop) == ["1", "2"]


def test_where_a_partition_left_the_nick_on_another_node_the_session_decides(net: Net) -> None:
    """The session's group has merged to one side's node, the nick's to the other's."""
    made(net)
    ann = login(net, "n1", "laptop")
    nick, other = GroupId("nick", "ann"), net.nodes["n2"].core.engine
    person = net.nodes["n1"].core.edge.sessions.users["ann"].person
    there = msgspec.structs.replace(person, node=other.me.key, incarnation=other.me.number)
    other.submit(nick, Claim(there, moves=True))

    def holders() -> list[Person | None]:
        states = [state for node in net.nodes.values() for group, state, _ in node.core.engine.mastered("nick")]
        return [state.holder for state in states if isinstance(state, Nick) and state.name == "ann"]

    net.run(5)
    person = net.nodes["n1"].core.edge.sessions.users["ann"].person
    assert holders() == [person]
    assert person.version > there.version + 1  # the nick was on n2 for a moment
    assert ann.ask("AWAY :at lunch") == ["306 ann :You have been marked as being away"]


def test_a_replica_of_a_channel_that_has_the_user_on_another_node_does_not_seat_it_here(net: Net, bob: Talker) -> None:
    """As on one side of a partition: lines said before the user is back are played, not delivered live and then taken
    for read.
    """
    made(net)
    laptop = login(net, "n3", "laptop")
    laptop.send(f"JOIN {CHANNEL}")
    laptop.sync()
    node, group, other = net.nodes["n3"], GroupId("channel", CHANNEL), net.nodes["n2"].core.engine
    edge = node.core.edge
    user = edge.sessions.users["ann"]
    there = {"node": other.me.key, "incarnation": other.me.number, "version": user.person.version + 1}
    other.submit(group, Update(msgspec.structs.replace(user.person, **there)))
    net.run(1)
    state = edge.network.state(group)
    assert state is not None
    edge.rooms[group].discard(user.uid)
    net.turn(node, lambda: edge.application.replaced(group, state, state, [], 0))
    bob.say(1)
    assert said(laptop) == []
    user.person = msgspec.structs.replace(user.person, version=user.person.version + 2)
    net.turn(node, lambda: edge.sessions.takeover.come_back(user, group, CHANNEL))
    net.run(1)
    assert said(laptop) == ["1"]


def kicks(client: Client) -> list[str]:
    """Return all lines about kicks in the client's history."""
    client.net.run(0.5)
    return [line for line in client.got if " KICK " in line or "You were kicked" in line]


def in_the_channel(net: Net, node: str, device: str) -> Newcomer:
    client = login(net, node, device)
    client.send(f"JOIN {CHANNEL}")
    client.sync()
    return client


def test_who_was_kicked_while_away_is_told_on_each_device_once(net: Net, bob: Talker) -> None:
    made(net)
    for name in ("desk", "laptop"):
        login(net, "n1", name).send("QUIT")
    in_the_channel(net, "n1", "phone").send("QUIT")
    net.run(1)
    bob.send(f"KICK {CHANNEL} ann :enough of that")
    bob.sync()
    net.kill("n1")
    net.run(3)
    for node, name in (("n2", "laptop"), ("n3", "phone")):
        (told,) = kicks(device := login(net, node, name))
        by = f":irc.circlet.local NOTICE ann :You were kicked from {CHANNEL} by bob!~bob@10.0.0.1 at 20"
        assert told.startswith(by) and told.endswith(": enough of that")
        device.send("QUIT")
        assert kicks(login(net, node, name)) == []
    assert kicks(login(net, "n2", "new")) == []
    in_the_channel(net, "n2", "new")
    assert kicks(login(net, "n3", "desk")) == []  # which finds the channel there


def test_whoever_is_there_sees_a_kick_and_is_not_told_again(net: Net, bob: Talker) -> None:
    made(net)
    phone, tablet = in_the_channel(net, "n1", "phone"), login(net, "n2", "tablet")
    bob.send(f"KICK {CHANNEL} ann :x")
    bob.sync()
    for device in (phone, tablet):
        (shown,) = kicks(device)
        assert shown.endswith(f" KICK {CHANNEL} ann :x")
        device.send("QUIT")
    net.run(1)
    assert kicks(login(net, "n1", "phone")) == kicks(login(net, "n2", "tablet")) == []


def test_who_is_kicked_from_a_channel_that_it_has_detached_is_told_at_once(net: Net, bob: Talker) -> None:
    made(net)
    phone = in_the_channel(net, "n1", "phone")
    phone.ask(f"PRIVMSG *circlet :DETACH {CHANNEL}")
    net.run(1)
    bob.send(f"KICK {CHANNEL} ann :x")
    bob.sync()
    (told,) = kicks(phone)
    assert f"You were kicked from {CHANNEL} by bob" in told
    phone.send("QUIT")
    net.run(1)
    assert kicks(login(net, "n2", "phone")) == []


def test_who_is_kicked_while_its_machine_sleeps_is_told_when_it_is_back(net: Net, bob: Talker) -> None:
    made(net)
    phone = in_the_channel(net, "n1", "phone")
    net.run(2)
    phone.connection.delivery.receipts = Sleeping()
    bob.send(f"KICK {CHANNEL} ann :x")
    net.run(5)
    drop(phone)
    (told,) = kicks(login(net, "n2", "phone"))
    assert f"You were kicked from {CHANNEL} by bob" in told


def test_a_client_goes_on_as_what_it_was_when_its_session_s_node_dies() -> None:
    """The client is an operator still, with its modes; MONITOR tells the changes since, and nothing else."""
    net = network(4, disks=True, operators=(OPERATOR,))
    made(net)
    login(net, "n2", "desk")  # so the session is there
    laptop = login(net, "n1", "laptop")
    people = {nick: net.client(node, nick) for nick, node in (("bob", "n3"), ("cat", "n4"))}
    laptop.ask("OPER root sesame", "MODE ann -w+i", "MONITOR + bob,cat,dan")
    modes = laptop.ask("MODE ann")
    net.run(2)
    laptop.lines()
    net.kill("n2")
    people["bob"].send("QUIT")
    net.run(0.2)
    people["dan"] = net.client("n4", "dan")
    assert net.until(lambda: len([line for line in laptop.got[laptop.read :] if " 73" in line]) == 2, 20)
    net.run(5)
    assert sorted(line.split(" ", 1)[1] for line in laptop.lines()) == [
        "730 ann dan!~dan@10.0.0.1",
        "731 ann bob",
    ]
    assert laptop.ask("MODE ann") == modes and "o" in modes[0] and "w" not in modes[0]
    assert laptop.ask("MONITOR L")[0] == "732 ann bob,cat,dan"
    laptop.ask("MODE ann +w", "KILL dan :no")
    net.run(1)
    assert people["dan"].closed is not None
    assert any(line.endswith(" 731 ann dan") for line in laptop.got)


@pytest.mark.parametrize("speaks", [True, False])
def test_how_long_somebody_has_said_nothing_goes_on_where_its_session_does(net: Net, speaks: bool) -> None:
    """speaks: the person speaks a minute and a half after the login; the idle time is right to the minute."""
    made(net)
    ann = in_the_channel(net, "n1", "desk")
    net.run(90)
    if speaks:
        ann.send(f"PRIVMSG {CHANNEL} :line 1")
    net.run(100)
    net.kill("n1")
    net.run(10)
    (whois,) = [line for line in net.client("n3", "eve").ask("WHOIS ann ann") if line.startswith("317 ")]
    assert (110 if speaks else 200) <= int(whois.split(" ")[3]) < (171 if speaks else 205)
