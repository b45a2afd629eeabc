"""All lines before the end of a client's input are carried out."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.edge.client.attention import PROVING_MAX_S
from gateway.edge.client.call import Call
from gateway.edge.client.connection import Connection
from gateway.edge.client.outputs import CROWD
from gateway.edge.edge import Edge
from tests.gateway.commands.accounts import Newcomer, plain, register
from tests.gateway.commands.stage import network, people
from tests.sim.net import Client, Net

HELLO = ("NICK ann", "USER ann 0 * :ann")
SPEECH = [f"PRIVMSG #c :line {number}" for number in range(30)]
HEARD = [f"line {number}" for number in range(30)]


def script(net: Net, node: str, *lines: str) -> Client:
    """All in one write, then the end of input: `printf ... | nc -N`."""
    client = Client.__new__(Client)
    client.begin(net, net.nodes[node], "ann", "10.0.0.9")
    client.send(*lines)
    client.end()
    return client


def test_what_was_said_before_the_end_of_input_is_heard(net: Net) -> None:
    (bob,) = people(net, "bob", channel="#c")
    ann = script(net, list(net.nodes)[-1], *HELLO, "JOIN #c", *SPEECH, "WHOIS bob")
    assert net.until(lambda: ann.closed is not None, 20)
    bob.sync()
    assert bob.heard("#c") == HEARD
    answered = [line.split()[1] for line in ann.got if line.split()[1] in ("001", "366", "311")]
    assert sorted(answered) == ["001", "311", "366"]
    assert ann.got[-1] == "ERROR :Closing Link: 10.0.0.9 (Connection closed)"


@pytest.mark.parametrize("lost", [False, True], ids=["half closed", "closed"])
def test_flood_control_slows_what_was_said_before_the_end_and_drops_nothing(lost: bool) -> None:
    net = network(3, burst=4, rate=2.0, queued=100)
    bob = net.client("n1", "bob")
    bob.ask("JOIN #c")
    ann = script(net, "n2", *HELLO, "JOIN #c", *SPEECH)
    if lost:
        net.turn(ann.node, lambda: ann.node.core.edge.clients.lost(ann.connection, "Connection closed"))
    net.run(3)
    assert 0 < len(bob.heard("#c")) < 30
    net.run(20)
    assert bob.heard("#c") == HEARD
    assert [line for line in bob.got if " QUIT " in line] == [":ann!~ann@10.0.0.9 QUIT :Connection closed"]
    assert not ann.node.core.edge.clients.connections and not ann.node.core.edge.users


def test_a_client_that_is_silent_after_the_end_of_input_leaves_at_once(net: Net) -> None:
    ann = script(net, "n1")
    net.run(0.2)
    assert ann.closed == "Connection closed"


def test_a_session_on_another_node_hears_all_before_the_end_of_input() -> None:
    net = network(3)
    bob = net.client("n1", "bob")
    desk = net.client("n2", "ann")
    register(desk)
    bob.ask("JOIN #c")
    desk.ask("JOIN #c")
    phone = Newcomer(net, "n3")
    phone.send("AUTHENTICATE PLAIN", f"AUTHENTICATE {plain('ann', 'sesame')}")
    phone.hear(" 903 ")
    phone.send("CAP END", "NICK ann", "USER ann 0 * :ann", *SPEECH)
    phone.end()
    assert net.until(lambda: phone.closed is not None, 20)
    bob.sync()
    assert bob.heard("#c") == HEARD
    assert desk.closed is None


WORDS = "The server made a mistake with your command; the operator finds the mistake in the log"
SORRY = f"ERROR :Closing Link: 10.0.0.1 ({WORDS})"


def _break(patch: pytest.MonkeyPatch, command: str) -> None:
    """The command's answers fail."""

    def reply(self: Call, numeric: str, *params: str) -> None:
        if self.message.command == command:
            raise KeyError("a mistake")
        original(self, numeric, *params)

    original = Call.reply
    patch.setattr(Call, "reply", reply)


def _bugs(client: Client) -> list[dict[str, Any]]:
    return [dict(note.facts) for _, note in client.node.notes if note.event == "bug"]


