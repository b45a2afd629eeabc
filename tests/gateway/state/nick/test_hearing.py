"""Whom the holder of a nick hears: the modes R and g, and the lists of SILENCE and ACCEPT."""

from __future__ import annotations

import msgspec
import pytest

from gateway.state.nick.hearing import HEARD, SILENCED, hearing, hears_all
from gateway.state.people import Person
from tests.gateway.state.cast import ANN, BOB, CASEMAP, person

JOE = person("9", "Joe", account="Joseph")


def holder(**facts: object) -> Person:
    return msgspec.structs.replace(ANN, **facts)


@pytest.mark.parametrize(
    ("mask", "silenced"),
    [("joe!*@*", True), ("*!*@JOE.example", True), ("~a:joseph", True), ("~r:re?l", True), ("~a:0", False),
     ("x!*@*", False)],
)  # fmt: skip
def test_silence(mask: str, silenced: bool) -> None:
    assert hearing(holder(silence=(mask,)), JOE, "PRIVMSG", CASEMAP) == (SILENCED if silenced else HEARD)


def test_everybody_hears_oneself_and_operators() -> None:
    deaf = holder(silence=("*!*@*",), modes="g")
    assert not hears_all(deaf) and hears_all(ANN)
    assert hearing(deaf, deaf, "PRIVMSG", CASEMAP) == HEARD
    assert hearing(deaf, msgspec.structs.replace(JOE, modes="o"), "PRIVMSG", CASEMAP) == HEARD


@pytest.mark.parametrize(("name", "heard"), [("JOE", True), ("joseph", True), ("bob", False)])
def test_accept(name: str, heard: bool) -> None:
    found = hearing(holder(modes="g", accepts=(name,)), JOE, "PRIVMSG", CASEMAP)
    assert found.is_shown is heard and found.calls is not heard
    assert (found.refusal is None) is heard
    assert hearing(holder(modes="g"), BOB, "TAGMSG", CASEMAP) == SILENCED
    assert hearing(holder(modes="g"), BOB, "INVITE", CASEMAP) == HEARD
