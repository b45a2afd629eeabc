"""The messages of a throttle, with samples of each: read back, and read from other builds."""

from __future__ import annotations

from typing import Any

from gateway.state.throttle import messages as g
from tests.gateway.state.reading import Messages

REPORT = g.Report("127.0.0.1", 7, 3, 99)

COMMANDS: list[Any] = [g.Take(1.5), g.Undo(5), g.Count(REPORT)]

EVENTS: list[Any] = [g.Taken(), g.Undone(5), g.Merged((3, 5)), g.Counted(REPORT), g.CountsMerged(((REPORT, 5),))]

OUTCOMES: list[Any] = [g.Wait(1.5, 4, 5), g.Total(3, 1)]


class TestMessages(Messages):
    unions = [(g.Command, COMMANDS), (g.Event, EVENTS)]
    outcome = g.Outcome
    outcomes = OUTCOMES
