"""Machines speak in a channel: bans and +m stop a machine, +n, +R and +S do not, and a repeated key says nothing."""

from __future__ import annotations

import pytest

from gateway.state.channel.keys import check_of
from gateway.state.channel.machine_messages import KEY_MS, Speak, Spoken, key_from_text
from gateway.state.channel.messages import Said
from gateway.state.people import Refusal
from tests.gateway.state.cast import ANN, Stage, plus

SOURCE = "build/hook!hook@hooks.example"


def speak(text: bytes = b"hi", key: str = "", verb: str = "PRIVMSG", override: bool = False) -> Speak:
    return Speak("hook", SOURCE, verb, text, override=override, idempotency_key=key_from_text(key) if key else None)


def test_a_machine_is_heard_as_a_bot() -> None:
    stage = Stage(ANN)
    assert stage.do(speak(verb="NOTICE")) == Spoken(stage.at, check_of("NOTICE", b"hi"))
    assert stage.event == Said("hook", SOURCE, "NOTICE", b"hi", bot=True)


def test_nobody_hears_a_machine_in_an_empty_channel() -> None:
    stage = Stage()
    assert stage.do(speak()) == Refusal("403", ("#c", "nobody is in the channel"))
    assert stage.do(speak(override=True)).numeric == "403"
    assert stage.event is None


@pytest.mark.parametrize("letter", ["n", "R", "S", "C", "i", "s"])
def test_modes_against_outsiders_do_not_stop_a_machine(letter: str) -> None:
    stage = Stage(ANN)
    stage.mode(ANN, plus(letter))
    assert isinstance(stage.do(speak()), Spoken)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (plus("b", "*!*@hooks.example"), f"a ban of the channel matches {SOURCE}"),
        (plus("m"), f"the channel is moderated (+m): MODE +e with a mask that matches {SOURCE} lets you speak"),
    ],
)
def test_a_ban_and_moderation_stop_a_machine_unless_an_exception_matches(change: object, words: str) -> None:
    stage = Stage(ANN)
    stage.mode(ANN, change)  # type: ignore[arg-type]
    assert stage.do(speak()) == Refusal("404", ("#C", words))
    assert stage.event is None
    assert isinstance(stage.do(speak(override=True)), Spoken)
    stage.mode(ANN, plus("e", "build/*!*@*"))
    assert isinstance(stage.do(speak()), Spoken)


def test_a_repeated_key_says_nothing_and_tells_what_was_said() -> None:
    stage = Stage(ANN)
    first = stage.do(speak(b"hi", "job 1"))
    assert stage.event is not None
    assert stage.do(speak(b"other words", "job 1")) == first
    assert stage.event is None
    assert stage.do(speak(b"hi", "job 2")) != first
    assert stage.event is not None


def test_a_repeat_is_answered_though_the_machine_is_banned_since() -> None:
    stage = Stage(ANN)
    first = stage.do(speak(b"hi", "job 1"))
    stage.mode(ANN, plus("b", "*!*@*"))
    assert stage.do(speak(b"hi", "job 1")) == first


def test_after_a_day_the_key_is_new_again() -> None:
    stage = Stage(ANN)
    stage.do(speak(b"hi", "job 1"))
    stage.at += KEY_MS
    assert stage.do(speak(b"hi", "job 1")) == Spoken(stage.at, check_of("PRIVMSG", b"hi"))
