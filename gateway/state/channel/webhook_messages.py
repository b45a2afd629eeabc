"""A channel's subscriptions (webhooks): their fields in the group's state, and their commands and events (P44, P47)."""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from ring.wire.history import Cursor


class Subscription(msgspec.Struct, frozen=True, array_like=True):
    """A subscription of an address: the channel's messages are posted to the address.

    by: who made the subscription. at: when, Unix ms. place: how far the receiver has come, as the group knows it.
    dropped: messages that the receiver was never sent, since the subscription was made; told: of how many of them the
    receiver knows. Both only grow.
    """

    SINCE: ClassVar = 2

    id: str
    url: str
    secret: str
    by: str
    at: int
    place: Cursor
    dropped: int = 0
    told: int = 0

    def __repr__(self) -> str:
        """Without the secret, and without the URL, which may have one in its path."""
        return f"Subscription({self.id!r}, place={self.place!r}, dropped={self.dropped}, told={self.told})"


class _Tagged(msgspec.Struct, frozen=True, array_like=True):
    SINCE: ClassVar = 2


class Subscribe(_Tagged, frozen=True, tag=50):
    """id: chosen by the node that the operator has asked, never used before."""

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
    """From the node that delivers: the receiver has come this far. dropped, told: as in Subscription."""

    id: str
    place: Cursor
    dropped: int = 0
    told: int = 0


class Subscribed(_Tagged, frozen=True, tag=53):
    subscription: Subscription


class Unsubscribed(_Tagged, frozen=True, tag=54):
    id: str
    by: str


class Advanced(_Tagged, frozen=True, tag=55):
    id: str
    place: Cursor
    dropped: int = 0
    told: int = 0


class NotSubscribed(_Tagged, frozen=True, tag=56):
    """Why there is no such subscription: the channel has too many, or none with that id."""

    why: Literal["full", "unknown"]