@pytest.mark.parametrize("line", ["TIME", "LIST", "WHOIS bob"])
def test_a_mistake_ends_the_client_whose_line_meets_it(monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    """At once, and in a continuation that other nodes have to answer first."""
    net = network(3)
    ann, bob, joe = people(net, "ann", "bob", "joe", channel="#ring")
    net.may_err = True
    _break(monkeypatch, line.split()[0])
    ann.send(line)
    assert net.until(lambda: ann.closed is not None, 12)
    assert ann.got[-1] == SORRY
    assert [bug["client"] for bug in _bugs(ann)] == [ann.connection.number]
    bob.send("PRIVMSG #ring :still here")
    bob.sync()
    joe.sync()
    assert joe.heard("#ring") == ["still here"]
    assert net.until(lambda: any("QUIT" in text for text in bob.got), 5)


def test_a_mistake_in_a_login_ends_the_client_that_logs_in(monkeypatch: pytest.MonkeyPatch) -> None:
    net = network(3)
    net.may_err = True
    (bob,) = people(net, "bob")
    ann = Newcomer(net, "n1")

    def fits(*_: object) -> None:
        raise KeyError("a mistake")

    ann.node.core.edge.outside.fits = fits
    ann.send("CAP REQ :sasl", "AUTHENTICATE PLAIN", "AUTHENTICATE AGFubgBzZXNhbWU=")
    assert net.until(lambda: ann.closed is not None, 12)
    assert ann.got[-1] == SORRY
    bob.sync()


def test_a_check_that_is_never_answered_keeps_no_connection_for_ever() -> None:
    net = network(1)
    ann = Newcomer(net, "n1")
    ann.node.core.edge.outside.fits = lambda credentials, password, done: None
    ann.send("CAP REQ :sasl", "AUTHENTICATE PLAIN", "AUTHENTICATE AGFubgBzZXNhbWU=")
    net.run(net.edge.clients.register_timeout_s + 10)
    assert ann.closed is None
    net.run(PROVING_MAX_S)
    assert ann.closed == "Registration timed out"


def test_each_connection_with_news_is_named_once_with_all_its_bytes(net: Net) -> None:
    node = next(iter(net.nodes))
    net.client(node, "ann").sync()
    net.client(node, "bob").sync()
    edge = net.nodes[node].core.edge
    mine, other = edge.clients.connections.values()
    lines, size = edge.traffic.lines_sent, edge.traffic.bytes_sent
    mine.send(b"one\r\n")
    other.send(b"two\r\n")
    mine.send(b"three\r\n")
    edge.clients.outputs.dirty[mine] = None
    assert edge.clients.take_outputs() == [(mine, b"one\r\nthree\r\n"), (other, b"two\r\n")]
    assert edge.clients.take_outputs() == [] and mine.socket.ready == []
    assert (edge.traffic.lines_sent - lines, edge.traffic.bytes_sent - size) == (3, 17)


def test_the_same_many_lines_are_joined_once_for_all(net: Net) -> None:
    node = next(iter(net.nodes))
    for nick in ("ann", "bob", "cat"):
        net.client(node, nick).sync()
    edge = net.nodes[node].core.edge
    first, second, third = edge.clients.connections.values()
    lines = [b"%d\r\n" % number for number in range(20)]
    for line in lines:
        first.send(line)
        second.send(line)
    for line in lines[::-1]:
        third.send(line)
    outputs = dict(edge.clients.take_outputs())
    assert outputs[first] is outputs[second] and outputs[first] == b"".join(lines)
    assert outputs[third] == b"".join(lines[::-1])


@pytest.fixture
def crowd(net: Net) -> tuple[Edge, Connection, Connection]:
    """The edge of a node to which a crowd comes, and the connections of ann and bob. bob has to read a JOIN that may
    wait."""
    node = next(iter(net.nodes))
    net.client(node, "ann").sync()
    net.client(node, "bob").sync()
    edge = net.nodes[node].core.edge
    ann, bob = edge.clients.connections.values()
    for _ in range(CROWD):
        edge.clients.outputs.may_wait([bob], edge.now)
    assert not edge.clients.outputs.patient
    bob.send(b"JOIN\r\n")
    edge.clients.outputs.may_wait([bob], edge.now)
    return edge, ann, bob


def test_a_join_waits_for_more_lines_while_a_crowd_comes(crowd: tuple[Edge, Connection, Connection]) -> None:
    edge, ann, bob = crowd
    ann.send(b"mine\r\n")
    assert edge.clients.take_outputs() == [(ann, b"mine\r\n")]
    bob.send(b"JOIN\r\n")
    edge.clients.outputs.may_wait([bob], edge.now)
    assert edge.clients.take_outputs() == []
    bob.send(b"talk\r\n")
    assert edge.clients.take_outputs() == [(bob, b"JOIN\r\nJOIN\r\ntalk\r\n")]
    assert edge.clients.take_outputs() == []


def test_a_join_waits_no_longer_than_its_patience(crowd: tuple[Edge, Connection, Connection]) -> None:
    edge, _, bob = crowd
    assert edge.clients.take_outputs() == []
    edge.clients.outputs.patient_until = edge.now
    assert edge.clients.take_outputs() == [(bob, b"JOIN\r\n")]


def test_the_first_joins_of_the_next_second_wait_for_nothing(crowd: tuple[Edge, Connection, Connection]) -> None:
    edge, ann, _ = crowd
    ann.send(b"JOIN\r\n")
    edge.clients.outputs.may_wait([ann], edge.now + 1.0)
    assert edge.clients.take_outputs() == [(ann, b"JOIN\r\n")]


def test_a_pong_takes_the_waiting_joins_of_all_along_and_comes_last(
    crowd: tuple[Edge, Connection, Connection],
) -> None:
    edge, ann, bob = crowd
    assert edge.clients.take_outputs() == []
    ann.send(b"PONG\r\n")
    ann.go_last()
    assert edge.clients.take_outputs() == [(bob, b"JOIN\r\n"), (ann, b"PONG\r\n")]


def test_a_closed_connection_does_not_wait(crowd: tuple[Edge, Connection, Connection]) -> None:
    edge, _, bob = crowd
    edge.clients.hang_up(bob, "Quit")
    assert edge.clients.take_outputs() == [(bob, b"JOIN\r\n")]


def test_in_a_crowd_members_read_each_join_in_the_end(net: Net) -> None:
    node = next(iter(net.nodes))
    first = net.client(node, "first")
    first.send("JOIN #c")
    first.sync()
    for number in range(3 * CROWD):
        net.client(node, f"u{number}").send("JOIN #c")
    net.run(1.0)
    assert len([line for line in first.lines() if " JOIN " in line]) == 3 * CROWD
