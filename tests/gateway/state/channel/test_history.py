"""What of a channel's events is kept, and shown."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.state.channel.history import History, authors, is_kept, is_wanted
from gateway.state.channel.messages import (
    EVERYTHING,
    Forget,
    HasQuit,
    Invited,
    Joined,
    Part,
    Redact,
    Redacted,
    Said,
    Updated,
)
from gateway.state.channel.snapshot import TOMBSTONES
from gateway.state.people import Refusal
from tests.gateway.state.cast import ANN, BOB, CAT, Stage, person, plus


def said(verb: str = "PRIVMSG", status: str = "", tags: dict[str, str] | None = None) -> Said:
    return Said("1", "a!b@c", verb, b"x", status, tags)


@pytest.mark.parametrize(
    ("event", "kept"),
    [
        (said(), True),
        (said("NOTICE", "@"), True),
        (said("TAGMSG", tags={"+typing": "active"}), False),
        (said("TAGMSG", tags={"+draft/typing": "done"}), False),
        (said("TAGMSG", tags={"+typing": "active", "+draft/react": ":)"}), True),
        (said("TAGMSG"), False),
        (Joined(ANN), True),
        (HasQuit((("1", "a!b@c"),), "bye"), True),
        (Updated(person("1", "Anna"), person("1", "Ann")), True),
        (Updated(ANN, ANN), False),
        (Invited("1", "a!b@c", "2", "Bob"), False),
        (Redacted("1", "a!b@c", "x"), False),
    ],
)
def test_what_is_kept(event: Any, kept: bool) -> None:
    assert is_kept(event) is kept


@pytest.mark.parametrize(
    ("event", "enough", "lacking"),
    [
        (said(), ["", "e", "v"], []),
        (said(status="@"), ["o", "eo"], ["", "e", "t", "h", "v"]),
        (said(status="%"), ["o", "h"], ["", "v"]),
        (said(status="+"), ["o", "h", "v"], ["", "et"]),
        (said("TAGMSG"), ["t", "te"], ["", "e", "ohv"]),
        (said("TAGMSG", "@"), ["to"], ["t", "o"]),
        (Joined(ANN), ["e"], ["", "t", "ohv"]),
    ],
)
def test_what_is_wanted(event: Any, enough: list[str], lacking: list[str]) -> None:
    assert all(is_wanted(event, wanted) for wanted in enough)
    assert not any(is_wanted(event, wanted) for wanted in lacking)


def test_what_was_deleted_is_remembered_up_to_a_bound() -> None:
    history = History()
    for number in range(TOMBSTONES + 5):
        history.redact(f"m{number}", number)
    assert len(history.redacted) == TOMBSTONES
    assert history.shows("m4", 1) and not history.shows("m5", 1)
    history.redact(EVERYTHING, 1000)
    assert history.redacted == {} and not history.shows("m4", 1000) and history.shows("m4", 1001)


def test_all_that_somebody_has_said_may_be_deleted_by_it() -> None:
    stage = Stage(ANN, BOB)
    stage.say(BOB, b"x")
    assert stage.do(Forget(CAT.uid, "0cat")) is None  # wherever it is now
    history, said_by = stage.channel.history, authors(said())
    history.forget(("1",), 10)
    assert not history.shows("m", 10, said_by) and history.shows("m", 11, said_by) and history.shows("m", 10, ("2",))
    assert history.forgotten.keys() == {CAT.uid, "0cat", "1"}
    for number in range(TOMBSTONES):
        history.forget((f"a{number}",), 20)
    assert len(history.forgotten) == TOMBSTONES
    empty = Stage()
    assert empty.do(Forget(CAT.uid, "0cat")) is None and not empty.channel.history.forgotten


def test_who_may_delete() -> None:
    stage = Stage(ANN, BOB, CAT)
    stage.mode(ANN, plus("h", "Cat", CAT.uid))

    def redact(who: Any, msgid: str, *, own: bool = False) -> Any:
        return stage.do(Redact(who.uid, who.source, msgid, own))

    refused = Refusal("482", ("#C", "You're not channel operator"))
    assert redact(BOB, "x") == refused
    assert redact(BOB, "x", own=True) is None and stage.event == Redacted(BOB.uid, BOB.source, "x")
    assert redact(CAT, "y") is None
    assert redact(CAT, EVERYTHING) == refused and redact(BOB, EVERYTHING, own=True) == refused
    assert redact(ANN, EVERYTHING) is None
    assert redact(person("9", "Zed"), "x", own=True).numeric == "442"
    assert stage.channel.history.erased and not stage.channel.history.shows("z", stage.channel.history.erased)


@pytest.mark.parametrize(
    ("letters", "closed"), [("", False), ("m", False), ("i", True), ("s", True), ("R", True), ("H", True)]
)
def test_a_closed_channel_that_empties_shows_its_past_to_nobody(letters: str, closed: bool) -> None:
    stage = Stage(ANN)
    for letter in letters:
        stage.mode(ANN, plus(letter))
    stage.say(ANN, b"x")
    stage.do(Part(ANN.uid))
    assert (stage.channel.history.closed > 0) is closed
    assert stage.channel.history.spoken is not closed
