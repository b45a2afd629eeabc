"""Logging in with PASS, as with a bouncer."""

from __future__ import annotations

import re

import pytest

from config.accounts import Accounts
from tests.gateway.commands.accounts import Newcomer, register
from tests.gateway.commands.stage import network
from tests.sim.net import Net

PASSWORD = "sés:ame " + "x" * 200


@pytest.fixture
def net() -> Net:
    net = network(2)
    assert any(line.startswith("REGISTER SUCCESS") for line in register(net.client("n1", "joe"), PASSWORD))
    return net


def connect(net: Net, password: str, user: str = "joe", nick: str = "elsewhere") -> tuple[Newcomer, list[str]]:
    """As WeeChat begins."""
    return connect_to(net, "n2", password, user, nick)


def connect_to(
    net: Net, node: str, password: str, user: str = "joe", nick: str = "elsewhere"
) -> tuple[Newcomer, list[str]]:
    client = Newcomer(net, node, caps="")
    client.nick = nick
    client.send(f"PASS :{password}", f"NICK {nick}", f"USER {user} 0 * :real")
    return client, client.hear(" 221 ", " 433 ", "ERROR")


@pytest.mark.parametrize(
    ("password", "user", "device"),
    [
        (f"joe:{PASSWORD}", "joe", ""),
        (f"JOE@phone:{PASSWORD}", "me", "phone"),
        (PASSWORD, "joe@phone", "phone"),
        (f"joe@laptop:{PASSWORD}", "joe@phone", "laptop"),
        (f"joe/libera:{PASSWORD}", "me", "libera"),
        (f"Joe@phone/libera:{PASSWORD}", "me", "phone/libera"),
        (PASSWORD, "joe/libera", "libera"),
    ],
)
def test_each_form(net: Net, password: str, user: str, device: str) -> None:
    client, got = connect(net, password, user)
    assert got[0] == "900 * elsewhere!~joe@10.0.0.1 joe :You are now logged in as joe".replace(
        "~joe", f"~{re.split('[@/]', user)[0]}"
    )
    login = client.connection.login
    assert login is not None and (login.name, login.device) == ("joe", device)
    assert got[-1].startswith("221 ")
    client.send("WHOIS joe")
    assert any(" 330 " in f" {line}" for line in client.hear(" 318 "))


@pytest.mark.parametrize(
    ("password", "user", "said"),
    [
        ("joe:wrong", "joe", "There is no such account, or the password is wrong"),
        ("nobody:wrong", "joe", "There is no such account, or the password is wrong"),
        ("wrong", "joe@phone", "There is no such account, or the password is wrong"),
        ("x", "@", "There is no such account, or the password is wrong"),
        ("joe:", "joe", "A password must not be empty"),
        (f"joe@{'x' * 80}:{PASSWORD}", "joe", "A device's name has"),
    ],
)
def test_who_is_refused_is_told_why_and_is_not_here_as_somebody_else(
    net: Net, password: str, user: str, said: str
) -> None:
    client, got = connect(net, password, user)
    assert got[0].startswith(f"464 * :{said}") and got[-1].startswith("ERROR :")
    assert client.closed is not None and client.connection.user is None


def test_who_is_made_to_wait_is_told_why_and_not_that_it_took_too_long(net: Net) -> None:
    waited = []
    for _ in range(9):
        began = net.now
        assert connect(net, "nobody:wrong")[1][0].startswith("464 ")
        waited.append(net.now - began)
    assert waited[-1] > net.edge.clients.register_timeout_s


@pytest.mark.parametrize("password", ["sesame", ":", ":x", "1:x", "no good:x", ""])
def test_a_password_that_names_no_account_is_not_minded(net: Net, password: str) -> None:
    client, got = connect(net, password)
    assert got[-1].startswith("221 ") and client.connection.login is None
    told = [line for line in got if line.startswith("NOTICE ")]
    how = ", and yours names no account. To log in, send PASS account:password."
    assert told == [f"NOTICE * :Your PASS was not used: this network has no password of its own{how}"]


def test_a_password_is_minded_once_though_the_nick_is_taken(net: Net) -> None:
    net.client("n1", "elsewhere")
    client, got = connect(net, "sesame")
    assert " 433 " in f" {got[-1]}" and "PASS was not used" in got[0]
    client.send("NICK other")
    assert not any("PASS" in line for line in client.hear(" 221 "))


def test_a_network_without_accounts_minds_a_password_too() -> None:
    net = network(1, accounts=Accounts(enabled=False))
    _, got = connect_to(net, "n1", "joe:sesame")
    assert got[0] == "NOTICE * :Your PASS was not used: this network has no password of its own."


def test_the_password_of_the_network_is_nothing_else() -> None:
    net = network(1, server_password_hash="joe:sesame")
    client = Newcomer(net, "n1", caps="")
    client.send("PASS joe:sesame", "NICK joe", "USER joe@phone 0 * :real")
    assert client.hear(" 221 ", "ERROR")[-1].startswith("221 ") and client.connection.login is None


def test_who_has_logged_in_before_is_that(net: Net) -> None:
    client = Newcomer(net, "n2")
    client.send("PASS joe:wrong")
    assert any(line.startswith("903") for line in client.log_in("joe", PASSWORD))
    assert client.enter("elsewhere")[-1].startswith("221 ")
