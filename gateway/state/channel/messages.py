"""Commands, events, outcomes and questions of a channel's group. Plain data; the rules are in channel.py.

Text that people say is bytes, so that what is not UTF-8 passes through; topics, reasons and names are UTF-8 text.
`by` is the uid of who acts, `source` its nick!user@host (or the server's name) when the command was given, and
`account` its account then (since feature level 1; a node that does not know the field ignores it). `once` is what a
command and its event are known by, where another edge may give it again.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import ClassVar

import msgspec

from gateway.state.channel.machine_messages import Speak, Spoken
from gateway.state.channel.snapshot import PutOut, Stored
from gateway.state.channel.webhook_messages import (
    Advance,
    Advanced,
    NotSubscribed,
    Subscribe,
    Subscribed,
    Unsubscribe,
    Unsubscribed,
)
from gateway.state.once import Once, Repeat
from gateway.state.people import Author, Person, Refusal

HEARERS = {"@": "o", "%": "oh", "+": "ohv"}
"""The ranks that hear a status message, by its sign."""


class ModeChange(msgspec.Struct, frozen=True, array_like=True):
    adding: bool
    letter: str
    param: str | None = None  # a mask, key, limit, or the nick of a prefix mode
    uid: str | None = None  # of a prefix mode's target, where the edge knows it


class _Tagged(msgspec.Struct, frozen=True, array_like=True):
    pass


# Commands ------------------------------------------------------------------------------------------------------------


class Join(_Tagged, frozen=True, tag=1):
    """returns: it was here, for all that its node knows, and passes every bar. Where it has left or was put out since,
    the answer is a HasLeft.

    makes: whether it may make the channel.
    """

    NEWER: ClassVar = {"makes": 1}

    person: Person
    key: str | None = None
    secure: bool = False  # over TLS (+S)
    override: bool = False  # an operator may pass every bar
    name: str = ""  # as typed: what the channel is called if this makes it
    returns: bool = False
    makes: bool = True


class Part(_Tagged, frozen=True, tag=2):
    uid: str
    reason: str | None = None
    once: Once | None = None


class Say(_Tagged, frozen=True, tag=3):
    """PRIVMSG, NOTICE or TAGMSG. An outsider's `person` comes along (P10); a member needs only `uid`.

    life: the id of the registration that the speaker is logged in to: whoever registers a name anew has another.
    """

    uid: str
    source: str
    verb: str
    text: bytes
    status: str = ""  # "@" etc.: only to members with at least that prefix
    tags: dict[str, str] | None = None  # client-only tags (+...)
    person: Person | None = None
    life: str = ""
    once: Once | None = None


class SetTopic(_Tagged, frozen=True, tag=4):
    NEWER: ClassVar = {"account": 1}

    by: str
    source: str
    topic: str
    override: bool = False
    once: Once | None = None
    account: str | None = None


class SetModes(_Tagged, frozen=True, tag=5):
    NEWER: ClassVar = {"account": 1}

    by: str
    source: str
    changes: tuple[ModeChange, ...]
    override: bool = False
    once: Once | None = None
    account: str | None = None


class Kick(_Tagged, frozen=True, tag=6):
    NEWER: ClassVar = {"account": 1}

    by: str
    source: str
    uid: str | None  # the target, where the edge knows it (P10)
    nick: str  # as typed, for the refusal and where the uid is not known
    reason: str
    override: bool = False
    once: Once | None = None
    account: str | None = None


class Invite(_Tagged, frozen=True, tag=7):
    NEWER: ClassVar = {"account": 1}

    by: str
    source: str
    uid: str
    nick: str
    override: bool = False
    once: Once | None = None
    account: str | None = None


class Update(_Tagged, frozen=True, tag=8):
    """A member's newer facts (P28): NICK, AWAY, CHGHOST, SETNAME, ACCOUNT in one."""

    person: Person


LOST = "Connection lost"
"""Reason in the QUIT of a user whose node is dead. To its users the network is one server, so the reason names no node;
and clients would take two host names for a netsplit."""


class Quit(_Tagged, frozen=True, tag=9):
    """lost: it is not on its node, for all that this knows; it may be on another."""

    uid: str
    reason: str
    lost: bool = False


class Evict(_Tagged, frozen=True, tag=10):
    """Members on these node incarnations are gone; `reason` is what QUIT shows."""

    edges: tuple[tuple[str, int], ...]
    reason: str


EVERYTHING = "*"
"""In place of a msgid: all that was said so far."""


class Redact(_Tagged, frozen=True, tag=12):
    """Delete a message, or EVERYTHING. own: by who said it, as its edge has read in the history."""

    NEWER: ClassVar = {"account": 1}

    by: str
    source: str
    msgid: str
    own: bool
    reason: str | None = None
    override: bool = False
    once: Once | None = None
    account: str | None = None


class Forget(_Tagged, frozen=True, tag=13):
    """Delete all that somebody has said so far; its edge knows that the registration is its own. life: as of Say."""

    uid: str
    life: str


Command = (
    Join | Part | Say | Speak | SetTopic | SetModes | Kick | Invite | Update | Quit | Evict | Redact | Forget | Repeat
    | Subscribe | Unsubscribe | Advance
)  # fmt: skip


# Events --------------------------------------------------------------------------------------------------------------


