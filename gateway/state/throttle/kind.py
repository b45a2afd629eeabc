"""Throttles of attempts as a kind of group, for the engine."""

from __future__ import annotations

import msgspec

from gateway.state.reader import KindReader
from gateway.state.throttle import counts, messages
from gateway.state.throttle.counts import Counts
from gateway.state.throttle.throttle import Throttle, restore
from ring.replication.state_machine import Durable, State


class ThrottleKind(KindReader):
    durable: Durable = "no"

    def __init__(self) -> None:
        super().__init__(messages.Command, messages.Event, messages.Outcome, messages.HowLong, messages.Wait)

    def initial(self, name: str) -> State:
        return Counts() if _adds_up(name) else Throttle(name)

    def restore(self, name: str, snapshot: msgspec.Raw) -> State:
        return counts.restore(snapshot) if _adds_up(name) else restore(name, snapshot)


def _adds_up(name: str) -> bool:
    """Tell whether the group adds up the counts of nodes, and is no throttle of failures."""
    return name.partition(":")[0] == counts.PREFIX
