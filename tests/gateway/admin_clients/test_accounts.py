"""Commands of an operator's program for accounts, at any node."""

from __future__ import annotations

import pytest

import config.accounts
from gateway.accounts.credentials import Credentials
from gateway.admin_clients.accounts import PAGE
from gateway.admin_clients.requests import (
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
    answer,
    encode,
    read_reply,
)
from tests.gateway.commands.accounts import Newcomer, register
from tests.gateway.commands.stage import network
from tests.sim.net import Net


def credentials(password: str) -> Credentials:
    """Make credentials, as checked by the simulator's nodes."""
    return Credentials(f"plain {password}")


def ask(net: Net, node: str, request: Request) -> Reply:
    replies: list[bytes] = []
    there = net.nodes[node]
    net.turn(there, lambda: answer(there.core, {}, encode(request), replies.append))
    assert net.until(lambda: bool(replies), 60)
    assert len(replies) == 1
    return read_reply(replies[0])


def logs_in(net: Net, node: str, name: str, password: str) -> bool:
    return Newcomer(net, node).log_in(name, password)[-1].startswith("903")


def names(net: Net) -> list[str]:
    found: list[str] = []
    for node in net.nodes:
        kept = ask(net, node, AccountsAsk())
        assert isinstance(kept, Accounts) and not kept.more
        found += [one.name for one in kept.accounts]
    return sorted(found)


def test_an_account_from_its_beginning_to_its_end() -> None:
    net = network(3)
    assert ask(net, "n2", AddAccount("Joe", credentials("one"))) == Done("account Joe is there")
    assert logs_in(net, "n1", "joe", "one") and logs_in(net, "n3", "Joe", "one")
    assert names(net) == ["Joe"]
    assert isinstance(ask(net, "n3", SetPassword("joe", credentials("two"))), Done)
    assert not logs_in(net, "n1", "joe", "one") and logs_in(net, "n2", "joe", "two")
    client = Newcomer(net, "n1")
    client.log_in("joe", "two")
    client.enter("joe")
    assert isinstance(ask(net, "n3", DropAccount("JOE")), Done)
    net.run(2)
    assert client.connection.login is None
    assert names(net) == [] and not logs_in(net, "n1", "joe", "two")


def test_who_goes_by_the_nick_already_is_told_and_renamed_like_others() -> None:
    net = network(3, accounts=config.accounts.Accounts(nick_delay_s=5))
    joe = net.client("n1", "joe")
    assert ask(net, "n2", AddAccount("Joe", credentials("one"))) == Done("account Joe is there")
    net.run(1)
    assert "The nick joe belongs to an account." in joe.lines()[-1]
    net.run(6)
    assert joe.lines()[-1].startswith(":joe!~joe@10.0.0.1 NICK Guest")


def test_what_cannot_be_done_is_said() -> None:
    net = network(2)
    (ann,) = [net.client("n1", "ann")]
    register(ann)
    ann.send("NS GROUP")
    ann.sync()
    ann.send("NICK other")
    ann.sync()
    ann.send("NS GROUP")
    ann.sync()
    one = credentials("one")
    for request, why in [
        (AddAccount("ANN", one), "there is an account ann already"),
        (AddAccount("other", one), "other is a nick of the account ann"),
        (AddAccount("no nick", one), "'no nick' is no name for an account: it has to be a nick of IRC"),
        (AddAccount("NickServ", one), "NickServ is no name for an account: that is the name of a service"),
        (AddAccount("x" * 500, one), "is no name for an account"),
        (SetPassword("nobody", one), "there is no account nobody"),
        (SetPassword("other", one), "other is a nick of the account ann: name that"),
        (SetPassword("", one), "there is no account "),
        (DropAccount("nobody"), "there is no account nobody"),
        (ForgetNode("127.0.0.2"), "that is this node itself, and this node is alive"),
        (ForgetNode("127.0.0.1"), "that node is alive: stop that node first"),
    ]:
        reply = ask(net, "n2", request)
        assert isinstance(reply, Problem) and why in reply.text


def test_a_network_without_accounts() -> None:
    net = network(1, accounts=config.accounts.Accounts(enabled=False))
    assert isinstance(ask(net, "n1", AccountsAsk()), Problem)


def test_many_are_told_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    assert PAGE >= 100
    monkeypatch.setattr("gateway.admin_clients.accounts.PAGE", 3)
    net = network(1)
    for number in range(7):
        ask(net, "n1", AddAccount(f"joe{number}", credentials("x")))
    found, after = [], ""
    for more in (True, True, False):
        page = ask(net, "n1", AccountsAsk(after))
        assert isinstance(page, Accounts) and page.more == more
        found += [one.name for one in page.accounts]
        after = page.last
    assert found == [f"joe{number}" for number in range(7)]


def test_nobody_who_keeps_accounts_answers() -> None:
    """Of two copies one is gone for good; both were started from disk. After `forget`, nobody waits for the lost copy
    (P36).
    """
    net = Net(3, disks=True)
    assert isinstance(ask(net, "n1", AddAccount("joe", credentials("one"))), Done)
    group = net.nodes["n1"].core.edge.account("joe")
    holders = sorted(name for name, node in net.nodes.items() if _holds(node.core.engine, group))
    assert len(holders) == 2
    for name in list(net.nodes):
        net.kill(name)
    lost = holders[0]
    for name in net.nodes:
        if name != lost:
            net.start(int(name[1:]), [net.nodes[lost].core.engine.peers.me])
    net.run(10)
    left = next(name for name in net.nodes if name != lost)
    reply = ask(net, left, SetPassword("joe", credentials("two")))
    assert isinstance(reply, Problem)
    assert logs_in(net, left, "joe", "one")  # the remaining copy may be read
    key = net.nodes[lost].key
    for name in net.nodes:
        if name != lost:
            assert isinstance(ask(net, name, ForgetNode(key)), Done)
    net.run(5)
    assert isinstance(ask(net, left, SetPassword("joe", credentials("two"))), Done)
    assert logs_in(net, left, "joe", "two")


def _holds(engine: object, group: object) -> bool:
    leading, following = engine.replicas.masters, engine.replicas.followers  # type: ignore[attr-defined]
    return group in leading or (group in following and following[group].is_backup)