class Joined(_Tagged, frozen=True, tag=21):
    person: Person
    prefixes: str = ""  # mode letters in order of rank, e.g. "o"
    name: str = ""  # where this join made the channel: its name as typed


class Parted(_Tagged, frozen=True, tag=22):
    NEWER: ClassVar = {"account": 1}

    uid: str
    source: str
    reason: str | None = None
    once: Once | None = None
    account: str | None = None


class Said(_Tagged, frozen=True, tag=23):
    uid: str
    source: str
    verb: str
    text: bytes
    status: str = ""
    tags: dict[str, str] | None = None
    account: str | None = None
    bot: bool = False
    life: str = ""
    once: Once | None = None


class TopicSet(_Tagged, frozen=True, tag=24):
    NEWER: ClassVar = {"account": 1}

    by: str
    source: str
    topic: str
    once: Once | None = None
    account: str | None = None


class ModesSet(_Tagged, frozen=True, tag=25):
    NEWER: ClassVar = {"account": 1}

    by: str
    source: str
    changes: tuple[ModeChange, ...]  # only what really changed; prefix modes carry uid and the current nick
    once: Once | None = None
    account: str | None = None


class Kicked(_Tagged, frozen=True, tag=26):
    NEWER: ClassVar = {"account": 1}

    by: str
    source: str
    uid: str
    nick: str
    reason: str
    once: Once | None = None
    account: str | None = None


class Invited(_Tagged, frozen=True, tag=27):
    NEWER: ClassVar = {"account": 1}

    by: str
    source: str
    uid: str
    nick: str
    opens: bool = False  # given with rank: it passes +i, +k, +l and bans; otherwise it only tells the person
    once: Once | None = None
    account: str | None = None


class Updated(_Tagged, frozen=True, tag=28):
    person: Person
    before: Person  # so that a follower can say what changed


class HasQuit(_Tagged, frozen=True, tag=29):
    """Members who left the network, each (uid, source)."""

    NEWER: ClassVar = {"accounts": 1}

    gone: tuple[tuple[str, str], ...]
    reason: str
    evicted: bool = False  # they are not on their node, for all that this side knows: they may come back (P26)
    accounts: tuple[str | None, ...] = ()  # theirs, in the same order

    def authors(self) -> Iterator[tuple[str, Author]]:
        """(uid, author) of each."""
        for (uid, source), account in zip_longest(self.gone, self.accounts[: len(self.gone)]):
            yield uid, Author(source, account)


class Merged(_Tagged, frozen=True, tag=30):
    """Two sides of a partition are one again, and this is the state (P26)."""

    stored: Stored


class Redacted(_Tagged, frozen=True, tag=35):
    NEWER: ClassVar = {"account": 1}

    by: str
    source: str
    msgid: str
    reason: str | None = None
    once: Once | None = None
    account: str | None = None


class Forgotten(_Tagged, frozen=True, tag=36):
    uid: str
    life: str


Event = (
    Joined | Parted | Said | TopicSet | ModesSet | Kicked | Invited | Updated | HasQuit | Merged | Redacted | Forgotten
    | Subscribed | Unsubscribed | Advanced
)  # fmt: skip


# Outcomes ------------------------------------------------------------------------------------------------------------


class ModesDone(_Tagged, frozen=True, tag=31):
    """Which changes were refused, in the order given; the rest were applied or changed nothing."""

    refusals: tuple[Refusal, ...] = ()


class HasLeft(_Tagged, frozen=True, tag=32):
    """Who would return has left by its own will, or by that kick."""

    kick: PutOut | None


Outcome = Refusal | ModesDone | HasLeft | NotSubscribed | Spoken | None


# Questions of nodes that do not follow the channel (answers are ChannelView) ------------------------------------------


class Look(_Tagged, frozen=True, tag=41):
    """Show the channel to the person `uid`. what: "names", "modes", "topic", "list:b" (and e, I), "who".

    Since level 2, for operators' programs: "page:UID", the members with a greater uid, MEMBERS of them. The answer then
    has the name "" where there is no such channel; None means that nobody answered.
    """

    uid: str
    what: str
    oper: bool = False


MEMBERS = 200
"""So many members are in a page."""


class MemberView(msgspec.Struct, frozen=True, array_like=True):
    person: Person
    prefixes: str


class ChannelView(msgspec.Struct, frozen=True, array_like=True):
    """What the asker may see; None from `answer` if there is no such channel for the asker."""

    NEWER: ClassVar = {"total": 2}

    name: str
    created: int  # Unix ms
    modes: str  # e.g. "ntkl": those with a parameter last
    params: tuple[str, ...]  # of k ("*" for who is neither member nor operator) and l, where they are set
    topic: str
    topic_by: str
    topic_at: int  # Unix ms
    members: tuple[MemberView, ...]
    entries: tuple[tuple[str, str, int], ...] = ()  # a list's (mask, set by, Unix ms)
    is_member: bool = False
    total: int = 0  # how many members there are, where the answer has a page of them


class ListRow(msgspec.Struct, frozen=True, array_like=True):
    """A line of LIST, from the channel's master."""

    name: str
    users: int
    topic: str
    created: int
    topic_at: int
    hidden: bool  # +s: shown only to members and operators
    term: int
