"""Accounts by way of NickServ: every command, good and bad."""

from __future__ import annotations

from typing import Any

import pytest

from config.accounts import Accounts
from gateway.services.table import NOT_LOGGED_IN
from gateway.state.account.messages import Register
from tests.gateway.commands.accounts import ANSWERED_S, Newcomer, log_in, register
from tests.gateway.commands.stage import OPERATOR, network, people
from tests.gateway.services.asking import told, with_account
from tests.sim.net import Client, Net

WRONG = "There is no such account, or the password is wrong."
CERTIFICATE = "ab" * 32


def test_register_log_out_and_log_in(net: Net) -> None:
    ann, bob = with_account(net, "ann", "bob")
    assert any(" 330 ann ann " in f" {line}".replace("330 bob ann ann", "330 ann ann") for line in bob.ask("WHOIS ann"))
    assert told(ann, "REGISTER other.word") == ["You are logged in as ann."]
    assert told(ann, "IDENTIFY sesame") == ["You are logged in as ann already. LOGOUT comes first."]
    assert told(ann, "LOGOUT")[:1] == ["You are logged out."]
    assert told(ann, "LOGOUT") == [NOT_LOGGED_IN]
    assert told(ann, "IDENTIFY wrong") == [WRONG]
    assert told(ann, "identify sesame") == ["You are logged in as ann."]
    assert told(bob, "IDENTIFY ANN sesame") == ["You are logged in as ann."]
    assert told(bob, "LOGOUT") == ["You are logged out."]
    assert log_in(Newcomer(net, list(net.nodes)[-1]), "ann", "sesame")[-1].startswith("903")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("REGISTER", "Syntax: REGISTER <password> [email]"),
        ("REGISTER correct horse", "A password for NickServ has no spaces."),
        ("REGISTER correct horse staple", "Syntax: REGISTER <password> [email]"),
        ("REGISTER short", "A password needs 6 bytes or more."),
        ("REGISTER sesam\udcff", "A password must be UTF-8."),
        ("IDENTIFY", "Syntax: IDENTIFY [account] <password>"),
        ("IDENTIFY a b c", "Syntax: IDENTIFY [account] <password>"),
        ("IDENTIFY nobody sesame", WRONG),
        ("IDENTIFY no,nick sesame", WRONG),
        ("IDENTIFY nobody \udcff\x02\x7f", WRONG),
        (f"IDENTIFY {'n' * 200} {'p' * 200}", WRONG),
        ("INFO", "You are not logged in to that account."),
        ("INFO nobody", "You are not logged in to that account."),
        ("INFO \udcff", "You are not logged in to that account."),
        ("GHOST", "Syntax: GHOST <nick> [password]"),
        ("GHOST \x03", "There is no such nick."),
        ("GHOST ann", "That nick does not belong to an account that you are logged in to."),
        ("GHOST ann wrong", WRONG),
        *((command, NOT_LOGGED_IN) for command in ("LOGOUT", "PASSWD", "CERT", "CERT ADD", "GROUP", "UNGROUP")),
        *((command, NOT_LOGGED_IN) for command in ("DROP", "DROP x", "SET", "SET ALWAYS-ON on")),
    ],
)
def test_who_is_not_logged_in(net: Net, text: str, answer: str) -> None:
    _, bob = with_account(net, "ann", "bob")
    assert told(bob, text)[0] == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("PASSWD", "Syntax: PASSWD <old password> <new password>"),
        ("PASSWD sesame", "Syntax: PASSWD <old password> <new password>"),
        ("PASSWD sesame short", "A password needs 6 bytes or more."),
        ("PASSWD sesame \udcffsesame", "A password must be UTF-8."),
        ("PASSWD wrong mellon", WRONG),
        ("CERT", "Syntax: CERT <ADD|LIST|REMOVE> [fingerprint]"),
        ("CERT nonsense", "Syntax: CERT <ADD|LIST|REMOVE> [fingerprint]"),
        ("CERT LIST x", "Syntax: CERT <ADD|LIST|REMOVE> [fingerprint]"),
        ("CERT ADD", "Your client has shown no certificate: name its fingerprint."),
        ("CERT ADD xyz", "A fingerprint is 64 hexadecimal digits: SHA-256 of the certificate."),
        (f"CERT REMOVE {CERTIFICATE}0", "A fingerprint is 64 hexadecimal digits: SHA-256 of the certificate."),
        ("CERT LIST", "Your account has no certificates."),
        ("UNGROUP ANN", "That is the name of the account itself: DROP gives it up."),
        ("UNGROUP \udcff", "There is no such nick."),
        ("GHOST ann", "That is you."),
        ("GHOST nobody", "That nick does not belong to an account that you are logged in to."),
        ("INFO bob", "You are not logged in to that account."),
        ("DROP ffffffff", "That is not the code. DROP without a code tells the code."),
        ("DROP \udcff", "That is not the code. DROP without a code tells the code."),
        ("SET", "Syntax: SET <ALWAYS-ON|AUTO-AWAY> <on|off|default>"),
        ("SET ALWAYS-ON maybe", "Syntax: SET <ALWAYS-ON|AUTO-AWAY> <on|off|default>"),
        ("SET PASSWORD on", "Syntax: SET <ALWAYS-ON|AUTO-AWAY> <on|off|default>"),
    ],
)
def test_bad_input_of_who_is_logged_in(net: Net, text: str, answer: str) -> None:
    (ann,) = with_account(net, "ann")
    assert told(ann, text)[0] == answer


