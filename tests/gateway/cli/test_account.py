"""circlet account and circlet forget with nodes that answer what the test says."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from config.generate import write_network
from gateway.accounts.credentials import check_password
from gateway.cli import visits
from gateway.cli.main import main
from gateway.cli.passwords import read_password
from gateway.guest_accounts import AccountFacts
from gateway.guests import (
    Accounts,
    AccountsAsk,
    AddAccount,
    Done,
    DropAccount,
    ForgetNode,
    Problem,
    Reply,
    Request,
    SetPassword,
    Status,
    StatusAsk,
)
from ring.roster import NodeRecord
from tests.gateway.cli.test_status import record
from tests.gateway.test_findings import well

ANN = AccountFacts("Ann", 1_700_000_000_000, 1_700_000_060_000, ("anna",), 1, True)
BOB = AccountFacts("bob", 1_700_000_000_000, 0, (), 0, None)


class World:
    """Nodes by number: what each answers to a request; one that is not there is silent."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.nodes: dict[int, Callable[[Request], Reply]] = {}
        self.asked: list[tuple[str, Request]] = []
        self.known = [1, 2]

    async def visit(self, _operator: object, node: NodeRecord, request: Request, _timeout_s: float) -> Reply:
        self.asked.append((node.key, request))
        number = int(node.key.rpartition(".")[2])
        if number not in self.nodes:
            return Problem("silent for 3 s")
        if isinstance(request, StatusAsk):
            status = well("a").status
            assert isinstance(status, Status)
            return status
        return self.nodes[number](request)

    async def known_nodes(self, _operator: object) -> visits.Known:
        return visits.Known([record(number) for number in self.known], None, 0, [])

    def run(self, *words: str, stdin: bytes = b"") -> Result:
        return CliRunner().invoke(main, [*words, "--config", str(self.file)], input=stdin)


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    write_network(tmp_path, 1, 0)
    made = World(tmp_path / "node-1.yaml")
    monkeypatch.setattr(visits.Operator, "visit", lambda *words: made.visit(*words))
    monkeypatch.setattr(visits.Operator, "known", lambda operator: made.known_nodes(operator))
    return made


def done(request: Request) -> Reply:
    return Done(f"did {type(request).__name__}")


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


@pytest.mark.parametrize("name", ["node-3.circlet.local", "127.0.0.3"])
def test_all_are_told_of_a_node_that_will_not_come_back(net: World, name: str) -> None:
    net.known = [1, 2, 3]
    net.nodes = {1: done, 2: done}
    result = net.run("forget", name)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [f"node-{n}.circlet.local: did ForgetNode" for n in (1, 2)]
    assert [what for _, what in net.asked[-2:]] == [ForgetNode("127.0.0.3")] * 2


def test_forgetting_is_refused_or_incomplete(net: World) -> None:
    net.known = [1, 2, 3]
    net.nodes = {1: done}
    result = net.run("forget", "127.0.0.3")
    assert result.exit_code == 2 and "node-2.circlet.local does not answer, and was not told" in result.stderr
    for name, why in (("127.0.0.1", "is alive: stop it first"), ("nonsense", "no node knows nonsense")):
        result = net.run("forget", name)
        assert result.exit_code == 1 and why in result.stderr
    net.nodes = {}
    result = net.run("forget", "127.0.0.3")
    assert result.exit_code == 1 and "no node answers" in result.stderr


def test_a_terminal_may_send_what_is_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prompted for, as a person does it."""
    controller, terminal = os.openpty()
    os.write(controller, b"\xff\xfe\n")
    with os.fdopen(terminal, encoding="utf-8") as typed:
        monkeypatch.setattr("sys.stdin", typed)
        monkeypatch.setattr("click.termui.hidden_prompt_func", lambda prompt: typed.readline())
        with pytest.raises(SystemExit) as ended:
            read_password()
    os.close(controller)
    assert ended.value.code == 1
