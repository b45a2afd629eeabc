"""A plain line among the unanswered commands: it holds up later answers, and a Call may take its place."""

from __future__ import annotations

import pytest

from gateway.edge.client.call import Call
from gateway.edge.client.plain import PlainCommand
from gateway.irc.message import Message
from tests.gateway.commands.stage import network, people
from tests.sim.net import Client

LINE = Message(None, None, "PRIVMSG", ["bob", "hi"])


@pytest.fixture
def ann() -> Client:
    return people(network(1), "ann")[0]


def plain(client: Client) -> PlainCommand:
    command = PlainCommand(client.node.core.edge, client.connection)
    client.net.turn(client.node, command.stand)
    return command


def answer(client: Client, text: str) -> Call:
    """A later command which is answered with the text, as soon as the text may go out."""
    call = Call(client.node.core.edge, client.connection, LINE)

    def run() -> None:
        call.begin()
        call.notice(text)
        call.release()

    client.net.turn(client.node, run)
    return call


def texts(client: Client) -> list[str]:
    return [line.rpartition(":")[2] for line in client.lines()]


def test_later_answers_wait_until_the_plain_command_ends(ann: Client) -> None:
    ann.lines()
    command = plain(ann)
    answer(ann, "later")
    assert texts(ann) == []
    ann.net.turn(ann.node, command.end)
    assert texts(ann) == ["later"] and command.late and not ann.connection.queue.calls


def test_one_that_is_let_go_holds_up_nobody(ann: Client) -> None:
    ann.lines()
    command = plain(ann)
    assert not command.go_on()
    command.let_go()
    assert command.go_on()
    answer(ann, "later")
    assert texts(ann) == ["later"]


def test_one_that_stands_nowhere_ends_without_harm(ann: Client) -> None:
    command = plain(ann)
    for _ in range(2):
        ann.net.turn(ann.node, command.end)
    assert command.late and not ann.connection.queue.calls


def test_the_clock_looks_at_its_client(ann: Client) -> None:
    """The client has to be restless: nothing waits for longer than settle_max_s."""
    ann.lines()
    restless = ann.node.core.edge.clients.attention.restless
    restless.pop(ann.connection, None)
    plain(ann)
    assert ann.connection in restless
    answer(ann, "later")
    ann.net.run(ann.net.engine.settle_max_s + 1)
    assert texts(ann) == ["later"]


def test_a_call_takes_the_place_between_the_other_commands(ann: Client) -> None:
    ann.connection.queue.line = 5
    one, two, three = plain(ann), plain(ann), plain(ann)
    two.since -= 3.0
    ann.connection.queue.line = 9
    call = two.become_call(LINE)
    assert [*ann.connection.queue.calls] == [one, call, three]
    assert (call.line, call.since, call.late) == (5, two.since, False)
    ann.lines()
    ann.net.turn(ann.node, lambda: call.notice("mine"))
    answer(ann, "later")
    assert texts(ann) == []
    ann.net.turn(ann.node, one.end)
    assert texts(ann) == ["mine"]
    ann.net.turn(ann.node, call.release)
    assert texts(ann) == []
    ann.net.turn(ann.node, three.end)
    assert texts(ann) == ["later"]


def test_the_call_of_a_command_that_was_let_go_answers_at_once(ann: Client) -> None:
    one, two = plain(ann), plain(ann)
    two.let_go()
    call = two.become_call(LINE)
    ann.lines()
    ann.net.turn(ann.node, lambda: call.notice("mine"))
    assert texts(ann) == ["mine"] and not one.late
