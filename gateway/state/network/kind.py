"""The network's own group as a kind of group, for the engine."""

from __future__ import annotations

import msgspec

from gateway.state.network import messages
from gateway.state.network.network import Network, restore
from gateway.state.reader import UNJUDGED, KindReader
from ring.replication.state_machine import Durable, State


class NetworkKind(KindReader):
    durable: Durable = "no"
    unjudged = UNJUDGED

    def __init__(self) -> None:
        super().__init__(messages.Command, messages.Event, messages.Outcome, None, None)

    def initial(self, name: str) -> State:
        return Network()

    def restore(self, name: str, snapshot: msgspec.Raw) -> State:
        return restore(snapshot)
