"""Commands and events of a conversation: private messages of two accounts, or of an account and a guest (P32).

The rules are in conversation.py. Where a field names an account, the user id of a guest stands for the guest.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from gateway.state.once import Once, Repeat
from gateway.state.people import Refusal
from ring.ids import Incarnation


class _Tagged(msgspec.Struct, frozen=True, array_like=True):
    pass


class Seat(msgspec.Struct, frozen=True, array_like=True):
    """Where one of the two is. taken: when its session came to that node, Unix ms: a later one counts."""

    uid: str
    edge: Incarnation
    taken: int


class Stored(msgspec.Struct, frozen=True, array_like=True):
    """seats: by folded account. All times in Unix ms."""

    seats: dict[str, Seat]
    changed_at: int = 0
    erased: int = 0  # what was said up to then is deleted
    redacted: dict[str, int] = {}  # msgid -> when it was deleted
    forgotten: dict[str, int] = {}  # account -> when all that it had said was deleted


# Commands ------------------------------------------------------------------------------------------------------------


class Sit(_Tagged, frozen=True, tag=1):
    """The account's user is here, and is to be told what is said."""

    account: str
    seat: Seat


class Leave(_Tagged, frozen=True, tag=2):
    """From the node it was on: elsewhere it may have sat down since."""

    uid: str
    edge: Incarnation


class Evict(_Tagged, frozen=True, tag=3):
    """The master's own: the node is gone."""

    edge: Incarnation


class Say(_Tagged, frozen=True, tag=4):
    """account: the speaker's, folded; name: as registered. to: the other's nick.

    to_uid: refused unless this user has a seat in the conversation, for a guest does not follow who has; "": not asked.
    """

    NEWER: ClassVar = {"to_uid": 1}

    uid: str
    account: str
    source: str
    verb: str
    text: bytes
    to: str
    name: str | None = None
    tags: dict[str, str] | None = None
    bot: bool = False
    once: Once | None = None
    to_uid: str = ""


class Redact(_Tagged, frozen=True, tag=5):
    """Delete a message that the edge has found to be the caller's own; msgid "*": all of them, an account was dropped.

    account: the caller's, folded. to: the other's nick.
    """

    NEWER: ClassVar = {"name": 1}

    account: str
    source: str
    msgid: str
    to: str = ""
    reason: str | None = None
    once: Once | None = None
    name: str | None = None  # the account as registered


class Forget(_Tagged, frozen=True, tag=6):
    """Delete all that the caller has said so far. account: folded."""

    account: str


Command = Sit | Leave | Evict | Say | Redact | Forget | Repeat


# Events --------------------------------------------------------------------------------------------------------------


class Sat(_Tagged, frozen=True, tag=21):
    account: str
    seat: Seat


class Left(_Tagged, frozen=True, tag=22):
    """accounts: folded."""

    accounts: tuple[str, ...]


class Said(_Tagged, frozen=True, tag=23):
    uid: str
    account: str
    source: str
    verb: str
    text: bytes
    to: str
    name: str | None = None
    tags: dict[str, str] | None = None
    bot: bool = False
    once: Once | None = None


class Redacted(_Tagged, frozen=True, tag=24):
    NEWER: ClassVar = {"name": 1}

    account: str
    source: str
    msgid: str
    to: str = ""
    reason: str | None = None
    once: Once | None = None
    name: str | None = None  # the account as registered


class Forgotten(_Tagged, frozen=True, tag=26):
    account: str


class Merged(_Tagged, frozen=True, tag=25):
    """Two sides of a partition are one again, and this is the state (P26)."""

    stored: Stored


Event = Sat | Left | Said | Redacted | Forgotten | Merged
Outcome = Refusal | None
