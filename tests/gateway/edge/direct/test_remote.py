"""Private messages between guests of two nodes: from edge to edge, once, in order, and settled (P49)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given

from gateway.edge.direct.local import LocalMessages
from gateway.edge.direct.messages import DirectMessages
from gateway.edge.direct.remote import IDLE_S, RemoteMessages
from ring.ids import GroupId, Incarnation
from tests.gateway.edge.direct.test_local import lines, read
from tests.sim.net import Client, Net

ID = re.compile(r"msgid=([^; ]+)")


def guest(net: Net, node: str, nick: str, caps: str = "") -> Client:
    client = net.client(node, nick, caps)
    client.sync()
    return client


def pair(net: Net, caps: str = "", nodes: tuple[str, str] = ("n1", "n2")) -> tuple[Client, Client]:
    """Two guests on two nodes. The first message has gone by the nick's group, so its place is known."""
    ann, bob = guest(net, nodes[0], "ann", caps), guest(net, nodes[1], "bob", caps)
    ann.send("PRIVMSG bob :first")
    ann.sync()
    ann.lines(), bob.sync()
    return ann, bob


def position(net: Net, nick: str) -> int:
    """How long the log of the nick's group is."""
    group = GroupId("nick", nick)
    (name,) = net.masters(group)
    return net.nodes[name].core.engine.replicas.masters[group].replica.seq


def remotes(net: Net, name: str) -> RemoteMessages:
    return net.nodes[name].core.edge.direct.remote


def texts(client: Client) -> list[str]:
    return client.heard(client.nick)


def told(client: Client) -> list[str]:
    """The lines that answer the client's own messages."""
    return [line for line in client.sync() if " PRIVMSG " not in line]


def test_the_group_of_the_nick_has_no_part_in_it() -> None:
    net = Net(3)
    ann, bob = pair(net, "message-tags")
    before = position(net, "bob")
    assert told(ann) == []
    ann.send("PRIVMSG bob :one", "NOTICE bob :two", "@+a=b PRIVMSG bob :three", "@+typing=active TAGMSG bob")
    assert told(ann) == []
    found = bob.lines()
    assert all(len(ID.findall(line)) == 1 for line in found)
    assert [line.partition(" :")[2].partition(" ")[2] for line in found] == [
        "PRIVMSG bob :one",
        "NOTICE bob :two",
        "PRIVMSG bob :three",
        "TAGMSG bob",
    ]
    assert "+a=b" in found[2] and "+typing=active" in found[3]
    assert position(net, "bob") == before


def test_a_member_of_a_shared_channel_is_found_at_once() -> None:
    net = Net(3)
    ann, bob = guest(net, "n1", "ann"), guest(net, "n2", "bob")
    net.run(60.0)  # a node has just come: for a while, seats are not believed
    for person in (ann, bob):
        person.send("JOIN #c")
        person.sync()
    ann.sync()
    before = position(net, "bob")
    ann.send("PRIVMSG bob :hi")
    assert told(ann) == []
    assert texts(bob) == ["hi"] and position(net, "bob") == before


def test_the_speaker_reads_the_id_that_the_reader_reads() -> None:
    net = Net(2)
    ann, bob = pair(net, "message-tags echo-message")
    for _ in range(3):
        ann.send("PRIVMSG bob :hi")
        ids = [ID.findall(line) for line in (*ann.sync(), *bob.sync())]
        assert len(ids) == 2 and ids[0] == ids[1] != []


def test_away_and_refusals_are_told_by_the_readers_node() -> None:
    net = Net(3)
    ann, bob = pair(net)
    bob.ask("AWAY :tea")
    before = position(net, "bob")
    assert ann.ask("PRIVMSG bob :hi", "NOTICE bob :hi") == ["301 ann bob :tea"]
    assert ann.ask("PRIVMSG BOB :hi") == ["301 ann bob :tea"]
    assert position(net, "bob") == before
    bob.ask("AWAY", "MODE bob +R")
    before = position(net, "bob")
    assert [line[:11] for line in ann.ask("PRIVMSG bob :hi", "NOTICE bob :hi")] == ["477 ann bob"]
    assert position(net, "bob") == before and texts(bob) == ["first", "hi", "hi"]


