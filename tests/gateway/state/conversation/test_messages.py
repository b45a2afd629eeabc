"""The messages of a conversation, with samples of each: read back, and read from other builds."""

from __future__ import annotations

from typing import Any

from gateway.state.conversation import messages as t
from gateway.state.idempotency import IdempotencyKey, Probe, Speaker
from gateway.state.people import Refusal
from tests.gateway.state.cast import ANN
from tests.gateway.state.reading import Messages

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


class TestMessages(Messages):
    unions = [(t.Command, COMMANDS), (t.Event, EVENTS)]
    outcome = t.Outcome
    outcomes = [*OUTCOMES, None]
