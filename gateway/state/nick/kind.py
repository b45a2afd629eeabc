"""Nicks as a kind of group, for the engine."""

from __future__ import annotations

import msgspec

from gateway.irc.casemapping import Casemap
from gateway.state.nick import messages
from gateway.state.nick.nick import Nick, restore
from gateway.state.reader import UNJUDGED, KindReader
from ring.replication.state_machine import Durable, State


class NickKind(KindReader):
    durable: Durable = "no"
    unjudged = UNJUDGED

    def __init__(self, casemap: Casemap) -> None:
        super().__init__(messages.Command, messages.Event, messages.Outcome, messages.Who, messages.NickView)
        self.casemap = casemap

    def initial(self, name: str) -> State:
        return Nick(name, self.casemap)

    def restore(self, name: str, snapshot: msgspec.Raw) -> State:
        return restore(name, self.casemap, snapshot)
