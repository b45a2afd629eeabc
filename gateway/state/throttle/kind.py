"""Throttles of attempts as a kind of group, for the engine."""

from __future__ import annotations

import msgspec

from gateway.state.reader import KindReader
from gateway.state.throttle import messages
from gateway.state.throttle.throttle import Throttle, restore
from ring.replication.state_machine import Durable, State


class ThrottleKind(KindReader):
    durable: Durable = "no"

    def __init__(self) -> None:
        super().__init__(messages.Command, messages.Event, messages.Wait, messages.HowLong, messages.Wait)

    def initial(self, name: str) -> State:
        return Throttle(name)

    def restore(self, name: str, snapshot: msgspec.Raw) -> State:
        return restore(name, snapshot)
