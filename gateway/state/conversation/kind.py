"""Conversations as a kind of group, for the engine."""

from __future__ import annotations

from typing import Any

import msgspec

from gateway.state.conversation import messages
from gateway.state.conversation.conversation import Conversation, authors, is_kept, is_wanted, restore
from gateway.state.reader import UNJUDGED, KindReader
from ring.history.erased import Erased
from ring.replication.state_machine import Durable, State


class ConversationKind(KindReader):
    durable: Durable = "written"
    unjudged = UNJUDGED

    def __init__(self, history_s: float) -> None:
        super().__init__(messages.Command, messages.Event, messages.Outcome, None, None)
        self.history_s = history_s

    def keeps(self, event: Any) -> bool:
        return self.history_s > 0 and is_kept(event)

    def selects(self, state: Any, event: Any, msgid: str, at: int, wanted: str) -> bool:
        return state.history.shows(msgid, at, authors(event)) and is_wanted(event, wanted)

    def erased(self, state: Any) -> Erased:
        gone: Erased = state.history.gone()
        return gone

    def authors(self, event: Any) -> tuple[str, ...]:
        return authors(event)

    def initial(self, name: str) -> State:
        return Conversation(name, self.history_s)

    def restore(self, name: str, snapshot: msgspec.Raw) -> State:
        return restore(name, self.history_s, snapshot)
