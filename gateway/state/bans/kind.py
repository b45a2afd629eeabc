"""The network's list of bans as a kind of group, for the engine."""

from __future__ import annotations

from typing import Any

import msgspec

from gateway.state.bans import messages
from gateway.state.bans.bans import Bans, restore
from gateway.state.bans.messages import Changed, Lift, Merged, Put
from gateway.state.reader import UNJUDGED, KindReader
from ring.replication.state_machine import Confirmed, Durable, State


class BansKind(KindReader):
    """A change is answered once the change is on the disks of all nodes that hold the list now. Nothing waits for
    absent nodes: a network under attack bans with the nodes that are there, and the lists are merged later."""

    durable: Durable = "written"
    unjudged = UNJUDGED

    def __init__(self) -> None:
        super().__init__(messages.Command, messages.Event, messages.Outcome, None, None)

    def is_silent(self, state: Any) -> bool:
        """Whether the list never had an entry: then nothing is worth a disk's work."""
        return not state.entries

    def confirms(self, state: Any, command: Any) -> Confirmed:
        return "held" if isinstance(command, Put | Lift) else "no"

    def is_confirmed_by(self, state: Any, event: Any) -> bool:
        return isinstance(event, Changed | Merged)

    def is_lasting(self, state: Any) -> bool:
        return bool(state.entries)

    def initial(self, name: str) -> State:
        return Bans()

    def restore(self, name: str, snapshot: msgspec.Raw) -> State:
        return restore(snapshot)
