"""The messages of the list of bans, with samples of each: read back, and read from other builds."""

from __future__ import annotations

from typing import Any

from gateway.state.bans import messages as b
from gateway.state.people import Refusal
from tests.gateway.state.cast import ANN
from tests.gateway.state.reading import Messages

KLINE = b.Entry("kline", "*@192.0.2.0/24", 5, "ann(root)", 3_600_005, "spam")
FILTER = b.Entry("filter", "*pills*", 6, "ann(root)", 0, "spam", action="block", parts="mn", action_s=60)

COMMANDS: list[Any] = [
    b.Follow("10.0.0.1", 7),
    b.Put(KLINE, 100),
    b.Lift("kline", KLINE.mask, "ann(root)"),
    b.Evict((ANN.edge,)),
]

EVENTS: list[Any] = [
    b.Followed("10.0.0.1", 7),
    b.Changed(KLINE),
    b.Evicted((("10.0.0.1", 7),)),
    b.Merged((KLINE, FILTER), (("10.0.0.1", 7),)),
]


class TestMessages(Messages):
    unions = [(b.Command, COMMANDS), (b.Event, EVENTS)]
    outcome = b.Outcome
    outcomes = [None, b.Done(True), b.NotDone("full"), Refusal("400", ("x",))]
