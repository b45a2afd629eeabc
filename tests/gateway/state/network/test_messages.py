"""The messages of the network's own group, with samples of each: read back, and read from other builds."""

from __future__ import annotations

from typing import Any

from gateway.state.network import messages as w
from tests.gateway.state.cast import ANN
from tests.gateway.state.reading import Messages

COMMANDS: list[Any] = [
    w.Attend("10.0.0.1", 7),
    w.Announce("a!b@c", "all", "x", None, "PRIVMSG", "n1*"),
    w.Evict((ANN.edge,)),
    w.Raise(1),
]

EVENTS: list[Any] = [
    w.Attended("10.0.0.1", 7),
    w.Announced("a!b@c", "all", "x", None, "PRIVMSG", "n1*"),
    w.Evicted((("10.0.0.1", 7),)),
    w.Merged((("10.0.0.1", 7),)),
    w.Raised(1, (("10.0.0.1", 7),)),
]


class TestMessages(Messages):
    unions = [(w.Command, COMMANDS), (w.Event, EVENTS)]
