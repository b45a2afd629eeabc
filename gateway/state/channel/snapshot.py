"""A channel's snapshot on links and disks, with the times that a merge after a partition needs (P26)."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from gateway.state.channel.machine_messages import SpokenKey
from gateway.state.channel.registration import Forbidden, Registration
from gateway.state.channel.webhook_messages import Subscription
from gateway.state.metadata import Kept
from gateway.state.people import Person

INVITES = 100
"""The most open invitations that a channel remembers. The oldest go first."""

TOMBSTONES = 500
"""The most entries in each table of past events: departures of people, removed masks, deleted messages,
people with all messages deleted. The oldest go first."""


KICKS = 50
"""The most kicked people that a channel remembers, each with the last kick. The oldest go first."""


class Sitting(msgspec.Struct, frozen=True, array_like=True):
    """A member. prefixes: ranks given by MODE, highest first. joined_at: time of the last join, Unix ms. ranked_at:
    time of the last change of rank, Unix ms. less: ranks that the member's access gives, and MODE has taken.

    ranked_in: the joined_at at the time of the last change of rank. A member who leaves and comes back has lost the
    rank, even if another side of a partition has not seen the member leave.
    """

    NEWER: ClassVar = {"less": 2}

    person: Person
    prefixes: str
    joined_at: int
    ranked_at: int
    ranked_in: int
    less: str = ""


class PutOut(msgspec.Struct, frozen=True, array_like=True):
    """A kick. source, account: of the kicking person. at: Unix ms."""

    NEWER: ClassVar = {"account": 1}

    source: str
    reason: str
    at: int
    account: str | None = None


class Stored(msgspec.Struct, frozen=True, array_like=True):
    """All times in Unix ms."""

    NEWER: ClassVar = {
        "webhooks": 2,
        "unsubscribed": 2,
        "keys": 2,
        "registrations": 2,
        "unregistered": 2,
        "base": 2,
        "doubtful": 2,
        "params": 3,
        "forbidden": 3,
        "metadata": 3,
        "lapses": 3,
        "hidden": 3,
    }

    name: str
    changed_at: int
    created: int  # 0: the channel is empty
    topic: tuple[str, str, int]  # text, by, at
    settings: tuple[str, str | None, int | None]  # mode letters, key, limit
    members: list[Sitting]
    lists: dict[str, tuple[tuple[str, str, int], ...]]  # letter -> (mask, set by, at)
    invited: list[str]
    written: dict[str, int]  # mode letter -> time of the last change
    lifted: dict[str, int]  # list letter and mask -> time of the removal
    left: dict[str, int]  # uid -> time when the user left or was kicked
    erased: int = 0  # all messages up to this time are deleted
    redacted: dict[str, int] = {}  # msgid -> time of the deletion
    closed: int = 0  # messages up to this time are hidden: the channel was closed (+i, +k ...), and then empty
    spoken: bool = False  # the channel has a history
    forgotten: dict[str, int] = {}  # uid or life -> all messages of the author up to this time are deleted
    put_out: dict[str, PutOut] = {}  # uid -> last kick; the user may have come back since
    webhooks: dict[str, Subscription] = {}  # by id
    unsubscribed: dict[str, int] = {}  # id of a subscription -> time of the end
    keys: dict[str, SpokenKey] = {}  # idempotency key -> the machine's message
    registrations: tuple[Registration, ...] = ()  # the oldest first; the first is the channel's
    unregistered: int = 0  # time of the last drop: earlier registrations are void
    base: tuple[int, str] = (0, "")  # time and id of the first registration since the channel was made
    doubtful: bool = False  # absent nodes may hold a registration of the channel
    params: dict[str, str] = {}  # mode letter -> parameter, but for k and l
    forbidden: Forbidden | None = None  # operators of the network forbid the channel, or did so
    metadata: Kept = {}
    lapses: dict[str, int] = {}  # letter of a mode that +F has set -> when the mode ends
    hidden: tuple[str, ...] = ()  # uids of members who have not spoken yet (+D)
