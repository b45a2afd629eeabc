"""Commands, events, outcomes and questions of a channel's group. Plain data; the rules are in rules.py.

Messages of people are bytes, so that bytes outside UTF-8 pass through; topics, reasons and names are UTF-8 text. `by`
is the uid of the acting person. `source` is the person's nick!user@host (or the server's name), and `account` the
person's account, both at the time of the command (`account` since feature level 1; a node that does not know the field
ignores the field). `idempotency_key` is the key of a command and of the command's event, if another node may repeat
the command. `life` of a command: ChanServ speaks for the account with this registration, and the account's access
judges in place of a member's rank; "" for a command of a member.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import ClassVar

import msgspec

from gateway.state.channel.judging_messages import SERVICE as SERVICE
from gateway.state.channel.judging_messages import Knock as Knock
from gateway.state.channel.judging_messages import Knocked as Knocked
from gateway.state.channel.judging_messages import Lapse as Lapse
from gateway.state.channel.judging_messages import RoomsAsked as RoomsAsked
from gateway.state.channel.judging_messages import is_ctcp as is_ctcp
from gateway.state.channel.machine_messages import Speak, Spoken
from gateway.state.channel.metadata_messages import MetadataDone, MetadataSet, SetMetadata
from gateway.state.channel.mode_change import ModeChange as ModeChange
from gateway.state.channel.registration_messages import RegistrationCommand, RegistrationEvent, RegistrationOutcome
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
from gateway.state.idempotency import IdempotencyKey, Probe
from gateway.state.people import Author, Person, Refusal

HEARERS = {"@": "qao", "%": "qaoh", "+": "qaohv"}
"""Sign of a status message -> ranks that read the message."""


class _Tagged(msgspec.Struct, frozen=True, array_like=True):
    pass


# Commands ------------------------------------------------------------------------------------------------------------


class Join(_Tagged, frozen=True, tag=1):
    """Join the channel. returns: the person's node believes that the person is a member already. No bar stops such a
    person. If the person has left or was kicked meanwhile, the answer is a HasLeft.

    makes: whether the person may make the channel. rooms: the channels of an earlier RoomsAsked in which the person is;
    None before any RoomsAsked. forwarded: another channel has sent the person here (+f, +L).
    """

    NEWER: ClassVar = {"makes": 1, "rooms": 3, "forwarded": 3}

    person: Person
    key: str | None = None
    secure: bool = False  # over TLS (+S)
    override: bool = False  # an operator may pass every bar
    name: str = ""  # as typed: the channel's name if this command makes the channel
    returns: bool = False
    makes: bool = True
    rooms: tuple[str, ...] | None = None
    forwarded: bool = False


class Part(_Tagged, frozen=True, tag=2):
    uid: str
    reason: str | None = None
    idempotency_key: IdempotencyKey | None = None


class Say(_Tagged, frozen=True, tag=3):
    """Say a PRIVMSG, NOTICE or TAGMSG. person: the profile of an outsider (P10); for a member, `uid` is enough.

    life: the id of the registration that the speaker is logged in to. A later registration of the same name has another
    id.
    """

    uid: str
    source: str
    verb: str
    text: bytes
    status: str = ""  # "@" etc.: only to members with at least this rank
    tags: dict[str, str] | None = None  # client-only tags (+...)
    person: Person | None = None
    life: str = ""
    idempotency_key: IdempotencyKey | None = None


class SetTopic(_Tagged, frozen=True, tag=4):
    NEWER: ClassVar = {"account": 1}

    by: str
    source: str
    topic: str
    override: bool = False
    idempotency_key: IdempotencyKey | None = None
    account: str | None = None


class SetModes(_Tagged, frozen=True, tag=5):
    NEWER: ClassVar = {"account": 1, "life": 2}

    by: str
    source: str
    changes: tuple[ModeChange, ...]
    override: bool = False
    idempotency_key: IdempotencyKey | None = None
    account: str | None = None
    life: str = ""


class Kick(_Tagged, frozen=True, tag=6):
    NEWER: ClassVar = {"account": 1, "life": 2}

    by: str
    source: str
    uid: str | None  # the target, if the caller's node knows the target (P10)
    nick: str  # as typed: for the refusal, and to find the target without a uid
    reason: str
    override: bool = False
    idempotency_key: IdempotencyKey | None = None
    account: str | None = None
    life: str = ""


class Invite(_Tagged, frozen=True, tag=7):
    NEWER: ClassVar = {"account": 1, "life": 2}

    by: str
    source: str
    uid: str
    nick: str
    override: bool = False
    idempotency_key: IdempotencyKey | None = None
    account: str | None = None
    life: str = ""


class Update(_Tagged, frozen=True, tag=8):
    """Update a member's profile (P28). This command stands for NICK, AWAY, CHGHOST, SETNAME and ACCOUNT.

    moves: the user's session has moved to the person's node. If the member is still on another node, by a profile that
    is not older than the person's, the answer is Outdated.
    """

    NEWER: ClassVar = {"moves": 2}

    person: Person
    moves: bool = False


LOST = "Connection lost"
"""The reason in the QUIT of a user on a dead node. To users the network is a single server, so the reason names no
node. Clients would take two host names in a reason for a netsplit."""


class Quit(_Tagged, frozen=True, tag=9):
    """Remove a user that has left the network. lost: this side has lost the user's node; the user may be on another
    node."""

    uid: str
    reason: str
    lost: bool = False


class Evict(_Tagged, frozen=True, tag=10):
    """Remove all members on these node incarnations. reason: the text of QUIT."""

    edges: tuple[tuple[str, int], ...]
    reason: str


EVERYTHING = "*"
"""Stands for all messages so far, in place of a msgid."""


class Redact(_Tagged, frozen=True, tag=12):
    """Delete a message, or EVERYTHING. own: the caller is the author, as the caller's node has read in the history."""

    NEWER: ClassVar = {"account": 1}

    by: str
    source: str
    msgid: str
    own: bool
    reason: str | None = None
    override: bool = False
    idempotency_key: IdempotencyKey | None = None
    account: str | None = None


