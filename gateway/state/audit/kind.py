"""The audit as a kind of group, for the engine. An act is answered once on the disks of the group's holders (P53)."""

from __future__ import annotations

from typing import Any

import msgspec

from gateway.irc.casemapping import Casemap
from gateway.state.audit import messages
from gateway.state.audit.audit import Audit, restore
from gateway.state.people import Refusal
from gateway.state.reader import UNJUDGED, KindReader
from ring.replication.state_machine import Confirmed, Durable, State


class AuditKind(KindReader):
    durable: Durable = "written"
    unjudged = UNJUDGED

    def __init__(self, casemap: Casemap, keep: int) -> None:
        """keep: the most acts that the network keeps."""
        super().__init__(messages.Command, messages.Event, Refusal | None, messages.Read, messages.Acts)
        self.casemap, self.keep = casemap, keep

    def confirms(self, state: Any, command: Any) -> Confirmed:
        return "held" if isinstance(command, messages.Record) else "no"

    def is_confirmed_by(self, state: Any, event: Any) -> bool:
        return isinstance(event, messages.Recorded)

    def is_lasting(self, state: Any) -> bool:
        return bool(state.entries)

    def initial(self, name: str) -> State:
        return Audit(self.casemap, self.keep)

    def restore(self, name: str, snapshot: msgspec.Raw) -> State:
        return restore(snapshot, self.casemap, self.keep)
