"""The messages of a nick, with samples of each: read back, and read from other builds."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.state.nick import messages as k
from gateway.state.nick.nick import Nick
from gateway.state.people import Refusal
from tests.gateway.state.cast import ANN, CASEMAP, packed
from tests.gateway.state.reading import read_back, read_of_other_builds, refused_if_cut_or_mistyped

REFUSAL = Refusal("482", ("#c", "You're not channel operator"))

COMMANDS: list[Any] = [
    k.Claim(ANN, True),
    k.Change(ANN),
    k.Release("1", True),
    k.Tell(ANN, "NOTICE", b"\xff", None, "Bob", True),
    k.Kill("1", "a!b@c", "why"),
    k.Evict("1"),
]

EVENTS: list[Any] = [
    k.Claimed(ANN),
    k.Changed(ANN),
    k.Released("1"),
    k.Told(ANN, "PRIVMSG", b"hi", None, "2"),
    k.Merged(Nick("ann", CASEMAP).snapshot()),
    k.Killed("1", "a!b@c", "why"),
]

OUTCOMES: list[Any] = [k.Granted(ANN), k.Moved(), k.Reached(ANN), REFUSAL, k.Reached(ANN, True)]

UNIONS = [(k.Command, COMMANDS), (k.Event, EVENTS)]


each_union = pytest.mark.parametrize(("union", "samples"), UNIONS, ids=["commands", "events"])


@each_union
def test_messages_read_back(union: Any, samples: list[Any]) -> None:
    read_back(union, samples)


@each_union
def test_messages_of_builds_with_fewer_or_more_fields_are_read(union: Any, samples: list[Any]) -> None:
    read_of_other_builds(union, samples)


@each_union
def test_messages_that_are_cut_or_mistyped_are_refused(union: Any, samples: list[Any]) -> None:
    refused_if_cut_or_mistyped(union, samples)


def test_outcomes_read_back() -> None:
    decode = msgspec.msgpack.Decoder(k.Outcome).decode
    for outcome in OUTCOMES:
        assert decode(packed(outcome)) == outcome
