"""The messages of the audit's group, with samples of each: read back, and read from other builds."""

from __future__ import annotations

from typing import Any

from gateway.state.audit import messages as m
from gateway.state.people import Refusal
from tests.gateway.state.cast import ANN
from tests.gateway.state.reading import Messages

ENTRY = m.Entry("10.0.0.1/7/a", 5, "root", "ann", "n1", "kill", "bob!b@c", "spam", "k")

COMMANDS: list[Any] = [
    m.Attend("10.0.0.1", 7), m.Evict((ANN.edge,)), m.Record(ENTRY), m.Notify("f", "n1", "Excess flood"),
]  # fmt: skip

EVENTS: list[Any] = [
    m.Attended("10.0.0.1", 7),
    m.Evicted((("10.0.0.1", 7),)),
    m.Recorded(ENTRY, 1_000),
    m.Notified("f", "n1", "Excess flood"),
    m.Merged((("10.0.0.1", 7),), (ENTRY,)),
]


class TestMessages(Messages):
    unions = [
        (m.Command, COMMANDS),
        (m.Event, EVENTS),
        (m.Read, [m.Read(20, 5, "root")]),
        (m.Acts, [m.Acts((ENTRY,), 3)]),
    ]
    outcome = Refusal | None
    outcomes = [None]
