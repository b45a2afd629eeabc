"""REGISTER and VERIFY: good and bad, before connecting and after."""

from __future__ import annotations

from typing import Any

import pytest

from config.accounts import Accounts
from gateway.state.account.messages import Drop
from tests.gateway.commands.accounts import Newcomer, log_in, register
from tests.gateway.commands.stage import network, people
from tests.sim.net import Client, Net

EARLY = "draft/account-registration=before-connect,custom-account-name"


def test_register_once_connected(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c", caps="sasl account-notify")
    assert register(ann) == [
        ":ann!~ann@10.0.0.1 ACCOUNT ann",
        "MODE ann +r",
        "900 ann ann!~ann@10.0.0.1 ann :You are now logged in as ann",
        "REGISTER SUCCESS ann :Account ann is registered",
    ]
    ann.sync()
    assert ":ann!~ann@10.0.0.1 ACCOUNT ann" in bob.sync()
    assert register(ann) == ["FAIL REGISTER ALREADY_AUTHENTICATED ann :You are logged in as ann"]
    ann.ask("NICK anna")
    assert register(bob, name="ANNA") == ["FAIL REGISTER BAD_ACCOUNT_NAME ANNA :Somebody else has the nick anna now"]
    assert register(bob, name="ANN") == [
        "FAIL REGISTER ACCOUNT_EXISTS ANN :An account with this name or nick exists already"
    ]
    assert "SUCCESS" in register(bob, name="Robert")[-1]  # the name of an account need not be the nick
    assert "330 ann bob Robert :is logged in as" in [line.replace(" anna ", " ann ") for line in ann.ask("WHOIS bob")]


def test_register_before_connecting(net: Net) -> None:
    client = Newcomer(net, "n1")
    assert register(client) == ["FAIL REGISTER NEED_NICK * :Send NICK first"]
    client.send("NICK ann")
    assert register(client) == [
        "900 * ann!*@10.0.0.1 ann :You are now logged in as ann",
        "REGISTER SUCCESS ann :Account ann is registered",
    ]
    assert client.enter("ann")[-1] == "221 ann +r"
    other = Newcomer(net, "n1")
    other.send("NICK ann")
    assert register(other, "mellon")[0].startswith("FAIL REGISTER ACCOUNT_EXISTS ann ")


@pytest.mark.parametrize(
    ("registration", "value", "early", "late"),
    [
        ("open", "before-connect,custom-account-name", "SUCCESS", "SUCCESS"),
        ("connected", "custom-account-name", "COMPLETE_CONNECTION_REQUIRED", "SUCCESS"),
        ("before_connect", "before-connect,custom-account-name", "SUCCESS", "TEMPORARILY_UNAVAILABLE"),
        ("closed", None, "TEMPORARILY_UNAVAILABLE", "TEMPORARILY_UNAVAILABLE"),
    ],
)
def test_who_may_register_is_the_operators_choice(registration: Any, value: str | None, early: str, late: str) -> None:
    net = network(1, accounts=Accounts(registration=registration))
    (ann,) = people(net, "ann")
    ls = ann.ask("CAP LS 302")[0]
    assert (f"draft/account-registration={value} " in ls) if value else ("account-registration" not in ls)
    assert early in register(Newcomer(net, "n1", caps=""), name="bob")[-1] or early == "SUCCESS"
    client = Newcomer(net, "n1")
    client.send("NICK bob")
    assert early in register(client)[-1]
    assert late in register(ann)[-1]


def test_registering_is_no_way_around_the_servers_password() -> None:
    net = network(1, server_password_hash="sesame")
    client = Newcomer(net, "n1", caps="")
    client.send("CAP LS 302", "NICK ann")
    assert "draft/account-registration=custom-account-name " in client.got[0]
    assert register(client) == ["FAIL REGISTER COMPLETE_CONNECTION_REQUIRED :Connect first, then register"]
    client.send("VERIFY ann 1")
    assert client.got[-1].endswith("FAIL VERIFY COMPLETE_CONNECTION_REQUIRED :Connect first")


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("REGISTER", "461 ann REGISTER :Not enough parameters"),
        ("REGISTER ann sesame", "461 ann REGISTER :Not enough parameters"),
        ("REGISTER no,nick * sesame", "FAIL REGISTER BAD_ACCOUNT_NAME no,nick :An account's name has to be a nick"),
        ("REGISTER 0-1-2 * sesame", "FAIL REGISTER BAD_ACCOUNT_NAME 0-1-2 :An account's name has to be a nick"),
        ("REGISTER \udcff * sesame", "FAIL REGISTER BAD_ACCOUNT_NAME * :An account's name has to be a nick"),
        (
            f"REGISTER {'x' * 99} * sesame",
            f"FAIL REGISTER BAD_ACCOUNT_NAME {'x' * 64} :An account's name has to be a nick",
        ),
        ("REGISTER NICKserv * sesame", "FAIL REGISTER BAD_ACCOUNT_NAME NICKserv :That is the name of a service"),
        (
            "REGISTER ann * correct horse",
            "FAIL REGISTER UNACCEPTABLE_PASSWORD ann :Write a colon before a password with spaces",
        ),
        ("REGISTER ann * :", "FAIL REGISTER UNACCEPTABLE_PASSWORD ann :A password must not be empty"),
        ("REGISTER ann * \udcff", "FAIL REGISTER UNACCEPTABLE_PASSWORD ann :A password must be UTF-8"),
        ("REGISTER ann * short", "FAIL REGISTER WEAK_PASSWORD ann :A password needs 6 bytes or more"),
        ("VERIFY", "461 ann VERIFY :Not enough parameters"),
        ("VERIFY ann", "461 ann VERIFY :Not enough parameters"),
        (
            "VERIFY ann 123",
            "FAIL VERIFY INVALID_CODE ann :Accounts need no verification here: log in with the password",
        ),
        (
            "VERIFY \udcff 123",
            "FAIL VERIFY INVALID_CODE * :Accounts need no verification here: log in with the password",
        ),
    ],
)
def test_bad_lines(line: str, answer: str) -> None:
    net = network(1)
    (ann,) = people(net, "ann")
    assert ann.ask(line) == [answer]
    register(ann)
    assert ann.ask("VERIFY ann 1") == ["FAIL VERIFY ALREADY_AUTHENTICATED ann :You are logged in as ann"]


