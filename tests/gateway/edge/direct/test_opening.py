"""A conversation is opened when each side with an account agrees, and each session has its user."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from gateway.edge.direct.opening import open_conversation
from gateway.edge.procedures import run
from gateway.state.account.messages import SetSettings
from gateway.state.conversation.conversation import Conversation, Party, conversation
from gateway.state.people import Person
from ring.ids import GroupId
from tests.gateway.commands.accounts import register
from tests.gateway.commands.stage import network, people
from tests.sim.net import Client, Net

Three = tuple[Net, Client, Client, Client]


@pytest.fixture
def three() -> Three:
    """ann and bob have accounts, each on a node of its own; the guest cat is on the first node."""
    net = network(2)
    ann, bob, cat = people(net, "ann", "bob", "cat")
    for client in (ann, bob):
        register(client)
    net.run(1)
    return net, ann, bob, cat


def person(client: Client) -> Person:
    assert client.connection.user is not None
    return client.connection.user.person


def party(client: Client) -> Party:
    login = client.connection.login
    return Party(login.name, login.life) if login is not None else Party(person(client).uid, "")


def opened(client: Client, holder: Person, other: str) -> GroupId | None:
    user, edge, found = client.connection.user, client.node.core.edge, list[Any]()
    assert user is not None
    client.net.turn(client.node, lambda: run(edge, open_conversation(edge, user, holder, other), found.append))
    assert client.net.until(lambda: bool(found), 12)
    client.net.run(1)
    return found[0]


def seats(net: Net, group: GroupId) -> set[str]:
    states = [node.core.engine.state(group) for node in net.nodes.values()]
    return {account for state in states if isinstance(state, Conversation) for account in state.seats}


def test_both_accounts_have_a_seat_once_the_conversation_is_open(three: Three) -> None:
    net, ann, bob, _ = three
    group = opened(ann, person(bob), "bob")
    assert group == conversation(party(ann), party(bob)) and group is not None
    assert seats(net, group) == {"ann", "bob"}
    assert opened(bob, person(ann), "ann") == group


@pytest.mark.parametrize("guest_speaks", [True, False])
def test_with_a_guest_the_account_alone_has_a_seat(three: Three, guest_speaks: bool) -> None:
    net, ann, _, cat = three
    group = opened(cat, person(ann), "ann") if guest_speaks else opened(ann, person(cat), person(cat).uid)
    assert group == conversation(party(ann), party(cat)) and group is not None
    assert seats(net, group) == {"ann"}
    edge, user = ann.node.core.edge, ann.connection.user
    assert user is not None
    known = edge.conversations.of(user)[group]
    assert (known.other, known.nick) == (person(cat).uid, "cat")


def unwilling(net: Net, bob: Client) -> None:
    net.turn(bob.node, lambda: bob.node.core.edge.network.submit(GroupId("account", "bob"), SetSettings("", NO)))


NO: dict[str, Any] = {"keep_private": False}


@pytest.mark.parametrize(
    ("prepare", "other"),
    [(unwilling, "bob"), (lambda net, bob: None, "nobody"), (lambda net, bob: bob.ask("NS GROUP robert"), "robert")],
)
def test_no_conversation_with_an_account_that_is_unwilling_unknown_or_an_alias(
    three: Three, prepare: Callable[[Net, Client], object], other: str
) -> None:
    net, ann, bob, _ = three
    prepare(net, bob)
    net.run(1)
    assert opened(ann, person(bob), other) is None
    assert ann.node.core.edge.conversations.rooms == {}


def test_no_conversation_if_the_accounts_session_is_of_another_user(three: Three) -> None:
    """The nick has changed hands since the holder was named."""
    _, ann, bob, _ = three
    assert opened(ann, msgspec.structs.replace(person(bob), uid="0other"), "bob") is None


def test_no_conversation_with_an_account_without_a_session(three: Three) -> None:
    net, ann, bob, _ = three
    holder = person(bob)
    bob.quit()
    net.run(2)
    assert opened(ann, holder, "bob") is None
