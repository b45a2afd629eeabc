"""Commands, events, outcomes and questions of a nick's group: the claim, the holder's facts, private messages.

The group of the nick that a user holds is the user's own group (P27, P28): it numbers the versions of its facts.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from gateway.state.nick.snapshot import Past, Stored
from gateway.state.once import Once
from gateway.state.people import Person, Refusal


class _Tagged(msgspec.Struct, frozen=True, array_like=True):
    pass


# Commands ------------------------------------------------------------------------------------------------------------


class Claim(_Tagged, frozen=True, tag=1):
    """Take the nick. pending: a rename that is still told to the channels; the old nick is still the user's own group.

    The same user claims again to confirm (pending=False). Refused with 433 while another holds it. moves: its session
    has come to the person's node; without that, a node that it has left is told so.
    """

    person: Person
    pending: bool = False
    moves: bool = False


class Change(_Tagged, frozen=True, tag=2):
    """New facts of the holder; the group gives the version (the highest known + 1, whatever `person.version` says)."""

    person: Person


class Release(_Tagged, frozen=True, tag=3):
    """Give the nick back. reason: of the QUIT, for WHOWAS nothing is needed; moved: renamed, not gone."""

    uid: str
    moved: bool = False


class Tell(_Tagged, frozen=True, tag=4):
    """PRIVMSG, NOTICE, TAGMSG or INVITE to the holder. sender: facts of who speaks (P10)."""

    NEWER: ClassVar = {"guests": 1, "uid": 1, "msgid": 1, "at": 1}

    sender: Person
    verb: str
    text: bytes  # INVITE: the channel's name
    tags: dict[str, str] | None = None
    target: str = ""  # the nick as the sender typed it
    secure: bool = False
    talks: bool = False  # the sender would rather say it in the conversation of the two accounts (P32)
    once: Once | None = None
    guests: bool = False  # and so to a holder without an account
    uid: str = ""  # refused if another user holds the nick by now; "": whoever holds it
    msgid: str = ""  # of the event in the conversation, if the line was said there first
    at: int = 0  # time of that event, Unix ms


class Kill(_Tagged, frozen=True, tag=5):
    """uid: the victim (P10). source, account: of the operator. reason: as shown in the victim's ERROR and QUIT."""

    NEWER: ClassVar = {"account": 1}

    uid: str
    source: str
    reason: str
    account: str | None = None


class Evict(_Tagged, frozen=True, tag=6):
    """The holder's edge is gone, or a pending claim ran out."""

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
    evicted: bool = False  # its node is gone, for all that this side knows: it may come back (P26)


class Told(_Tagged, frozen=True, tag=24):
    NEWER: ClassVar = {"msgid": 1, "at": 1}

    sender: Person
    verb: str
    text: bytes
    tags: dict[str, str] | None = None
    uid: str = ""  # of the holder
    once: Once | None = None
    msgid: str = ""  # as of Tell; "": the event's own
    at: int = 0


class Killed(_Tagged, frozen=True, tag=25):
    NEWER: ClassVar = {"account": 1}

    uid: str
    source: str
    reason: str
    account: str | None = None


class Merged(_Tagged, frozen=True, tag=26):
    """Two sides of a partition are one again, and this is the state (P26)."""

    stored: Stored


Event = Claimed | Changed | Released | Told | Killed | Merged


# Outcomes ------------------------------------------------------------------------------------------------------------


class Granted(_Tagged, frozen=True, tag=31):
    """The holder's facts as the group has them now, version included."""

    person: Person


class Moved(_Tagged, frozen=True, tag=33):
    """The holder is on another node by now (P31)."""


class Reached(_Tagged, frozen=True, tag=32):
    """A private message was accepted. person: the holder (for its nick as it writes it, and its away text)."""

    person: Person
    talks: bool = False  # it was not: both have accounts, and it is to be said in their conversation (P32)


Outcome = Refusal | Granted | Moved | Reached | None


# Questions ------------------------------------------------------------------------------------------------------------


class Who(_Tagged, frozen=True, tag=41):
    """Who holds the nick, and who did before? The answer is a NickView."""


class NickView(msgspec.Struct, frozen=True, array_like=True):
    """holder: one who is being renamed to it included (P27). past: newest first, for WHOWAS."""

    holder: Person | None
    past: tuple[Past, ...] = ()
