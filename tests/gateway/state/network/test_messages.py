"""The messages of the network's own group, with samples of each: read back, and read from other builds."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.state.network import messages as w
from tests.gateway.state.cast import ANN
from tests.gateway.state.reading import read_back, read_of_other_builds, refused_if_cut_or_mistyped

COMMANDS: list[Any] = [w.Attend("10.0.0.1", 7), w.Announce("a!b@c", "all", "x"), w.Evict((ANN.edge,)), w.Raise(1)]

EVENTS: list[Any] = [
    w.Attended("10.0.0.1", 7),
    w.Announced("a!b@c", "all", "x"),
    w.Evicted((("10.0.0.1", 7),)),
    w.Merged((("10.0.0.1", 7),)),
    w.Raised(1, (("10.0.0.1", 7),)),
]

UNIONS = [(w.Command, COMMANDS), (w.Event, EVENTS)]


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
