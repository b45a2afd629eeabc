"""The messages of a session, with samples of each: read back, and read from other builds."""

from __future__ import annotations

from typing import Any

from gateway.state.session import messages as s
from tests.gateway.state.cast import ANN
from tests.gateway.state.reading import Messages

COMMANDS: list[Any] = [
    s.Take(ANN, ANN.edge),
    s.Report("1", ANN.edge, ANN, {"#c": "#C"}, True, 2, {"phone": {"#c": s.Cursor(7, 8)}}),
    s.End("1", ANN.edge),
    s.Abandon(ANN.edge),
    s.ForgetDevice("phone"),
    s.Reached({"phone": {"#c": s.Cursor(7, 8)}}),
    s.Converse("ann 1,bob 2", "bob"),
    s.ForgetAll(),
    s.MarkRead("#C", "#c", 5),
    s.Detach("#c", True),
    s.Keep("1", ANN.edge, s.Kept("root", True, {"bob": True, "cat": None}, {"#d": "#D"})),
    s.NoteKick("#c", s.Kick("#C", "b!b@c", "why", 5, s.Cursor(7, 8))),
]

EVENTS: list[Any] = [
    s.Changed(ANN, {"#c": "#C"}, True, 1, 5, 0, {"phone": s.Device(5, {"#c": s.Cursor(7, 8)})}),
    s.DeviceForgotten("phone"),
    s.Conversing("ann 1,bob 2", "bob"),
    s.AllForgotten(),
    s.Marked("#C", "#c", 5),
    s.DetachedSet("#c", False, True),
    s.KeptSet(s.Kept("root", True, {"bob": True, "cat": None}, {"#d": "#D"})),
    s.KickNoted("#c", s.Kick("#C", "b!b@c", "why", 5, s.Cursor(7, 8))),
    s.Merged(s.Stored(ANN)),
]

OUTCOMES: list[Any] = [s.Taken(s.Stored(ANN)), s.NotOwner(ANN.edge), s.Present("1"), s.Marker(5)]


class TestMessages(Messages):
    unions = [(s.Command, COMMANDS), (s.Event, EVENTS)]
    outcome = s.Outcome
    outcomes = OUTCOMES
