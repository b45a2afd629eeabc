"""circlet account and circlet forget with nodes that answer what the test says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.accounts.credentials import check_password
from gateway.admin_clients.accounts import AccountFacts
from gateway.admin_clients.requests import (
    Accounts,
    AccountsAsk,
    AddAccount,
    DropAccount,
    Problem,
    Reply,
    Request,
    SetPassword,
)
from tests.gateway.cli.world import World, done, set_up

ANN = AccountFacts("Ann", 1_700_000_000_000, 1_700_000_060_000, ("anna",), 1, True)
BOB = AccountFacts("bob", 1_700_000_000_000, 0, (), 0, None)


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return set_up(tmp_path, monkeypatch)


@pytest.mark.parametrize("word", ["add", "passwd"])
@pytest.mark.parametrize("password", ["sesame", "Пароль с пробелами", "x" * 1_000, "é" * 500])
def test_only_the_hash_of_a_password_leaves_the_machine(net: World, word: str, password: str) -> None:
    net.nodes = {1: done}
    result = net.run("account", word, "Joe", stdin=password.encode() + b"\r\nmore\n")
    assert result.exit_code == 0 and result.stdout.startswith("did ")
    request = net.asked[-1][1]
    assert isinstance(request, AddAccount if word == "add" else SetPassword) and request.name == "Joe"
    assert check_password(request.credentials, password)


@pytest.mark.parametrize(
    ("stdin", "said"),
    [
        (b"", "a password must not be empty"),
        (b"\n", "a password must not be empty"),
        (b"x" * 1_001 + b"\n", "a password must not be longer than 1,000 bytes, and this one has 1,001"),
        (b"s\xffsame\n", "a password must be UTF-8"),
        (b"s\0same\n", "a password must not contain NUL"),
    ],
)
def test_what_is_no_password_is_not_sent(net: World, stdin: bytes, said: str) -> None:
    net.nodes = {1: done}
    result = net.run("account", "add", "joe", stdin=stdin)
    assert result.exit_code == 1 and said in result.stderr and not net.asked


def test_any_node_that_is_there_speaks_for_the_network(net: World) -> None:
    net.nodes = {2: done}
    assert net.run("account", "drop", "joe").stdout == "did DropAccount\n"
    assert net.asked[-1] == ("127.0.0.2", DropAccount("joe"))
    net.nodes = {}
    result = net.run("account", "drop", "joe")
    assert result.exit_code == 1 and "no node answers" in result.stderr and "silent for 3 s" in result.stderr


def test_why_it_is_not_done(net: World) -> None:
    net.nodes = {1: lambda _: Problem("there is no account joe")}
    result = net.run("account", "passwd", "joe", stdin=b"sesame\n")
    assert (result.exit_code, result.stderr) == (1, "there is no account joe\n")


def kept(*accounts: AccountFacts) -> Callable[[Request], Reply]:
    """Told one at a time."""

    def answer(request: Request) -> Reply:
        assert isinstance(request, AccountsAsk)
        left = [one for one in accounts if one.name.lower() > request.after]
        return Accounts(left[:1], len(left) > 1, left[0].name.lower() if left else "")

    return answer


def test_the_accounts_of_all_nodes_in_one_table(net: World) -> None:
    net.nodes = {1: kept(BOB), 2: kept(ANN, BOB)}
    lines = net.run("account", "list").stdout.splitlines()
    assert lines[0].split() == ["account", "since", "last", "login", "other", "nicks", "certificates", "always", "on"]
    assert [line.split() for line in lines[2:]] == [
        ["Ann", "2023-11-14", "22:13", "2023-11-14", "22:14", "anna", "1", "on"],
        ["bob", "2023-11-14", "22:13", "never", "0", "default"],
    ]
    told = json.loads(net.run("account", "list", "--json").stdout)
    assert [one["name"] for one in told["accounts"]] == ["Ann", "bob"] and told["silent"] == []


def test_who_does_not_answer_is_named(net: World) -> None:
    net.nodes = {1: kept(BOB)}
    result = net.run("account", "list")
    assert result.exit_code == 2 and "bob" in result.stdout
    assert "node-2.circlet.local does not tell (silent for 3 s): accounts may be missing here" in result.stderr