def test_who_has_left_is_not_reached_and_another_with_the_nick_is() -> None:
    net = Net(3)
    ann, bob = pair(net)
    bob.quit()
    net.run(1.0)
    assert ann.ask("PRIVMSG bob :hi") == ["401 ann bob :No such nick/channel"]
    other = guest(net, "n2", "bob")
    assert ann.ask("PRIVMSG bob :welcome") == []
    other.sync()
    assert texts(other) == ["welcome"] and texts(bob) == ["first"]


def test_a_message_to_whoever_had_the_nick_is_judged_by_the_group() -> None:
    """The nick changes hands on the holder's node, and the speaker's node does not know."""
    net = Net(3)
    ann, bob = pair(net)
    bob.ask("NICK rob")
    other = guest(net, "n2", "bob")
    before = position(net, "bob")
    assert ann.ask("PRIVMSG bob :hi", "PRIVMSG rob :ho") == []
    for person in (bob, other):
        person.sync()
    assert texts(other) == ["hi"] and bob.heard("rob") == ["ho"] and position(net, "bob") == before + 1


@pytest.mark.parametrize("seed", range(12))
def test_messages_keep_their_order_while_the_reader_changes_the_nick_and_back(seed: int) -> None:
    net = Net(4, seed, delay_s=(0.001, 0.05))
    ann, bob = pair(net, nodes=("n1", "n4"))
    for step in range(60):
        if step == 10:
            bob.send("NICK Bob")
        if step == 30:
            bob.send("NICK rob", "NICK bob")
        ann.send(f"PRIVMSG bob :{step}")
        net.run(0.005)
    ann.sync(), bob.sync()
    got = [int(line.rpartition(":")[2]) for line in bob.got if " PRIVMSG " in line and "first" not in line]
    assert got == sorted(set(got)) and got
    refused = sum(" 401 " in line for line in ann.got)
    assert len(got) + refused == 60


@pytest.mark.parametrize("seed", range(6))
def test_a_pong_comes_after_the_reader_has_read(seed: int) -> None:
    net = Net(3, seed, loss=0.2, double=0.2, delay_s=(0.001, 0.1))
    ann, bob = pair(net)
    for number in range(20):
        ann.send(f"PRIVMSG bob :{number}", f"PING {number}")
        assert net.until(
            lambda number=number: any(
                f"PONG n1.sim :{number}" in line or line.endswith(f" {number}") for line in ann.got if " PONG " in line
            ),
            10.0,
        )
        assert texts(bob)[-1] == str(number)
    assert texts(bob) == ["first", *map(str, range(20))]


def test_a_link_that_breaks_loses_and_doubles_nothing() -> None:
    net = Net(3)
    ann, bob = pair(net)
    before = position(net, "bob")
    for number in range(10):
        ann.send(f"PRIVMSG bob :{number}")
        net.links.reset("127.0.0.1", "127.0.0.2")
        net.run(0.05)
    ann.sync()
    assert texts(bob) == ["first", *map(str, range(10))] and position(net, "bob") == before


def test_when_the_readers_node_dies_the_group_answers() -> None:
    """As for any message: the nick is held until the people of the dead node are given up."""
    net = Net(3)
    ann, _ = pair(net, nodes=("n1", "n3"))
    net.kill("n3", dark=True)
    ann.send("PRIVMSG bob :hello?")
    net.run(0.5)
    assert remotes(net, "n1").is_busy
    assert told(ann) == []
    net.run(60.0)
    assert ann.ask("PRIVMSG bob :hello?") == ["401 ann bob :No such nick/channel"]


def test_a_message_in_doubt_is_told_to_the_same_user_or_to_nobody() -> None:
    """Another user has the nick by then: the speaker reads that the message may have come."""
    net = Net(3)
    ann, _ = pair(net, nodes=("n1", "n3"))
    net.kill("n3", dark=True)
    ann.send("PRIVMSG bob :between us")
    edges, dead = [net.nodes[name].core.edge for name in ("n1", "n2")], net.nodes["n3"].id
    assert net.until(lambda: not any(edge.network.is_current(dead) for edge in edges), 20.0)
    other = guest(net, "n2", "bob")
    found = told(ann)
    assert texts(other) == []
    assert len(found) == 1 and "may or may not be carried out" in found[0]


def test_what_lay_in_the_sockets_of_a_stopped_node_is_read_once() -> None:
    net = Net(4)
    ann, bob = pair(net, nodes=("n1", "n3"))
    net.hang("n3", 15.0)
    ann.send("PRIVMSG bob :one", "PRIVMSG bob :two")
    assert [line for line in ann.sync(30.0) if "PRIVMSG" not in line] == []
    net.run(20.0)
    bob.sync()
    assert texts(bob) == ["first", "one", "two"]


