"""The messages of a conversation, with samples of each: read back, and read from other builds."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.state.conversation import messages as t
from gateway.state.idempotency import IdempotencyKey, Probe, Speaker
from gateway.state.people import Refusal
from tests.gateway.state.cast import ANN, packed
from tests.gateway.state.reading import read_back, read_of_other_builds, refused_if_cut_or_mistyped

REPEAT = Probe(IdempotencyKey(Speaker(ANN.edge, 3), 5))

REFUSAL = Refusal("482", ("#c", "You're not channel operator"))

COMMANDS: list[Any] = [
    t.Sit("ann", t.Seat("1", ANN.edge, 5)),
    t.Leave("1", ANN.edge),
    t.Evict(ANN.edge),
    t.Say("1", "ann", "a!b@c", "PRIVMSG", b"\xff", "Bob", "Ann", {"+x": "y"}, True),
    t.Redact("ann", "a!b@c", "abc-1.2-3", "Bob", "why"),
    t.Forget("ann"),
    REPEAT,
]

EVENTS: list[Any] = [
    t.Sat("ann", t.Seat("1", ANN.edge, 5)),
    t.Left(("ann",)),
    t.Said("1", "ann", "a!b@c", "TAGMSG", b"", "Bob", None, {"+x": "y"}),
    t.Redacted("ann", "a!b@c", "abc-1.2-3", "Bob"),
    t.Forgotten("ann"),
    t.Merged(t.Stored({"ann": t.Seat("1", ANN.edge, 5)}, 6, 7, {"abc-1.2-3": 8})),
]

OUTCOMES: list[Any] = [REFUSAL]

UNIONS = [(t.Command, COMMANDS), (t.Event, EVENTS)]


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
    decode = msgspec.msgpack.Decoder(t.Outcome).decode
    for outcome in (*OUTCOMES, None):
        assert decode(packed(outcome)) == outcome
