"""Accounts as a kind of group, for the engine."""

from __future__ import annotations

import msgspec

from gateway.state.account import messages
from gateway.state.account.account import Account, restore
from gateway.state.reader import KindReader
from ring.replication.state_machine import Durable, State


class AccountKind(KindReader):
    durable: Durable = "confirmed"

    def __init__(self) -> None:
        super().__init__(messages.Command, messages.Event, messages.Outcome, messages.Question, messages.View)

    def initial(self, name: str) -> State:
        return Account(name)

    def restore(self, name: str, snapshot: msgspec.Raw) -> State:
        return restore(name, snapshot)
