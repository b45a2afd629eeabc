"""Commands, events, outcomes and questions of an account's session; the rules are in session.py.

`uid` and `host` say who speaks: of the node that the session is on nobody but that node's present life is listened to.
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
    """One of an account's clients. places: by the folded channel name. seen: when it was last attached, Unix ms.

    nodes: where it was lately, and may have been sent more: ring key -> when it came there (Unix ms) and the node's
    incarnation.
    """

    NEWER: ClassVar = {"nodes": 1}

    seen: int
    places: dict[str, Cursor]
    nodes: dict[str, tuple[int, int]] = {}


class Talk(msgspec.Struct, frozen=True, array_like=True):
    """A conversation that it takes part in (P32). other: the folded account, or a guest's user id. since: when it was
    opened first, at: when last, Unix ms. nick: that the guest had then, "" of an account."""

    NEWER: ClassVar = {"nick": 1}

    other: str
    since: int
    at: int
    nick: str = ""


class Detached(msgspec.Struct, frozen=True, array_like=True):
    """A channel that its clients are not shown. highlight: until somebody names the user there.

    at: since when, Unix ms. off: it was attached again then.
    """

    at: int
    highlight: bool = False
    off: bool = False


class Kick(msgspec.Struct, frozen=True, array_like=True):
    """Somebody has kicked the user from a channel. channel: as it is shown. at: Unix ms. place: of who has seen it."""

    NEWER: ClassVar = {"account": 1}

    channel: str
    source: str
    reason: str
    at: int
    place: Cursor
    account: str | None = None


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """What its clients take for granted of the user, and only its node would know.

    oper: the operator's name in the configuration. wallops: +w. monitored: nick as typed -> whether they were told last
    that it is there; None: they were told nothing yet. invites: folded channel -> as it is shown. spoke: when it last
    said something, Unix seconds, to the minute; 0: never.
    """

    oper: str | None = None
    wallops: bool = False
    monitored: dict[str, bool | None] = {}
    invites: dict[str, str] = {}
    spoke: int = 0


class Stored(msgspec.Struct, frozen=True, array_like=True):
    """The session of an account, if it has one, and the places of its devices, which outlive it.

    person: who it is on the network; its node is the host. rooms: folded channel name -> as it is shown. lasts: it
    stays without connections. attached: how many connections it has. taken: when it came to its host, Unix ms. left:
    when the last connection was closed, Unix ms, 0 while there is one. talks: by the name of the conversation's group.
    markers: folded channel or nick -> up to when the person has read it, Unix ms (IRCv3 read-marker). detached: by the
    folded channel. auto_away: the user is away because nothing is attached. kicks: by the folded channel, the last one
    from each.
    """

    person: Person | None = None
    rooms: dict[str, str] = {}
    lasts: bool = False
    attached: int = 0
    taken: int = 0
    left: int = 0
    devices: dict[str, Device] = {}
    talks: dict[str, Talk] = {}
    markers: dict[str, int] = {}
    detached: dict[str, Detached] = {}
    auto_away: bool = False
    kicks: dict[str, Kick] = {}
    kept: Kept = Kept()


# Commands ------------------------------------------------------------------------------------------------------------


class Take(_Tagged, frozen=True, tag=1):
    """The session is on the person's node from now on, if it was on `before` until now. None: there was none.

    attached: how many connections are there or about to come.
    """

    person: Person
    before: Incarnation | None
    attached: int = 0


class Report(_Tagged, frozen=True, tag=2):
    """From its host: what it is like now. places: device -> folded channel -> place, of those that have changed.

    nodes: device -> ring key -> incarnation, of nodes that a device has come to.
    """

    NEWER: ClassVar = {"nodes": 1}

    uid: str
    host: Incarnation
    person: Person
    rooms: dict[str, str]
    lasts: bool
    attached: int
    places: dict[str, dict[str, Cursor]]
    auto_away: bool = False
    nodes: dict[str, dict[str, int]] = {}


class End(_Tagged, frozen=True, tag=3):
    """From its host: the user has left the network."""

    uid: str
    host: Incarnation


class Abandon(_Tagged, frozen=True, tag=4):
    """The master's own: the host is gone, and nobody has taken the session up."""

    host: Incarnation


class ForgetDevice(_Tagged, frozen=True, tag=5):
    device: str


class Reached(_Tagged, frozen=True, tag=6):
    """From a node that the session was on: how far devices have come there. places: as in Report."""

    places: dict[str, dict[str, Cursor]]


class Converse(_Tagged, frozen=True, tag=9):
    """Somebody is about to say something in this conversation: the user is to take its seat. Answered with a Present.

    other: the folded account, or a guest's user id. nick: the guest's, "" of an account.
    """

    NEWER: ClassVar = {"nick": 1}

    talk: str
    other: str
    nick: str = ""


class ForgetAll(_Tagged, frozen=True, tag=10):
    """The account is dropped."""


class MarkRead(_Tagged, frozen=True, tag=11):
    """Answered with a Marker: what is known now. target: as it is shown; folded: its name in the table."""

    target: str
    folded: str
    at: int  # Unix ms


class Detach(_Tagged, frozen=True, tag=12):
    """channel: folded. off: attach it again."""

    channel: str
    highlight: bool = False
    off: bool = False


class NoteKick(_Tagged, frozen=True, tag=13):
    """From its host. folded: the channel."""

    folded: str
    kick: Kick


class Keep(_Tagged, frozen=True, tag=14):
    """From its host."""

    uid: str
    host: Incarnation
    kept: Kept


Command = (
    Take | Report | End | Abandon | ForgetDevice | Reached | Converse | ForgetAll | MarkRead | Detach | NoteKick | Keep
)


# Events --------------------------------------------------------------------------------------------------------------


class Changed(_Tagged, frozen=True, tag=21):
    """All of it that is new; devices: those that have changed."""

    person: Person | None
    rooms: dict[str, str]
    lasts: bool
    attached: int
    taken: int
    left: int
    devices: dict[str, Device]
    auto_away: bool = False


class DeviceForgotten(_Tagged, frozen=True, tag=22):
    device: str


class Merged(_Tagged, frozen=True, tag=23):
    """Two sides of a partition are one again, and this is the state (P26)."""

    stored: Stored


class Conversing(_Tagged, frozen=True, tag=29):
    NEWER: ClassVar = {"nick": 1}

    talk: str
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
    """It is yours. session: as it was until now."""

    session: Stored


class Elsewhere(_Tagged, frozen=True, tag=42):
    """It is on that node."""

    host: Incarnation


class Marker(_Tagged, frozen=True, tag=43):
    at: int  # Unix ms


class Present(_Tagged, frozen=True, tag=49):
    """uid: of the session's user, "" while there is none."""

    uid: str


Outcome = Taken | Elsewhere | Marker | Present | None


class Look(_Tagged, frozen=True, tag=51):
    """What is the session? The answer is a Stored."""