def test_bots_are_slowed_wherever_they_come(net: Net) -> None:
    names = list(net.nodes)
    for number in range(4):
        (bot,) = [net.client(names[number % len(names)], f"bot{number}")]
        assert "SUCCESS" in register(bot)[-1]
    late = net.client(names[0], "late")
    assert register(late) == [
        "FAIL REGISTER TEMPORARILY_UNAVAILABLE late "
        ":Too many accounts were registered from your address: try again in 61 seconds"
    ]
    net.run(62)
    assert "SUCCESS" in register(late)[-1]


def test_bots_that_come_at_once_are_no_faster(net: Net) -> None:
    bots = people(net, *[f"bot{number}" for number in range(7)])
    for bot in bots:
        bot.send("REGISTER * * sesame")
    net.run(5)
    assert sum(any("REGISTER SUCCESS" in line for line in bot.lines()) for bot in bots) == 4


def test_lines_after_register_wait_for_it(net: Net) -> None:
    (ann,) = people(net, "ann")
    ann.lines()
    ann.send("REGISTER * * sesame", "REGISTER * * sesame", "MODE ann")
    assert [line.split(" ")[1] for line in ann.sync()] == ["MODE", "900", "REGISTER", "FAIL", "221"]


def test_who_leaves_while_it_registers_has_registered(net: Net) -> None:
    (ann,) = people(net, "ann")
    ann.send("REGISTER * * sesame", "QUIT")
    net.run(0.01)
    ann.node.core.edge.clients.gone(ann.connection, "gone")
    net.run(5)
    client = Newcomer(net, "n1")
    assert client.log_in("ann", "sesame")[-1].startswith("903 ")


def test_passwords_that_nobody_has_time_for(net: Net) -> None:
    (ann,) = people(net, "ann")
    edge = ann.node.core.edge
    edge.outside.make_credentials = lambda password, done: done(None)
    assert register(ann)[0].startswith("FAIL REGISTER TEMPORARILY_UNAVAILABLE ann :The password cannot be stored now: ")
    edge.outside.fits = lambda credentials, password, done: done(None)
    client = Newcomer(net, ann.node.name)
    assert client.log_in("ann", "sesame") == ["904 * :SASL authentication failed: try again later"]


def test_a_dropped_account_is_nobodys_on_any_node(net: Net) -> None:
    """Those that were logged in to it learn so, also where nobody told their node."""
    ann, bob = people(net, "ann", "bob", caps="sasl account-notify")
    register(ann)
    log_in(bob, "ann", "sesame")
    core = ann.node.core
    net.turn(ann.node, lambda: core.engine.submit(core.edge.account("ann"), Drop("")))
    net.run(70)
    for client in (ann, bob):
        lines = [line.removeprefix(":irc.circlet.local ") for line in client.lines()]
        nick = client.nick
        assert lines == [
            f":{nick}!~{nick}@10.0.0.1 ACCOUNT *",
            f"901 {nick} {nick}!~{nick}@10.0.0.1 :You are now logged out",
            f"MODE {nick} -r",
        ]
    assert log_in(bob, "ann", "sesame")[-1].startswith("904")
    assert "SUCCESS" in register(bob, "mellon", name="anna")[-1]


def test_registration_takes_the_name_as_it_is_shown(net: Net) -> None:
    (ann,) = people(net, "Ann")
    assert register(ann)[-1] == "REGISTER SUCCESS Ann :Account Ann is registered"
    client: Client = Newcomer(net, "n1")
    assert log_in(client, "aNN", "sesame")[0] == "900 * *!*@10.0.0.1 Ann :You are now logged in as Ann"
