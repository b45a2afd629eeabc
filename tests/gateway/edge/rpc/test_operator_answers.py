"""Requests of operators' programs on a node: ends a session or a client, and acts on changed settings."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.edge.rpc.operator_answers import answer
from gateway.edge.rpc.operator_asks import ChosenAsk, EndAsk, Ended, Heeded
from tests.gateway.commands.accounts import register
from tests.gateway.commands.stage import network, people
from tests.sim.net import Client, Net


@pytest.fixture
def cast() -> tuple[Net, list[Client]]:
    net = network(1)
    return net, people(net, "ann", "bob", channel="#c")


def ask(net: Net, question: Any) -> Any:
    answers: list[Any] = []
    node = net.nodes["n1"]
    net.turn(node, lambda: answers.append(answer(node.core.edge, question)))
    net.run(1)
    return answers[0]


def uid(client: Client) -> str:
    assert client.connection.user is not None
    return client.connection.user.uid


def test_a_user_that_the_node_does_not_have_is_told_by_an_empty_nick(cast: tuple[Net, list[Client]]) -> None:
    assert ask(cast[0], EndAsk("nobody", 0, "enough")) == Ended("")


def test_a_session_ends_with_all_clients_and_once(cast: tuple[Net, list[Client]]) -> None:
    net, (ann, bob) = cast
    question = EndAsk(uid(bob), 0, "enough")
    assert ask(net, question) == Ended("bob")
    assert bob.closed is not None
    assert sum(" QUIT :enough" in line for line in ann.lines()) == 1
    assert ask(net, question) == Ended("")


def test_a_user_on_the_way_out_is_not_ended_again(cast: tuple[Net, list[Client]]) -> None:
    net, (_, bob) = cast
    edge = net.nodes["n1"].core.edge
    edge.users[uid(bob)].quitting = True
    assert answer(edge, EndAsk(uid(bob), 0, "enough")) == Ended("")


def test_another_client_s_number_ends_nothing(cast: tuple[Net, list[Client]]) -> None:
    net, (ann, bob) = cast
    assert ask(net, EndAsk(uid(bob), ann.connection.number, "enough")) == Ended("")
    assert ann.closed is None and bob.closed is None


def test_a_client_of_a_session_that_lasts_ends_alone(cast: tuple[Net, list[Client]]) -> None:
    net, (ann, bob) = cast
    register(bob)
    bob.ask("NS SET ALWAYS-ON on")
    assert ask(net, EndAsk(uid(bob), bob.connection.number, "enough")) == Ended("bob")
    assert bob.closed is not None
    assert not any(" QUIT " in line for line in ann.lines())


def test_only_the_session_of_the_account_is_looked_up_again(cast: tuple[Net, list[Client]]) -> None:
    net, (_, bob) = cast
    register(bob)
    sessions, looked = net.nodes["n1"].core.edge.sessions, list[str]()
    sessions.look_up = lambda user: looked.append(user.person.nick)  # type: ignore[method-assign,assignment]
    assert ask(net, ChosenAsk("ann")) == Heeded() and not looked
    assert ask(net, ChosenAsk("bob")) == Heeded() and looked == ["bob"]
