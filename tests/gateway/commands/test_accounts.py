"""AUTHENTICATE, REGISTER and VERIFY as lines; tests/gateway/edge/accounts tells the whole stories."""

from __future__ import annotations

import pytest

from tests.gateway.commands.accounts import Newcomer, log_in, register
from tests.gateway.commands.stage import network, people
from tests.sim.net import Net

BAD = "FAIL REGISTER UNACCEPTABLE_PASSWORD ann"


def test_register_then_log_in(net: Net) -> None:
    (ann,) = people(net, "ann")
    assert "REGISTER SUCCESS ann :Account ann is registered" in register(ann)
    newcomer = Newcomer(net, list(net.nodes)[-1])
    assert any(line.startswith("900 ") for line in log_in(newcomer, "ann", "sesame"))


def test_an_asterisk_stands_for_the_nick_and_a_name_for_itself() -> None:
    net = network(1)
    ann, bob = people(net, "ann", "bob")
    assert "REGISTER SUCCESS ann :Account ann is registered" in register(ann, name="*")
    assert "REGISTER SUCCESS someone-else :Account someone-else is registered" in register(bob, name="someone-else")


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("REGISTER * *", "461 ann REGISTER :Not enough parameters"),
        ("REGISTER", "461 ann REGISTER :Not enough parameters"),
        ("VERIFY ann", "461 ann VERIFY :Not enough parameters"),
        ("AUTHENTICATE", "461 ann AUTHENTICATE :Not enough parameters"),
        ("REGISTER * * open sesame", f"{BAD} :Write a colon before a password with spaces"),
        ("REGISTER * * :", f"{BAD} :A password must not be empty"),
        ("VERIFY ann 1", "FAIL VERIFY INVALID_CODE ann :Accounts need no verification here: log in with the password"),
    ],
)
def test_bad_lines_are_answered_with_the_reason(line: str, answer: str) -> None:
    (ann,) = people(network(1), "ann")
    assert ann.ask(line) == [answer]


def test_verify_before_registration_and_when_logged_in() -> None:
    net = network(1)
    newcomer = Newcomer(net, "n1")
    newcomer.send("VERIFY ann 1234")
    (answer,) = newcomer.lines()
    assert answer.startswith(":irc.circlet.local FAIL VERIFY ")
    (ann,) = people(net, "ann")
    register(ann)
    assert ann.ask("VERIFY ann 1234") == ["FAIL VERIFY ALREADY_AUTHENTICATED ann :You are logged in as ann"]


def test_a_password_keeps_the_spaces_after_its_colon() -> None:
    net = network(1)
    (ann,) = people(net, "ann")
    register(ann, password=" open sesame ")
    assert any(line.startswith("904 ") for line in log_in(Newcomer(net, "n1"), "ann", "open sesame"))
    assert any(line.startswith("903 ") for line in log_in(Newcomer(net, "n1"), "ann", " open sesame "))