@pytest.mark.parametrize("lost", ["answer", "message"])
def test_a_stream_that_is_lost_leaves_no_doubt_to_the_reader(lost: str) -> None:
    """The answers, or the messages themselves, are lost; then the peer forgets the stream."""
    net = Net(3)
    ann, bob = pair(net)
    ann.ask("PRIVMSG bob :0")
    way = ("127.0.0.2", "127.0.0.1") if lost == "answer" else ("127.0.0.1", "127.0.0.2")
    receive = net._arrive

    def arrive(sender: Incarnation, key: str, payload: bytes | None, number: int) -> None:
        if (sender.key, key) != way or payload is None:
            receive(sender, key, payload, number)

    net._arrive = arrive  # type: ignore[method-assign]
    ann.send("PRIVMSG bob :1", "PRIVMSG bob :2")
    net.run(0.3)
    assert texts(bob) == ["first", "0", "1", "2"][: 4 if lost == "answer" else 2]
    net.nodes["n2"].core.engine.duplex._open.clear()
    net._arrive = receive  # type: ignore[method-assign]
    assert told(ann) == []
    ann.send("PRIVMSG bob :3")
    assert told(ann) == []
    bob.sync()
    assert texts(bob) == ["first", *"0123"]


def test_a_stream_from_before_is_read_no_more() -> None:
    net = Net(2)
    ann, bob = pair(net)
    ann.ask("PRIVMSG bob :1")
    here, there = remotes(net, "n1"), remotes(net, "n2")
    (old,) = here._outgoing.values()
    part = old.stream.unacked or there._incoming["127.0.0.1"].stream
    assert part
    net.turn(net.nodes["n1"], lambda: here._lost(old))
    ann.ask("PRIVMSG bob :2")
    new = there._incoming["127.0.0.1"].stream
    assert new.number > 1 and len(here._outgoing) == 1
    net.turn(net.nodes["n1"], lambda: old.stream.send(b"late"))
    net.run(2.0)
    assert there._incoming["127.0.0.1"].stream is new and texts(bob) == ["first", "1", "2"]
    assert net.nodes["n2"].core.engine.duplex._open


def test_an_earlier_message_by_the_group_is_read_first() -> None:
    """The group's answer is faster than the news of the group: the holder's node waits for the news."""
    net = Net(3, seed=4)
    ann, bob = pair(net, nodes=("n1", "n3"))
    ann.ask("PRIVMSG bob :0")
    here = net.nodes["n1"].core.edge
    here.direct.remote._places.clear()
    group = GroupId("nick", "bob")
    (name,) = net.masters(group)
    assert name != "n3"
    net.nodes[name].slow_s = 0.0
    receive = net._arrive

    def arrive(sender: Incarnation, key: str, payload: bytes | None, number: int) -> None:
        if sender.key == net.nodes[name].key and key == "127.0.0.3" and payload is not None and name != "n1":
            net.at(1.0, lambda: receive(sender, key, payload, number))
        else:
            receive(sender, key, payload, number)

    net._arrive = arrive  # type: ignore[method-assign]
    for number in range(1, 5):
        ann.send(f"PRIVMSG bob :{number}")
        net.run(0.1)
    ann.sync(), bob.sync()
    assert texts(bob) == ["first", *"01234"]


def test_an_account_takes_the_general_way() -> None:
    net = Net(2, disks=True)
    ann, bob = pair(net)
    bob.send("REGISTER bob * sesame")
    net.run(3.0)
    assert any(line.startswith("REGISTER SUCCESS") or "900" in line for line in bob.lines())
    before = position(net, "bob")
    ann.ask("PRIVMSG bob :hi")
    bob.sync()
    assert texts(bob)[-1] == "hi"
    bob.ask("PRIVMSG ann :ho")
    assert ann.heard("ann")[-1] == "ho"
    assert not net.nodes["n2"].core.edge.direct.remote._outgoing
    assert position(net, "bob") >= before


