"""A channel's subscriptions (webhooks): fields in the group's state, commands and events (P44, P47)."""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from ring.wire.history import Cursor


class Subscription(msgspec.Struct, frozen=True, array_like=True):
    """A subscription of an address: the channel's messages are posted to the address.

    by: the operator that made the subscription. at: time of the subscription, Unix ms. cursor: the receiver's, as known
    to the group. dropped: number of messages, since the subscription began, that were never sent to the receiver.
    told: number of dropped messages that the receiver knows of. dropped and told only grow.
    """

    SINCE: ClassVar = 2

    id: str
    url: str
    secret: str
    by: str
    at: int
    cursor: Cursor
    dropped: int = 0
    told: int = 0

    def __repr__(self) -> str:
        """Leave out the secret and the URL, as the URL's path may have a secret, too."""
        return f"Subscription({self.id!r}, cursor={self.cursor!r}, dropped={self.dropped}, told={self.told})"


class _Tagged(msgspec.Struct, frozen=True, array_like=True):
    SINCE: ClassVar = 2


class Subscribe(_Tagged, frozen=True, tag=50):
    """Begin a subscription. id: chosen by the operator's node, never used before."""

    id: str
    url: str
    secret: str
    by: str

    def __repr__(self) -> str:
        return f"Subscribe({self.id!r}, by={self.by!r})"


class Unsubscribe(_Tagged, frozen=True, tag=51):
    id: str
    by: str


class Advance(_Tagged, frozen=True, tag=52):
    """Advance the receiver's cursor, from the delivering node. dropped, told: as in Subscription."""

    id: str
    cursor: Cursor
    dropped: int = 0
    told: int = 0


class Subscribed(_Tagged, frozen=True, tag=53):
    subscription: Subscription


class Unsubscribed(_Tagged, frozen=True, tag=54):
    id: str
    by: str


class Advanced(_Tagged, frozen=True, tag=55):
    id: str
    cursor: Cursor
    dropped: int = 0
    told: int = 0


class NotSubscribed(_Tagged, frozen=True, tag=56):
    """There is no such subscription. why: the channel has too many subscriptions, or no subscription with this id."""

    why: Literal["full", "unknown"]
