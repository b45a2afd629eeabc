"""A channel as links carry it, with the times that a merge after a partition needs (P26)."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from gateway.state.channel.machine_messages import SpokenKey
from gateway.state.channel.webhook_messages import Subscription
from gateway.state.people import Person

INVITES = 100
"""A channel remembers at most this many open invitations; the oldest goes first."""

TOMBSTONES = 500
"""A channel remembers at most this many who left, and as many masks that were lifted, messages that were deleted, and
people who had all of theirs deleted; the oldest goes first."""


KICKS = 50
"""Of so many it remembers by whom they were kicked, and why; the oldest goes first."""


class Sitting(msgspec.Struct, frozen=True, array_like=True):
    """A member. prefixes: rank letters, highest first. joined_at, ranked_at: Unix ms, of the last change of each.

    ranked_in: the joined_at of the stay that the rank was given in. Who leaves and comes back has lost it, though
    another side, which had not seen that, says otherwise.
    """

    person: Person
    prefixes: str
    joined_at: int
    ranked_at: int
    ranked_in: int


class PutOut(msgspec.Struct, frozen=True, array_like=True):
    """A kick. source, account: of who did it. at: Unix ms."""

    NEWER: ClassVar = {"account": 1}

    source: str
    reason: str
    at: int
    account: str | None = None


class Stored(msgspec.Struct, frozen=True, array_like=True):
    """All times in Unix ms."""

    NEWER: ClassVar = {"webhooks": 2, "unsubscribed": 2, "keys": 2}

    name: str
    changed_at: int
    created: int  # 0: nobody is in it
    topic: tuple[str, str, int]  # text, by, at
    settings: tuple[str, str | None, int | None]  # mode letters, key, limit
    members: list[Sitting]
    lists: dict[str, tuple[tuple[str, str, int], ...]]  # letter -> (mask, set by, at)
    invited: list[str]
    written: dict[str, int]  # mode letter -> when it was last set or unset
    lifted: dict[str, int]  # list letter and mask -> when it was removed
    left: dict[str, int]  # uid -> when it left by its own will, or a kick
    erased: int = 0  # what was said up to then is deleted
    redacted: dict[str, int] = {}  # msgid -> when it was deleted
    closed: int = 0  # what was said up to then, behind a door that is gone, is shown to nobody
    spoken: bool = False  # there is a history
    forgotten: dict[str, int] = {}  # uid or life -> when all that it had said was deleted
    put_out: dict[str, PutOut] = {}  # uid -> its last kick; it may have come back since
    webhooks: dict[str, Subscription] = {}  # by id
    unsubscribed: dict[str, int] = {}  # id of a subscription -> when it was ended
    keys: dict[str, SpokenKey] = {}  # idempotency key -> what a machine has said under it