class Forget(_Tagged, frozen=True, tag=13):
    """Delete all messages of the caller so far. The caller's node has checked the registration. life: as in Say."""

    uid: str
    life: str


Command = (
    Join | Part | Say | Speak | SetTopic | SetModes | Kick | Invite | Update | Quit | Evict | Redact | Forget | Probe
    | Lapse | Knock | SetMetadata | Subscribe | Unsubscribe | Advance | RegistrationCommand
)  # fmt: skip


# Events --------------------------------------------------------------------------------------------------------------


class Joined(_Tagged, frozen=True, tag=21):
    person: Person
    prefixes: str = ""  # mode letters in order of rank, e.g. "o"; also the ranks by access
    name: str = ""  # if this join made the channel: the channel's name as typed


class Parted(_Tagged, frozen=True, tag=22):
    NEWER: ClassVar = {"account": 1}

    uid: str
    source: str
    reason: str | None = None
    idempotency_key: IdempotencyKey | None = None
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
    idempotency_key: IdempotencyKey | None = None


class TopicSet(_Tagged, frozen=True, tag=24):
    NEWER: ClassVar = {"account": 1}

    by: str
    source: str
    topic: str
    idempotency_key: IdempotencyKey | None = None
    account: str | None = None


class ModesSet(_Tagged, frozen=True, tag=25):
    NEWER: ClassVar = {"account": 1}

    by: str
    source: str
    changes: tuple[ModeChange, ...]  # only effective changes; prefix modes carry uid and the current nick
    idempotency_key: IdempotencyKey | None = None
    account: str | None = None


class Kicked(_Tagged, frozen=True, tag=26):
    NEWER: ClassVar = {"account": 1}

    by: str
    source: str
    uid: str
    nick: str
    reason: str
    idempotency_key: IdempotencyKey | None = None
    account: str | None = None


class Invited(_Tagged, frozen=True, tag=27):
    NEWER: ClassVar = {"account": 1}

    by: str
    source: str
    uid: str
    nick: str
    opens: bool = False  # from a member with rank: passes +i, +k, +l and bans; otherwise, the person only reads INVITE
    idempotency_key: IdempotencyKey | None = None
    account: str | None = None


class Flooded(_Tagged, frozen=True, tag=119):
    """Somebody has broken a limit of +F: the channel acts. changes: of modes, or a ban. kicked: who is put out. until:
    Unix ms when the modes end."""

    SINCE: ClassVar = 3

    changes: tuple[ModeChange, ...] = ()
    kicked: Kicked | None = None
    until: int = 0


class Updated(_Tagged, frozen=True, tag=28):
    """changes: of the member's ranks, where the member has logged in to an account, or out. flooded: what the channel
    does about too many changes of nick (+F)."""

    NEWER: ClassVar = {"changes": 2, "flooded": 3}

    person: Person
    before: Person  # so that a follower can say what changed
    changes: tuple[ModeChange, ...] = ()
    flooded: Flooded | None = None


class HasQuit(_Tagged, frozen=True, tag=29):
    """Members have left the network. gone: (uid, source) of each."""

    NEWER: ClassVar = {"accounts": 1}

    gone: tuple[tuple[str, str], ...]
    reason: str
    evicted: bool = False  # this side of the network has lost the members' node; the members may come back (P26)
    accounts: tuple[str | None, ...] = ()  # the members' accounts, in the same order

    def authors(self) -> Iterator[tuple[str, Author]]:
        """List (uid, author) of each member."""
        for (uid, source), account in zip_longest(self.gone, self.accounts[: len(self.gone)]):
            yield uid, Author(source, account)


class Merged(_Tagged, frozen=True, tag=30):
    """The partition has healed, and the state of both sides is merged (P26)."""

    stored: Stored


class Redacted(_Tagged, frozen=True, tag=35):
    NEWER: ClassVar = {"account": 1}

    by: str
    source: str
    msgid: str
    reason: str | None = None
    idempotency_key: IdempotencyKey | None = None
    account: str | None = None


class Forgotten(_Tagged, frozen=True, tag=36):
    uid: str
    life: str


Event = (
    Joined | Parted | Said | TopicSet | ModesSet | Kicked | Invited | Updated | HasQuit | Merged | Redacted | Forgotten
    | MetadataSet | Flooded | Knocked | Subscribed | Unsubscribed | Advanced | RegistrationEvent
)  # fmt: skip


# Outcomes ------------------------------------------------------------------------------------------------------------


class ModesDone(_Tagged, frozen=True, tag=31):
    """refusals: of refused changes, in the order of the changes. All other changes were applied, or had no effect."""

    refusals: tuple[Refusal, ...] = ()


class HasLeft(_Tagged, frozen=True, tag=32):
    """The returning person has left the channel. kick: the kick; None if the person has left without a kick."""

    kick: PutOut | None


class Outdated(_Tagged, frozen=True, tag=34):
    """The member stays on another node, as the profile of the Update is not newer. version: of the member's profile."""

    SINCE: ClassVar = 2

    version: int


Outcome = (
    RoomsAsked | Refusal | ModesDone | HasLeft | Outdated | MetadataDone | NotSubscribed | Spoken | RegistrationOutcome
    | None
)  # fmt: skip
