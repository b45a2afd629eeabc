"""Commands, events, outcomes and questions of an account's session; the rules are in session.py.

`uid` and `owner` name the sender. The session's owner is the incarnation of a node: the group ignores reports of other
nodes, and of former incarnations of the same node.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from gateway.state.people import Person
from ring.ids import Incarnation
from ring.wire.history import Cursor


class _Tagged(msgspec.Struct, frozen=True, array_like=True):
    pass


class Device(msgspec.Struct, frozen=True, array_like=True):
    """A client of an account. cursors: folded channel name -> cursor. seen: when the device was last attached, Unix ms.

    nodes: the latest nodes of the device: ring key -> when the device came to the node (Unix ms), and the node's
    incarnation. These nodes may have sent the device more lines than `cursors` says.
    """

    NEWER: ClassVar = {"nodes": 1}

    seen: int
    cursors: dict[str, Cursor]
    nodes: dict[str, tuple[int, int]] = {}


class KnownConversation(msgspec.Struct, frozen=True, array_like=True):
    """A conversation of the account (P32). other: the folded account, or a guest's user id. since, at: when the
    conversation was opened for the first and the last time, Unix ms. nick: the guest's nick at the last time, "" for an
    account."""

    NEWER: ClassVar = {"nick": 1}

    other: str
    since: int
    at: int
    nick: str = ""


class Detached(msgspec.Struct, frozen=True, array_like=True):
    """A channel that is hidden from the account's clients.

    at: time of the last change, Unix ms. highlight: the channel is shown again when somebody names the user there. off:
    the channel is attached again.
    """

    at: int
    highlight: bool = False
    off: bool = False


class Kick(msgspec.Struct, frozen=True, array_like=True):
    """A kick of the user from a channel. channel: the name as shown. at: Unix ms. cursor: the channel's
    position at the kick; a device with a cursor at or after `cursor` has seen the kick."""

    NEWER: ClassVar = {"account": 1}

    channel: str
    source: str
    reason: str
    at: int
    cursor: Cursor
    account: str | None = None


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """Facts about the user that clients rely on, and that only the session's node would know without this record.

    oper: the operator's name in the configuration. wallops: +w. monitored: nick as typed -> whether the clients were
    last told "online"; None: the clients were told nothing yet. invites: folded channel -> name as shown. spoke: when
    the user last said something, Unix seconds, to the minute; 0: never. capabilities: of the operator's class, sorted;
    "*": everything. Below level 3, every operator may do everything. snomask: letters of events, sorted.
    """

    NEWER: ClassVar = {"capabilities": 3, "snomask": 3}

    oper: str | None = None
    wallops: bool = False
    monitored: dict[str, bool | None] = {}
    invites: dict[str, str] = {}
    spoke: int = 0
    capabilities: tuple[str, ...] = ("*",)
    snomask: str = ""


class Rival(msgspec.Struct, frozen=True, array_like=True):
    """A session of another base, as in `Stored`. The session gives way, unless the session of the older base ends."""

    person: Person | None = None
    rooms: dict[str, str] = {}
    lasts: bool = False
    attached: int = 0
    taken: int = 0
    left: int = 0
    auto_away: bool = False
    kept: Kept = Kept()


class Stored(msgspec.Struct, frozen=True, array_like=True):
    """The session of an account, if there is a session, and the account's devices, which outlive the session.

    person: the session's user; the person's node is the owner. rooms: folded channel name -> name as shown. lasts: the
    session stays without connections. attached: number of connections. taken: when the session came to the owner, Unix
    ms. left: when the last connection was closed, Unix ms; 0 while there are connections. conversations: name of the
    conversation's group -> conversation. markers: folded channel or nick -> read marker, Unix ms (IRCv3 read-marker).
    detached: folded channel -> hidden channel. auto_away: the user is away because no client is attached. kicks: folded
    channel -> last kick. base: when the group first had a session, Unix ms; 0: below feature level 2. Equal on both
    sides of a partition, unless a side began the group empty. rivals: base -> session begun on another side, from a
    merge to the next change.
    """

    NEWER: ClassVar = {"base": 2, "rivals": 2}

    person: Person | None = None
    rooms: dict[str, str] = {}
    lasts: bool = False
    attached: int = 0
    taken: int = 0
    left: int = 0
    devices: dict[str, Device] = {}
    conversations: dict[str, KnownConversation] = {}
    markers: dict[str, int] = {}
    detached: dict[str, Detached] = {}
    auto_away: bool = False
    kicks: dict[str, Kick] = {}
    kept: Kept = Kept()
    base: int = 0
    rivals: dict[int, Rival] = {}


# Commands ------------------------------------------------------------------------------------------------------------


class Take(_Tagged, frozen=True, tag=1):
    """Move the session to the person's node, if the session is on `before` now. before: None if there is no session.

    attached: number of connections on the new node, with connections that are about to come.
    """

    person: Person
    before: Incarnation | None
    attached: int = 0


class Report(_Tagged, frozen=True, tag=2):
    """Report the session's present state, from the owner. cursors: device -> folded channel -> cursor, for changed
    cursors.

    nodes: device -> ring key -> incarnation, for nodes that are new to a device.
    """

    NEWER: ClassVar = {"nodes": 1}

    uid: str
    owner: Incarnation
    person: Person
    rooms: dict[str, str]
    lasts: bool
    attached: int
    cursors: dict[str, dict[str, Cursor]]
    auto_away: bool = False
    nodes: dict[str, dict[str, int]] = {}


class End(_Tagged, frozen=True, tag=3):
    """End the session, from the owner: the user has left the network."""

    uid: str
    owner: Incarnation


class Abandon(_Tagged, frozen=True, tag=4):
    """End the session, from the master itself: the owner is gone, and no other node has taken the session."""

    owner: Incarnation


class ForgetDevice(_Tagged, frozen=True, tag=5):
    device: str


class Reached(_Tagged, frozen=True, tag=6):
    """Report cursors of devices, from a former owner of the session. cursors: as in Report."""

    cursors: dict[str, dict[str, Cursor]]


class Converse(_Tagged, frozen=True, tag=9):
    """Tell the session that a message is coming in a conversation, so that the user takes a seat there. The answer is a
    Present.

    other: the folded account, or a guest's user id. nick: the guest's nick, "" for an account.
    """

    NEWER: ClassVar = {"nick": 1}

    conversation: str
    other: str
    nick: str = ""


class ForgetAll(_Tagged, frozen=True, tag=10):
    """Forget everything: the account is dropped."""


class MarkRead(_Tagged, frozen=True, tag=11):
    """Set a read marker. The answer is a Marker, the read marker now. target: the name as shown. folded: the name in
    the table of markers."""

    target: str
    folded: str
    at: int  # Unix ms


class Detach(_Tagged, frozen=True, tag=12):
    """Hide a channel from the clients. channel: folded. off: show the channel again."""

    channel: str
    highlight: bool = False
    off: bool = False


class NoteKick(_Tagged, frozen=True, tag=13):
    """Remember a kick, from the owner. folded: the channel."""

    folded: str
    kick: Kick


class Keep(_Tagged, frozen=True, tag=14):
    """Remember the facts that clients rely on, from the owner."""

    uid: str
    owner: Incarnation
    kept: Kept


Command = (
    Take | Report | End | Abandon | ForgetDevice | Reached | Converse | ForgetAll | MarkRead | Detach | NoteKick | Keep
)


# Events --------------------------------------------------------------------------------------------------------------


class Changed(_Tagged, frozen=True, tag=21):
    """The session has changed. devices: only changed devices; the other fields are complete."""

    NEWER: ClassVar = {"base": 2}

    person: Person | None
    rooms: dict[str, str]
    lasts: bool
    attached: int
    taken: int
    left: int
    devices: dict[str, Device]
    auto_away: bool = False
    base: int = 0


class DeviceForgotten(_Tagged, frozen=True, tag=22):
    device: str


class Merged(_Tagged, frozen=True, tag=23):
    """The partition has healed, and the state of both sides is merged (P26)."""

    stored: Stored


class Conversing(_Tagged, frozen=True, tag=29):
    NEWER: ClassVar = {"nick": 1}

    conversation: str
    other: str
    nick: str = ""


class AllForgotten(_Tagged, frozen=True, tag=30):
    pass


class Marked(_Tagged, frozen=True, tag=31):
    target: str
    folded: str
    at: int


class DetachedSet(_Tagged, frozen=True, tag=32):
    channel: str
    highlight: bool
    off: bool


class KickNoted(_Tagged, frozen=True, tag=33):
    folded: str
    kick: Kick


class KeptSet(_Tagged, frozen=True, tag=34):
    kept: Kept


Event = Changed | DeviceForgotten | Merged | Conversing | AllForgotten | Marked | DetachedSet | KickNoted | KeptSet


# Outcomes and questions -----------------------------------------------------------------------------------------------


class Taken(_Tagged, frozen=True, tag=41):
    """The session is on your node now. session: the state before."""

    session: Stored


class NotOwner(_Tagged, frozen=True, tag=42):
    """The session is on another node."""

    owner: Incarnation


class Marker(_Tagged, frozen=True, tag=43):
    at: int  # Unix ms


class Present(_Tagged, frozen=True, tag=49):
    """uid: of the session's user; "" while there is no session."""

    uid: str


Outcome = Taken | NotOwner | Marker | Present | None


class Look(_Tagged, frozen=True, tag=51):
    """Ask for the session. The answer is a Stored."""
