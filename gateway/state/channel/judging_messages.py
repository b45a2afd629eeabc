"""Commands and outcomes about other channels, about time and about knocks; and how CTCP is known."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from gateway.state.people import Person


class _Tagged(msgspec.Struct, frozen=True, array_like=True):
    pass


SERVICE = "ChanServ"
"""The author of the channel's own acts: a state knows no host of a service."""


CTCP = b"\x01"
_ACTION = (b"ACTION", b"ACTION\x01")


def is_ctcp(text: bytes) -> bool:
    """Whether a text is a CTCP request, and no action."""
    return text[:1] == CTCP and text[1:].split(b" ", 1)[0] not in _ACTION


class Lapse(_Tagged, frozen=True, tag=117):
    """Take off the masks that have ended. The master gives itself this command."""

    SINCE: ClassVar = 3


class Knock(_Tagged, frozen=True, tag=120):
    """Ask the channel's operators for an invitation. text: "" for none. secure: over TLS (+S). every_s: between two
    knocks of the person. most: knocks of all people in a minute."""

    SINCE: ClassVar = 3

    person: Person
    text: str = ""
    secure: bool = False
    every_s: float = 60.0
    most: int = 10


class Knocked(_Tagged, frozen=True, tag=121):
    SINCE: ClassVar = 3

    uid: str
    source: str
    text: str = ""
    account: str | None = None


class RoomsAsked(_Tagged, frozen=True, tag=118):
    """Masks of the channel judge people by other channels: the person's node is to submit the Join again, with the
    channels among these in which the person is. names: folded."""

    SINCE: ClassVar = 3

    names: tuple[str, ...]
