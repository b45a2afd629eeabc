"""The subscriptions of one channel: part of its state, and how two sides of a partition become one (P44)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import msgspec

from gateway.state.channel.snapshot import TOMBSTONES
from gateway.state.channel.webhook_messages import (
    Advance,
    Advanced,
    NotSubscribed,
    Subscribe,
    Subscribed,
    Subscription,
    Unsubscribe,
    Unsubscribed,
)
from gateway.state.times import latest, newest
from ring.history.cursor import merge_cursors
from ring.replication.state_machine import Decision
from ring.wire.history import Cursor

if TYPE_CHECKING:
    from gateway.state.channel.channel import Channel

MOST: Final = 10
"""A channel has at most so many subscriptions."""

Subscriptions = dict[str, Subscription]  # by id, in the order in which they were made


class Webhooks:
    """subscriptions: by id. ended: id -> when the subscription was ended, Unix ms; an id never comes back."""

    __slots__ = ("ended", "subscriptions")

    def __init__(self, subscriptions: Mapping[str, Subscription] = {}, ended: Mapping[str, int] = {}) -> None:
        self.subscriptions: Subscriptions = dict(subscriptions)
        self.ended = dict(ended)

    def stored(self) -> tuple[Subscriptions, dict[str, int]]:
        return self.subscriptions, self.ended

    def subscribed(self, subscription: Subscription) -> None:
        if subscription.id not in self.ended:
            self.subscriptions = {**self.subscriptions, subscription.id: subscription}

    def unsubscribed(self, name: str, at: int) -> None:
        self.subscriptions = {key: one for key, one in self.subscriptions.items() if key != name}
        self.ended = newest({**self.ended, name: at}, TOMBSTONES)

    def advanced(self, event: Advanced) -> None:
        known = self.subscriptions.get(event.id)
        if known is not None:
            self.subscriptions = {**self.subscriptions, event.id: _advanced(known, event)}


def decide_subscribe(channel: Channel, command: Subscribe, at: int) -> Decision:
    """The place of a new subscription is a moment: everything that is said later is delivered."""
    hooks = channel.webhooks
    if command.id in hooks.subscriptions:
        return Decision(None, None)
    if len(hooks.subscriptions) >= MOST:
        return Decision(NotSubscribed("full"), None)
    made = Subscription(command.id, command.url, command.secret, command.by, at, Cursor(0, at))
    return Decision(None, Subscribed(made))


def decide_unsubscribe(channel: Channel, command: Unsubscribe, at: int) -> Decision:
    if command.id not in channel.webhooks.subscriptions:
        return Decision(NotSubscribed("unknown"), None)
    return Decision(None, Unsubscribed(command.id, command.by))


def decide_advance(channel: Channel, command: Advance, at: int) -> Decision:
    """Join the place with the known place. A late Advance of a former master is true, too (P47)."""
    known = channel.webhooks.subscriptions.get(command.id)
    if known is None or _advanced(known, command) == known:
        return Decision(None, None)
    return Decision(None, Advanced(command.id, command.place, command.dropped, command.told))


def _advanced(known: Subscription, news: Advance | Advanced | Subscription) -> Subscription:
    """Whatever order such news come in, and however often, they lead to the same."""
    place = merge_cursors(known.place, news.place) or known.place
    dropped, told = max(known.dropped, news.dropped), max(known.told, news.told)
    return msgspec.structs.replace(known, place=place, dropped=dropped, told=told)


def merge_webhooks(
    a: Subscriptions, b: Subscriptions, ended_a: Mapping[str, int], ended_b: Mapping[str, int]
) -> tuple[Subscriptions, dict[str, int]]:
    """Commutative, associative and idempotent. The receiver has what either side has delivered (P47)."""
    ended = latest(ended_a, ended_b)
    found: Subscriptions = {}
    for side in (a, b):
        for name, one in side.items():
            if name not in ended:
                found[name] = _advanced(found[name], one) if name in found else one
    kept = sorted(found.values(), key=lambda one: (one.at, one.id))
    return {one.id: one for one in kept}, newest(ended, TOMBSTONES)
