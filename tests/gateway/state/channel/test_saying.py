"""Who may speak."""

from __future__ import annotations

import msgspec
import pytest

from gateway.state.channel.messages import Said, Say, Update
from gateway.state.people import Refusal
from tests.gateway.state.cast import ANN, BOB, CAT, Stage, minus, person, plus

CANNOT = Refusal("404", ("#C", "Cannot send to channel"))


def test_a_member_is_heard_and_changes_nothing() -> None:
    stage = Stage(ANN, BOB)
    stage.say(ANN, b"first of all")  # that something was said at all is remembered
    before = stage.channel.snapshot()
    assert stage.say(BOB, b"\xff hi") is None
    assert stage.event == Said(BOB.uid, BOB.source, "PRIVMSG", b"\xff hi")
    assert stage.channel.snapshot() == before


def test_account_and_bot_come_from_the_members_facts() -> None:
    robot = person("5", "Robot", account="rob", modes="Bi")
    stage = Stage(ANN, robot)
    stage.say(robot)
    assert (stage.event.account, stage.event.bot) == ("rob", True)


def test_nobody_speaks_in_no_channel() -> None:
    assert Stage().say(ANN, outside=True) == Refusal("403", ("#c", "No such channel"))


def test_outsiders_need_an_open_channel() -> None:
    stage = Stage(ANN)
    assert stage.say(BOB, outside=True) == CANNOT
    stage.mode(ANN, minus("n"))
    assert stage.say(BOB, outside=True) is None
    assert stage.say(BOB, outside=False) == CANNOT  # kicked meanwhile: its facts did not come along


@pytest.mark.parametrize("change", [plus("m"), plus("R"), plus("S"), plus("b", "bob!*@*")])
def test_what_keeps_outsiders_quiet(change: object) -> None:
    stage = Stage(ANN)
    stage.mode(ANN, minus("n"), change)  # type: ignore[arg-type]
    assert stage.say(BOB, outside=True) == CANNOT


def test_who_has_an_account_is_heard_from_outside_of_an_accounts_channel() -> None:
    stage = Stage(ANN)
    stage.mode(ANN, minus("n"), plus("R"))
    assert stage.say(msgspec.structs.replace(BOB, account="bob"), outside=True) is None


def test_a_moderated_channel_hears_those_with_a_rank() -> None:
    stage = Stage(ANN, BOB)
    stage.mode(ANN, plus("m"))
    assert stage.say(BOB) == CANNOT
    stage.mode(ANN, plus("v", "bob"))
    assert stage.say(BOB) is None


def test_a_banned_member_is_quiet_until_voice_exception_or_another_host() -> None:
    stage = Stage(ANN, BOB)
    stage.mode(ANN, plus("b", "*!*@BOB.example"))
    assert stage.say(BOB) == CANNOT
    stage.mode(ANN, plus("v", "Bob"))
    assert stage.say(BOB) is None
    stage.mode(ANN, minus("v", "Bob"), plus("e", "Bob!*@*"))
    assert stage.say(BOB) is None
    stage.mode(ANN, minus("e", "bob!*@*"))
    assert stage.say(BOB) == CANNOT
    stage.do(Update(msgspec.structs.replace(BOB, version=2, host="cloak.example")))
    assert stage.say(BOB) is None


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        (b"\x01VERSION\x01", False),
        (b"\x01ACTION waves\x01", True),
        (b"\x01ACTION\x01", True),
        (b"\x01ACTIONS\x01", False),
        (b"\x01", False),
        (b"plain", True),
        (b"", True),
    ],
)
def test_no_ctcp_but_actions(text: bytes, heard: bool) -> None:
    stage = Stage(ANN)
    stage.mode(ANN, plus("C"))
    assert stage.say(ANN, text) == (None if heard else CANNOT)


def test_a_status_message_needs_a_member_with_a_voice() -> None:
    stage = Stage(ANN, BOB)
    stage.mode(ANN, minus("n"))
    assert stage.say(CAT, status="@", outside=True) == CANNOT
    assert stage.say(BOB, status="@") is None and stage.event.status == "@"
    stage.mode(ANN, plus("m"))
    assert stage.say(BOB, status="@") == CANNOT
    stage.mode(ANN, plus("v", "Bob"))
    assert stage.say(BOB, status="@") is None and stage.event.status == "@"


def test_a_refused_notice_is_refused_like_anything() -> None:
    stage = Stage(ANN)
    assert stage.do(Say(BOB.uid, BOB.source, "NOTICE", b"x", person=BOB)) == CANNOT
