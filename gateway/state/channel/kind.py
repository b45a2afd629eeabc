"""Channels as a kind of group, for the engine."""

from __future__ import annotations

from typing import Any

import msgspec

from gateway.state.channel import history, messages, questions
from gateway.state.channel.channel import Channel, restore
from gateway.state.channel.state import Rules
from gateway.state.reader import UNJUDGED, KindReader
from ring.history.erased import Erased
from ring.ids import Incarnation
from ring.replication.state_machine import Durable, State


class ChannelKind(KindReader):
    durable: Durable = "written"
    unjudged = UNJUDGED

    def __init__(self, rules: Rules) -> None:
        super().__init__(
            messages.Command, messages.Event, messages.Outcome, questions.Look, questions.ChannelView | None
        )
        self.rules = rules

    def keeps(self, event: Any) -> bool:
        return self.rules.history_s > 0 and history.is_kept(event)

    def is_silent(self, state: Any) -> bool:
        """Whether the channel has no messages and no webhooks: a guest can make millions of silent channels a day."""
        return not (state.history.spoken or state.webhooks.subscriptions)

    def selects(self, state: Any, event: Any, msgid: str, at: int, wanted: str) -> bool:
        is_hook = wanted == history.WEBHOOK  # an operator may read messages of a closed channel (P45)
        shown = state.history.shows(msgid, at, history.authors(event), behind_doors=is_hook)
        return shown and history.is_wanted(event, wanted)

    def erased(self, state: Any) -> Erased:
        gone: Erased = state.history.gone()
        return gone

    def authors(self, event: Any) -> tuple[str, ...]:
        return history.authors(event)

    def recorded(self, state: Any, event: Any, origin: Incarnation, number: int) -> Any:
        return history.named(event, origin, number) if state.webhooks.subscriptions else event

    def initial(self, name: str) -> State:
        return Channel(name, self.rules)

    def restore(self, name: str, snapshot: msgspec.Raw) -> State:
        return restore(name, self.rules, snapshot)
