"""Commands and events of a conversation: private messages of two accounts, or of an account and a guest (P32).

The rules are in conversation.py. Where a field names an account, the user id of a guest stands for the guest.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from gateway.state.idempotency import IdempotencyKey, Probe
from gateway.state.people import Refusal
from ring.ids import Incarnation


class _Tagged(msgspec.Struct, frozen=True, array_like=True):
    pass


class Seat(msgspec.Struct, frozen=True, array_like=True):
    """The place of a person: the user and the node. taken: when the session came to the node, Unix ms. A later seat
    replaces an earlier seat."""

    uid: str
    edge: Incarnation
    taken: int


class Stored(msgspec.Struct, frozen=True, array_like=True):
    """seats: by folded account. All times in Unix ms."""

    seats: dict[str, Seat]
    changed_at: int = 0
    erased: int = 0  # all messages up to this time are deleted
    redacted: dict[str, int] = {}  # msgid -> time of the deletion
    forgotten: dict[str, int] = {}  # account -> all the account's messages up to this time are deleted


# Commands ------------------------------------------------------------------------------------------------------------


class Sit(_Tagged, frozen=True, tag=1):
    """Seat the account's user, so that the user reads new messages."""

    account: str
    seat: Seat


class Leave(_Tagged, frozen=True, tag=2):
    """Leave the seat, from the user's former node. A seat on another node stays: the user may sit there already."""

    uid: str
    edge: Incarnation


class Evict(_Tagged, frozen=True, tag=3):
    """Remove all seats on a node, from the master itself: the node is gone."""

    edge: Incarnation


class Say(_Tagged, frozen=True, tag=4):
    """Say a message. account: the speaker's account, folded; name: as registered. to: the other person's nick.

    to_uid: refused unless this user has a seat in the conversation; "": no such check. A guest needs the check, as a
    guest does not follow the seats.
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
    idempotency_key: IdempotencyKey | None = None
    to_uid: str = ""


class Redact(_Tagged, frozen=True, tag=5):
    """Delete a message. The caller's node has checked that the message is the caller's own. msgid "*": delete all
    messages, as an account was dropped.

    account: the caller's account, folded. to: the other person's nick.
    """

    NEWER: ClassVar = {"name": 1}

    account: str
    source: str
    msgid: str
    to: str = ""
    reason: str | None = None
    idempotency_key: IdempotencyKey | None = None
    name: str | None = None  # the account as registered


class Forget(_Tagged, frozen=True, tag=6):
    """Delete all messages of the caller so far. account: folded."""

    account: str


Command = Sit | Leave | Evict | Say | Redact | Forget | Probe


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
    idempotency_key: IdempotencyKey | None = None


class Redacted(_Tagged, frozen=True, tag=24):
    NEWER: ClassVar = {"name": 1}

    account: str
    source: str
    msgid: str
    to: str = ""
    reason: str | None = None
    idempotency_key: IdempotencyKey | None = None
    name: str | None = None  # the account as registered


class Forgotten(_Tagged, frozen=True, tag=26):
    account: str


class Merged(_Tagged, frozen=True, tag=25):
    """The partition has healed, and the state of both sides is merged (P26)."""

    stored: Stored


Event = Sat | Left | Said | Redacted | Forgotten | Merged
Outcome = Refusal | None
