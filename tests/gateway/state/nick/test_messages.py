"""The messages of a nick, with samples of each: read back, and read from other builds."""

from __future__ import annotations

from typing import Any

from gateway.state.nick import messages as k
from gateway.state.nick.nick import Nick
from gateway.state.people import Refusal
from tests.gateway.state.cast import ANN, CASEMAP
from tests.gateway.state.reading import Messages

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
    k.Called("1", ANN),
]

OUTCOMES: list[Any] = [k.Granted(ANN), k.Moved(), k.Reached(ANN), REFUSAL, k.Reached(ANN, True)]


class TestMessages(Messages):
    unions = [(k.Command, COMMANDS), (k.Event, EVENTS)]
    outcome = k.Outcome
    outcomes = OUTCOMES
