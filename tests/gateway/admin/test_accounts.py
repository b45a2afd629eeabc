"""Operators' actions on accounts: refused in words before anything changes."""

from __future__ import annotations

from typing import Any

import pytest

from config.accounts import Accounts
from gateway.accounts.credentials import Credentials
from gateway.admin import accounts
from gateway.admin.procedures import Problem
from gateway.state.account.messages import InfoView
from tests.gateway.admin.stage import ask
from tests.gateway.commands.accounts import register
from tests.gateway.commands.stage import network, people
from tests.sim.net import Net

MADE = Credentials("plain sesame")


@pytest.fixture
def net() -> Net:
    made = network(2)
    (ann,) = people(made, "ann")
    register(ann)
    ann.ask("NICK annie", "NS GROUP")
    return made


def edge(net: Net) -> Any:
    return net.nodes["n2"].core.edge


def problem(net: Net, procedure: Any) -> tuple[str, str]:
    found = ask(net, "n2", procedure)
    assert isinstance(found, Problem)
    return found.why, found.text


def test_an_account_is_looked_up_by_its_name_in_any_case(net: Net) -> None:
    found = ask(net, "n2", accounts.one(edge(net), "ANN"))
    assert isinstance(found, InfoView) and found.name == "ann"


@pytest.mark.parametrize(
    "change",
    [
        lambda at, name: accounts.one(at, name),
        lambda at, name: accounts.set_password(at, name, MADE),
        lambda at, name: accounts.choose(at, name, {"always_on": True}),
        lambda at, name: accounts.drop(at, name),
    ],
)
def test_a_nick_and_an_unknown_name_are_no_account(net: Net, change: Any) -> None:
    assert problem(net, change(edge(net), "annie")) == ("refused", "annie is a nick of the account ann: name that")
    assert problem(net, change(edge(net), "nobody")) == ("unknown", "there is no account nobody")
    assert problem(net, change(edge(net), "no nick")) == ("unknown", "there is no account no nick")


@pytest.mark.parametrize(
    ("name", "why", "words"),
    [
        ("Ann", "refused", "there is an account ann already"),
        ("annie", "refused", "annie is a nick of the account ann"),
        ("NickServ", "invalid", "NickServ is no name for an account"),
        ("a b", "invalid", "it has to be a nick of IRC"),
    ],
)
def test_a_name_that_is_taken_or_no_nick_is_not_registered(net: Net, name: str, why: str, words: str) -> None:
    found = problem(net, accounts.add(edge(net), name, MADE))
    assert found[0] == why and words in found[1]


def test_a_short_password_is_refused_before_any_hash_is_made(net: Net) -> None:
    least = edge(net).settings.accounts.password_min
    edge(net).outside.make_credentials = lambda password, done: done(MADE)
    assert problem(net, accounts.credentials(edge(net), "x" * (least - 1)))[0] == "invalid"
    assert ask(net, "n2", accounts.credentials(edge(net), "x" * least)) == MADE
    edge(net).outside.make_credentials = lambda password, done: done(None)
    assert problem(net, accounts.credentials(edge(net), "x" * least))[0] == "unanswered"


def test_a_network_without_accounts_says_so() -> None:
    net = network(2, accounts=Accounts(enabled=False))
    assert problem(net, accounts.add(edge(net), "bob", MADE)) == ("refused", accounts.NONE)
    assert problem(net, accounts.drop(edge(net), "bob")) == ("refused", accounts.NONE)
