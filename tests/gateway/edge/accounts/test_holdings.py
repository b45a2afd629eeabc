"""Grouped nicks and certificates: claimed before the account lists the name, and freed when the account is dropped."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.edge.accounts import holdings
from gateway.edge.accounts.proof import Login
from gateway.edge.accounts.verify import certificate_group
from gateway.edge.procedures import Procedure, run
from gateway.state.account.messages import Accepted, Denied
from gateway.state.account.messages import Login as AskLogin
from tests.gateway.commands.accounts import Newcomer, register
from tests.gateway.commands.stage import network, people
from tests.sim.net import Client, Net

FINGERPRINT = "ab" * 32
Two = tuple[Net, Client, Client]


@pytest.fixture
def two() -> Two:
    """ann and bob have accounts, each on a node of its own."""
    net = network(2)
    ann, bob = people(net, "ann", "bob")
    for client in (ann, bob):
        register(client)
    return net, ann, bob


def login(client: Client) -> Login:
    assert client.connection.login is not None
    return client.connection.login


def outcome(client: Client, procedure: Procedure[Any]) -> Any:
    found: list[Any] = []
    client.net.turn(client.node, lambda: run(client.node.core.edge, procedure, found.append))
    assert client.net.until(lambda: bool(found), 12)
    client.net.run(1)
    return found[0]


def view(client: Client, name: str) -> Any:
    """The answer of the account's group to a question about the name."""
    edge, found = client.node.core.edge, list[Any]()
    group = certificate_group(name) if name == FINGERPRINT else edge.account(name)
    client.net.turn(client.node, lambda: edge.network.ask(group, AskLogin(), found.append))
    assert client.net.until(lambda: bool(found), 12)
    return found[0]


def test_a_grouped_nick_names_the_account_and_the_account_lists_the_nick(two: Two) -> None:
    _, ann, _ = two
    edge = ann.node.core.edge
    for _ in range(2):  # every step may be repeated
        assert outcome(ann, holdings.add_nick(edge, login(ann), "Annie")) == Accepted("ann")
    assert view(ann, "annie").alias == "ann" and view(ann, "ann").nicks == ("annie",)
    assert outcome(ann, holdings.remove_nick(edge, login(ann), "ANNIE")) == Accepted("ann")
    assert not view(ann, "annie").alias and view(ann, "ann").nicks == ()


def test_the_own_name_is_grouped_already(two: Two) -> None:
    _, ann, _ = two
    assert outcome(ann, holdings.add_nick(ann.node.core.edge, login(ann), "ANN")) == Accepted("ann")
    assert view(ann, "ann").nicks == () and not view(ann, "ann").alias


def test_a_name_of_another_account_is_taken(two: Two) -> None:
    _, ann, bob = two
    edge = ann.node.core.edge
    assert outcome(ann, holdings.add_nick(edge, login(ann), "bob")) == Denied("taken")
    assert outcome(ann, holdings.add_certificate(edge, login(ann), FINGERPRINT)) == Accepted("ann")
    there = bob.node.core.edge
    assert outcome(bob, holdings.add_certificate(there, login(bob), FINGERPRINT)) == Denied("taken")
    assert view(bob, "bob").certificates == () and view(ann, "ann").certificates == (FINGERPRINT,)


def test_a_name_that_the_account_does_not_list_is_freed_again(two: Two) -> None:
    """The account's group denies the nick to a registration which is gone: nobody is left with the alias."""
    _, ann, bob = two
    edge = ann.node.core.edge
    assert outcome(ann, holdings.add_nick(edge, login(ann)._replace(life="gone"), "annie")) == Denied("unknown")
    assert not view(ann, "annie").alias
    assert outcome(bob, holdings.add_nick(bob.node.core.edge, login(bob), "annie")) == Accepted("bob")


def test_nobody_removes_the_nick_of_another_account(two: Two) -> None:
    _, ann, bob = two
    outcome(ann, holdings.add_nick(ann.node.core.edge, login(ann), "annie"))
    outcome(bob, holdings.remove_nick(bob.node.core.edge, login(bob), "annie"))
    assert view(ann, "annie").alias == "ann" and view(ann, "ann").nicks == ("annie",)


def test_a_dropped_account_frees_all_and_logs_out_on_every_node(two: Two) -> None:
    net, ann, bob = two
    edge = ann.node.core.edge
    outcome(ann, holdings.add_nick(edge, login(ann), "annie"))
    outcome(ann, holdings.add_certificate(edge, login(ann), FINGERPRINT))
    other = Newcomer(net, "n2")
    other.log_in("ann", "sesame")
    assert outcome(ann, holdings.drop(edge, "ANN", login(ann).life)) == Accepted("ann")
    assert not view(bob, "ann").life and not view(bob, "annie").alias and not view(bob, FINGERPRINT).alias
    assert ann.connection.login is None and other.connection.login is None
    assert bob.connection.login is not None


def test_an_older_registration_drops_nothing(two: Two) -> None:
    _, ann, _ = two
    assert outcome(ann, holdings.drop(ann.node.core.edge, "ann", "gone")) == Denied("unknown")
    assert ann.connection.login is not None and view(ann, "ann").life