def test_below_its_level_the_group_takes_all_messages_and_above_no_more() -> None:
    net = Net(2, level=1)
    ann, bob = pair(net)
    before = position(net, "bob")
    ann.ask("PRIVMSG bob :1", "PRIVMSG bob :2")
    assert position(net, "bob") == before + 2 and not remotes(net, "n1")._outgoing
    for number in (1, 2):
        net.leave(f"n{number}")
        net.start(number, level=2)
        net.run(5.0)
    ann, bob = pair(net)
    before = position(net, "bob")
    ann.ask("PRIVMSG bob :3", "PRIVMSG bob :4")
    bob.sync()
    assert texts(bob) == ["first", *"34"] and position(net, "bob") == before


def test_an_idle_stream_is_closed_and_opened_again() -> None:
    net = Net(2)
    ann, bob = pair(net)
    ann.ask("PRIVMSG bob :1")
    net.run(IDLE_S + 2)
    assert not remotes(net, "n1")._outgoing and not remotes(net, "n2")._incoming
    assert not remotes(net, "n2")._shown
    ann.ask("PRIVMSG bob :2")
    bob.sync()
    assert texts(bob) == ["first", "1", "2"]


def test_a_mistake_in_a_message_ends_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    net = Net(2)
    net.may_err = True
    ann, bob = pair(net)
    with monkeypatch.context() as patch:
        patch.setattr(LocalMessages, "show", lambda *_: 1 / 0)
        (line,) = ann.ask("PRIVMSG bob :1")
    assert "made a mistake" in line
    ann.ask("PRIVMSG bob :2")
    bob.sync()
    assert texts(bob) == ["first", "2"]


@pytest.mark.parametrize("caps", ["", "echo-message", "echo-message message-tags server-time account-tag"])
def test_the_short_way_sends_the_same_bytes_as_the_general_way(caps: str) -> None:
    pairs = [pair(Net(2), caps) for _ in range(2)]

    @given(lines)
    def same(line: bytes) -> None:
        found = []
        for people, short in zip(pairs, (True, False), strict=True):
            with pytest.MonkeyPatch.context() as patch:
                if not short:
                    patch.setattr(DirectMessages, "relay", lambda *_: False)
                people[0].send_bytes(line + b"\r\n")
            people[0].net.run(0.2)
            found.append([read(client) for client in people])
        assert found[0] == found[1]

    same()
    assert all(len(texts(people[1])) > 1 for people in pairs)


def test_echoes_and_answers_keep_the_order_of_the_lines() -> None:
    net = Net(3)
    ann, bob = pair(net, "echo-message")
    ann.send(
        "PRIVMSG bob :1",
        "WHOIS nobody",
        "PRIVMSG bob :2",
        "PRIVMSG nobody :x",
        "NOTICE bob :3",
        "JOIN #c",
        "PRIVMSG bob :4",
    )
    found = [line.split()[1] for line in ann.sync()]
    wanted = ["PRIVMSG", "401", "318", "PRIVMSG", "401", "NOTICE", "JOIN", "353", "366", "PRIVMSG"]
    assert [command for command in found if command in wanted] == wanted
    bob.sync()
    assert texts(bob) == ["first", "1", "2", "4"]


def test_who_says_something_and_quits_at_once_is_heard_before_the_quit() -> None:
    net = Net(3)
    ann, bob = pair(net)
    for person in (ann, bob):
        person.send("JOIN #c")
        person.sync()
    ann.send(*(f"PRIVMSG bob :{number}" for number in range(5)), "QUIT :bye")
    net.run(2.0)
    found = [line.split()[1] for line in bob.lines() if "ann!" in line and " JOIN " not in line]
    assert found == ["PRIVMSG"] * 5 + ["QUIT"]


def test_what_cannot_be_read_ends_the_stream_alone() -> None:
    net = Net(2)
    ann, bob = pair(net)
    ann.ask("PRIVMSG bob :1")
    (outgoing,) = remotes(net, "n1")._outgoing.values()
    net.turn(net.nodes["n1"], lambda: outgoing.stream.send(b"\xc1"))
    ann.ask("PRIVMSG bob :2")
    ann.ask("PRIVMSG bob :3")
    bob.sync()
    assert texts(bob) == ["first", *"123"]


def test_who_waits_for_longer_than_settle_max_s_is_told_so() -> None:
    net = Net(3)
    ann, bob = pair(net)
    ann.ask("PRIVMSG bob :1")
    (outgoing,) = remotes(net, "n1")._outgoing.values()
    outgoing.stream.received = lambda part: None  # the answers do not come
    ann.send("PRIVMSG bob :2")
    found = told(ann)
    assert len(found) == 1 and "may or may not be carried out" in found[0]
    assert texts(bob) == ["first", "1", "2"]
