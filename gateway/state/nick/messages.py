"""Commands, events, outcomes and questions of a nick's group: the claim, the holder's profile, private messages.

The group of a user's nick is the user's own group (P27, P28): this group numbers the versions of the user's profile.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from gateway.state.idempotency import IdempotencyKey
from gateway.state.nick.snapshot import Past, Stored
from gateway.state.people import Person, Refusal


class _Tagged(msgspec.Struct, frozen=True, array_like=True):
    pass


# Commands ------------------------------------------------------------------------------------------------------------


class Claim(_Tagged, frozen=True, tag=1):
    """Take the nick. Refused with 433 while another user holds the nick.

    pending: a rename; the channels do not know the new nick yet. The old nick's group is still the user's own group;
    the user claims again with pending=False to confirm. moves: the user's session has moved to the person's node.
    Without `moves`, a node that the session has left is answered with Moved.
    """

    person: Person
    pending: bool = False
    moves: bool = False


class Change(_Tagged, frozen=True, tag=2):
    """Change the holder's profile. The group gives the version: the higher of the known version and `person.version`,
    plus 1."""

    person: Person


class Release(_Tagged, frozen=True, tag=3):
    """Give the nick back. moved: the user has another nick, and has not left the network."""

    uid: str
    moved: bool = False


class Tell(_Tagged, frozen=True, tag=4):
    """Send a PRIVMSG, NOTICE, TAGMSG or INVITE to the holder. sender: the speaker's profile (P10)."""

    NEWER: ClassVar = {"guests": 1, "uid": 1, "msgid": 1, "at": 1}

    sender: Person
    verb: str
    text: bytes  # INVITE: the channel's name
    tags: dict[str, str] | None = None
    target: str = ""  # the nick as the sender typed it
    secure: bool = False
    in_conversation: bool = (
        False  # if the holder has an account, the sender will use the conversation of the accounts (P32)
    )
    idempotency_key: IdempotencyKey | None = None
    guests: bool = False  # as in_conversation, for a holder without an account
    uid: str = ""  # the wanted holder: refused if another user holds the nick; "": any holder
    msgid: str = ""  # of the event in the conversation, if the message was said there first
    at: int = 0  # time of the event in the conversation, Unix ms


class Kill(_Tagged, frozen=True, tag=5):
    """Disconnect the user. uid: the user (P10). source, account: of the operator. reason: the text of ERROR and
    QUIT."""

    NEWER: ClassVar = {"account": 1}

    uid: str
    source: str
    reason: str
    account: str | None = None


class Evict(_Tagged, frozen=True, tag=6):
    """Take the nick from the holder: the holder's node is gone, or a pending claim ran out."""

    uid: str


Command = Claim | Change | Release | Tell | Kill | Evict


# Events --------------------------------------------------------------------------------------------------------------


class Claimed(_Tagged, frozen=True, tag=21):
    person: Person
    pending: bool = False


class Changed(_Tagged, frozen=True, tag=22):
    person: Person


class Released(_Tagged, frozen=True, tag=23):
    uid: str
    moved: bool = False
    evicted: bool = False  # this side of the network has lost the user's node; the user may come back (P26)


class Told(_Tagged, frozen=True, tag=24):
    NEWER: ClassVar = {"msgid": 1, "at": 1}

    sender: Person
    verb: str
    text: bytes
    tags: dict[str, str] | None = None
    uid: str = ""  # of the holder
    idempotency_key: IdempotencyKey | None = None
    msgid: str = ""  # as in Tell; "": the event's own id
    at: int = 0


class Killed(_Tagged, frozen=True, tag=25):
    NEWER: ClassVar = {"account": 1}

    uid: str
    source: str
    reason: str
    account: str | None = None


class Called(_Tagged, frozen=True, tag=66):
    """Somebody has written to the holder, who hears only accepted people (user mode g)."""

    SINCE: ClassVar = 3

    uid: str
    sender: Person


class Merged(_Tagged, frozen=True, tag=26):
    """The partition has healed, and the state of both sides is merged (P26)."""

    stored: Stored


Event = Claimed | Changed | Released | Told | Killed | Called | Merged


# Outcomes ------------------------------------------------------------------------------------------------------------


class Granted(_Tagged, frozen=True, tag=31):
    """person: the holder's profile in the group now, with the version."""

    person: Person


class Moved(_Tagged, frozen=True, tag=33):
    """The holder is on another node now (P31)."""


class Reached(_Tagged, frozen=True, tag=32):
    """A private message was accepted. person: the holder, for the holder's spelling of the nick, and the away text."""

    person: Person
    in_conversation: bool = False  # not accepted here: say the message in the conversation of the two people (P32)


Outcome = Refusal | Granted | Moved | Reached | None


# Questions ------------------------------------------------------------------------------------------------------------


class Who(_Tagged, frozen=True, tag=41):
    """Ask for the nick's holder and earlier holders. The answer is a NickView."""


class NickView(msgspec.Struct, frozen=True, array_like=True):
    """holder: may be in the middle of a rename to this nick (P27). past: earlier holders, newest first, for WHOWAS."""

    holder: Person | None
    past: tuple[Past, ...] = ()
