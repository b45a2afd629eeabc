"""The messages of a throttle, with samples of each: read back, and read from other builds."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.state.throttle import messages as g
from tests.gateway.state.cast import packed
from tests.gateway.state.reading import read_back, read_of_other_builds, refused_if_cut_or_mistyped

COMMANDS: list[Any] = [g.Take(1.5), g.Undo(5)]

EVENTS: list[Any] = [g.Taken(), g.Undone(5), g.Merged((3, 5))]

OUTCOMES: list[Any] = [g.Wait(1.5, 4, 5)]

UNIONS = [(g.Command, COMMANDS), (g.Event, EVENTS)]


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
    decode = msgspec.msgpack.Decoder(g.Wait).decode
    for outcome in OUTCOMES:
        assert decode(packed(outcome)) == outcome
