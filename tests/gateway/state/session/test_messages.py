"""The messages of a session, with samples of each: read back, and read from other builds."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.state.session import messages as s
from tests.gateway.state.cast import ANN, packed
from tests.gateway.state.reading import read_back, read_of_other_builds, refused_if_cut_or_mistyped

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

UNIONS = [(s.Command, COMMANDS), (s.Event, EVENTS)]


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
    decode = msgspec.msgpack.Decoder(s.Outcome).decode
    for outcome in OUTCOMES:
        assert decode(packed(outcome)) == outcome
