"""Channels as a kind of group, for the engine."""

from __future__ import annotations

from typing import Any

import msgspec

from gateway.state.channel import emptying_messages as e
from gateway.state.channel import history, messages, questions
from gateway.state.channel import registration_messages as r
from gateway.state.channel import upkeep_messages as u
from gateway.state.channel.channel import Channel, restore
from gateway.state.channel.metadata_messages import MetadataSet, SetMetadata
from gateway.state.channel.registration_messages import Doubt, NotDone
from gateway.state.channel.state import Rules
from gateway.state.reader import UNJUDGED, KindReader
from ring.history.erased import Erased
from ring.ids import Incarnation
from ring.replication.state_machine import Confirmed, Durable, State

_WHOLE = frozenset(
    (
        r.Register,
        r.Unregister,
        r.SetAccess,
        r.Bereave,
        r.SetHolder,
        r.SetSetting,
        r.SetAkick,
        u.Expire,
        e.Purge,
        e.Forbid,
    )
)
_HELD = frozenset((messages.SetTopic, messages.SetModes, SetMetadata, r.GiveRank, e.Clear, e.Recover))
"""The commands of a registered channel that are on disks before the answer (P51)."""
_OF_REGISTRATIONS = frozenset(
    (r.Registered, r.Unregistered, r.AccessSet, r.HolderSet, r.SettingSet, r.AkickSet, e.Emptied)
)
_OF_REGISTERED = frozenset((messages.TopicSet, messages.ModesSet, MetadataSet, messages.Merged))


class ChannelKind(KindReader):
    durable: Durable = "written"
    unjudged = UNJUDGED
    unkept = NotDone("absent")

    def __init__(self, rules: Rules) -> None:
        super().__init__(
            messages.Command, messages.Event, messages.Outcome, questions.Look, questions.ChannelView | None
        )
        self.rules = rules

    def keeps(self, event: Any) -> bool:
        return self.rules.history_s > 0 and history.is_kept(event)

    def is_silent(self, state: Any) -> bool:
        """Whether the channel has no messages, no webhooks and no registration, and is not permanent: a guest can make
        millions of silent channels a day."""
        register = state.register
        return not (
            state.stays
            or state.history.spoken
            or state.webhooks.subscriptions
            or register.kept
            or register.dropped
            or register.forbidden
        )

    def confirms(self, state: Any, command: Any) -> Confirmed:
        if type(command) in _WHOLE:
            return "whole"
        return "held" if type(command) in _HELD and state.register.kept else "no"

    def is_confirmed_by(self, state: Any, event: Any) -> bool:
        return type(event) in _OF_REGISTRATIONS or (type(event) in _OF_REGISTERED and bool(state.register.kept))

    def is_lasting(self, state: Any) -> bool:
        return bool(state.register.kept) or state.register.is_forbidden

    def doubts(self, state: Any, over: bool) -> Any:
        return Doubt(over) if state.doubtful is over else None

    def selects(self, state: Any, event: Any, msgid: str, at: int, wanted: str) -> bool:
        if history.is_veiled(event, wanted) and not state.modes.isdisjoint("Du"):
            return False
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
