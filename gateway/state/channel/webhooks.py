"""The subscriptions in a channel's state, and the merge of two sides after a partition (P44)."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from gateway.state.channel.snapshot import TOMBSTONES
from gateway.state.channel.webhook_messages import (
    Advance,
    Advanced,
    Subscription,
)
from gateway.state.times import latest, newest
from ring.history.cursor import merge_cursors

Subscriptions = dict[str, Subscription]  # by id, oldest subscription first


class Webhooks:
    """subscriptions: by id. ended: id -> time of the subscription's end, Unix ms; an id never comes back."""

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
            self.subscriptions = {**self.subscriptions, event.id: advanced_by(known, event)}


def advanced_by(known: Subscription, news: Advance | Advanced | Subscription) -> Subscription:
    """Apply news to a subscription. The result does not depend on the order of news, nor on repeats."""
    cursor = merge_cursors(known.cursor, news.cursor) or known.cursor
    dropped, told = max(known.dropped, news.dropped), max(known.told, news.told)
    return msgspec.structs.replace(known, cursor=cursor, dropped=dropped, told=told)


def merge_webhooks(
    a: Subscriptions, b: Subscriptions, ended_a: Mapping[str, int], ended_b: Mapping[str, int]
) -> tuple[Subscriptions, dict[str, int]]:
    """Merge the subscriptions of both sides: the receiver has all messages that either side has delivered (P47).

    Commutative, associative and idempotent.
    """
    ended = latest(ended_a, ended_b)
    found: Subscriptions = {}
    for side in (a, b):
        for name, one in side.items():
            if name not in ended:
                found[name] = advanced_by(found[name], one) if name in found else one
    kept = sorted(found.values(), key=lambda one: (one.at, one.id))
    return {one.id: one for one in kept}, newest(ended, TOMBSTONES)