def test_a_password_that_does_not_fit_a_line(net: Net) -> None:
    (ann,) = people(net, "ann")
    assert ann.ask(f"PRIVMSG NickServ :REGISTER {'x' * 1000}") == ["417 ann :Input line was too long"]


@pytest.mark.parametrize(
    ("registration", "answer"),
    [
        ("closed", "Accounts are not registered here; ask an operator."),
        ("before_connect", "Accounts are registered here only before connecting."),
        ("connected", "Account ann is registered, and you are logged in to it."),
    ],
)
def test_who_may_register_is_the_operators_choice(registration: Any, answer: str) -> None:
    net = network(1, accounts=Accounts(registration=registration))
    (ann,) = people(net, "ann")
    assert told(ann, "REGISTER sesame ann@example.org") == [answer]


def test_a_new_password(net: Net) -> None:
    ann, bob = with_account(net, "ann", "bob")
    assert told(ann, "PASSWD sesame mellon1") == ["Your password is changed."]
    assert told(bob, "IDENTIFY ann sesame") == [WRONG]
    assert told(bob, "IDENTIFY ann mellon1") == ["You are logged in as ann."]


@pytest.mark.held_back
@pytest.mark.parametrize("guess", ["IDENTIFY ann guess", "GHOST ann guess"])
def test_guesses_are_slowed_and_one_is_checked_at_a_time(net: Net, guess: str) -> None:
    ann, bob = with_account(net, "ann", "bob")
    for _ in range(5):
        assert told(bob, guess) == [WRONG]
    began = net.now
    assert told(bob, guess) == [WRONG]
    assert net.now - began > 3
    bob.send(f"NS {guess}", f"NS {guess}")  # one after the other, and the second waits longer
    for answers in (1, 2):
        began, read = net.now, bob.read
        assert net.until(lambda: sum(WRONG in line for line in bob.got[read:]) == answers, ANSWERED_S)  # noqa: B023
        assert net.now - began > 3
    began = net.now
    assert log_in(Newcomer(net, "n1"), "ann", "wrong")[-1].startswith("904")  # SASL has the same throttle
    assert net.now - began > 3
    assert ann.sync() == []


def test_own_password_guesses_count(net: Net) -> None:
    (ann,) = with_account(net, "ann")
    for _ in range(5):
        assert told(ann, "PASSWD guess mellon1") == [WRONG]
    began = net.now
    assert told(ann, "PASSWD guess mellon1") == [WRONG]
    assert net.now - began > 3
    assert told(ann, "PASSWD sesame mellon1") == ["Your password is changed."]


def test_info_is_for_oneself_and_for_operators() -> None:
    net = network(3, operators=(OPERATOR,))
    ann, oper = with_account(net, "ann", "oper")
    first, *rest = told(ann, "INFO")
    assert first.startswith("Account ann, registered 20")
    assert rest == ["Other nicks: none", "Certificates: 0", "ALWAYS-ON: off, AUTO-AWAY: on"]
    assert told(oper, "INFO ann") == ["You are not logged in to that account."]
    oper.ask("OPER root sesame")
    assert told(oper, "INFO ann") == [first, *rest]
    assert told(oper, "INFO nobody") == ["There is no such account."]


# GHOST ----------------------------------------------------------------------------------------------------------------


# DROP and SET ---------------------------------------------------------------------------------------------------------


def dropped(client: Client) -> list[str]:
    (answer,) = told(client, "DROP")
    assert answer.startswith("To drop the account ann for good, say DROP ")
    return told(client, answer.rpartition("say ")[2])


def test_drop_needs_its_code(net: Net) -> None:
    ann, bob = with_account(net, "ann", "bob")
    assert dropped(ann) == ["Account ann is dropped."]
    assert told(ann, "DROP") == [NOT_LOGGED_IN]
    assert told(bob, "IDENTIFY ann sesame") == [WRONG]
    assert told(ann, "REGISTER mellon1") == ["Account ann is registered, and you are logged in to it."]


# Nothing leaks --------------------------------------------------------------------------------------------------------


def test_what_is_said_to_nickserv_is_shown_and_kept_nowhere(net: Net) -> None:
    (ann,) = people(net, "ann", caps="echo-message znc.in/self-message draft/chathistory batch")
    register(ann)
    other = Newcomer(net, list(net.nodes)[-1], caps="sasl echo-message znc.in/self-message draft/chathistory batch")
    assert other.log_in("ann", "sesame")[-1].startswith("903")
    other.enter("ann")
    ann.ask("PRIVMSG NickServ :PASSWD sesame mellon1")
    assert net.until(lambda: any("password is changed" in line for line in ann.got), ANSWERED_S)
    ann.sync()
    other.sync()
    assert not [line for line in (*ann.got, *other.got) if "mellon1" in line or "PRIVMSG NickServ" in line]
    assert not [line for line in ann.ask("CHATHISTORY LATEST NickServ * 10") if "mellon1" in line]
    assert not [note for node in net.nodes.values() for note in node.notes if "mellon1" in str(note)]


def test_a_name_is_registered_by_another_side(net: Net) -> None:
    """Somebody was quicker: that is said, and nobody is logged in."""
    (ann,) = people(net, "ann")
    edge = net.nodes["n1"].core.edge
    edge.outside.make_credentials(
        "sesame", lambda made: edge.network.submit(edge.account("ann"), Register("x", "ann", made))
    )  # type: ignore[arg-type]
    net.run(2)
    assert told(ann, "REGISTER mellon1") == ["An account with this name or nick exists already."]
    assert told(ann, "LOGOUT") == [NOT_LOGGED_IN]
