"""Sessions as a kind of group, for the engine."""

from __future__ import annotations

import msgspec

from gateway.state.reader import KindReader
from gateway.state.session import messages
from gateway.state.session.session import Session, restore
from ring.replication.state_machine import Durable, State


class SessionKind(KindReader):
    durable: Durable = "written"

    def __init__(self) -> None:
        super().__init__(messages.Command, messages.Event, messages.Outcome, messages.Look, messages.Stored)

    def initial(self, name: str) -> State:
        return Session(name)

    def restore(self, name: str, snapshot: msgspec.Raw) -> State:
        return restore(name, snapshot)
