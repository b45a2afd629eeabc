"""How a running node is: what `circlet status` shows of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

import msgspec

from gateway.node import NodeCore
from ring.groups.lag import lag
from ring.links.link import LinkState
from ring.roster import NodeRecord

CHANNEL = "channel"


class Seen(msgspec.Struct, frozen=True):
    """Another node, or this one, as this node sees it."""

    name: str
    ring_key: str
    state: Literal["alive", "leaving", "dead"]


class Absent(msgspec.Struct, frozen=True):
    """A node that was there, and did not leave in order: it is missing until it is back or forgotten."""

    name: str
    ring_key: str
    incarnation: int
    since: float  # Unix seconds
    level: int = 0  # feature level of its build


class Unread(msgspec.Struct, frozen=True):
    """Messages of another node that this node's build could not read, since the start."""

    name: str  # of the other node
    ring_key: str
    what: str  # kind of message, and of the group
    count: int
    at: float  # Unix seconds, the last time


class Directory(msgspec.Struct, frozen=True):
    """A directory as this node finds it. problem: why this node is not in its list, in words."""

    address: str
    problem: str = ""


class Certificate(msgspec.Struct, frozen=True):
    """What a listener shows to its clients."""

    listener: str  # host:port
    file: str
    ends: float  # Unix seconds; of the certificates in the file, the one that ends first


class Refusal(msgspec.Struct, frozen=True):
    """A node that is not let in. The node wanted a link, or this node wanted a link with the node."""

    name: str
    ring_key: str
    address: str
    reason: str
    at: float  # Unix seconds, the last time


class Around(NamedTuple):
    """What the shells know beside the core."""

    directories: list[Directory] = []
    certificates: list[Certificate] = []
    refused: list[Refusal] = []


class Status(msgspec.Struct, frozen=True, kw_only=True, tag="status"):
    """Counts are of now, but for takeovers, hand-offs and merges: those are since the start.

    Programs and nodes of different versions read each other's: a field that comes later needs a default.
    """

    name: str
    ring_key: str
    incarnation: int
    version: str
    started: int  # Unix seconds
    up_s: float
    leaving: bool
    clients: int  # connections
    users: int  # registered
    channels_mastered: int
    channels_backed_up: int  # held for another master
    channels_followed: int  # mastered elsewhere, with members here
    links: dict[str, float]  # ring key -> up for how many seconds
    roster: list[Seen]
    takeovers: int
    hand_offs: int
    merges: int
    handing_off: int  # groups that are frozen for it
    searches: int  # groups that this node is finding out about
    lagging: int  # groups mastered here with a node that is behind by more than a second
    lag_s: float  # the longest that any of those has been behind
    missing: dict[str, str] = {}  # ring key -> name of nodes that no directory lists, and that did not leave in order
    store: str = ""  # why nothing can be written to disk, in words
    waiting: int = 0  # groups that cannot be written while nodes are away that may have more of them (P36)
    absent: list[Absent] = []  # the nodes in `missing`
    left: dict[str, int] = {}  # ring key -> last life, of nodes that left in order
    directories: list[Directory] = []
    certificates: list[Certificate] = []
    refused: list[Refusal] = []  # lately
    level: int = 0  # feature level of its build
    acting_level: int | None = None  # the feature level at which the network acts; None: a build before feature levels
    unreadable: list[Unread] = []
    stopped: list[str] = []  # groups that a mistake of the program has stopped here, as kind:name
    round_trips: dict[str, float] = {}  # ring key -> seconds, of the links that were measured by now


def status(core: NodeCore, links: Mapping[str, LinkState], around: Around | None = None) -> Status:
    """Time O(groups). links: ring key of each linked peer, and how the link is."""
    engine, me = core.engine, core.engine.peers.me
    around = around or Around()
    followed = [f for group, f in engine.following.groups.items() if group.kind == CHANNEL]
    behind = lag(engine)
    return Status(
        name=me.name,
        ring_key=me.key,
        incarnation=me.incarnation,
        version=me.version,
        started=me.started,
        up_s=round(engine.now - me.started, 1),
        leaving=me.leaving,
        clients=len(core.edge.connections),
        users=len(core.edge.users),
        channels_mastered=sum(group.kind == CHANNEL for group in engine.leading.groups),
        channels_backed_up=sum(f.holds for f in followed),
        channels_followed=sum(engine.following.sits(f.copy) for f in followed),
        links={key: round(link.up_s, 1) for key, link in sorted(links.items())},
        round_trips={
            key: round(link.round_trip_s, 6) for key, link in sorted(links.items()) if link.round_trip_s is not None
        },
        roster=[Seen(r.name, r.key, _state(core, r)) for r in engine.roster.records()],
        takeovers=engine.noted["takeover"],
        hand_offs=engine.noted["hand_off"],
        merges=engine.noted["merge"],
        handing_off=len(engine.handing.outgoing),
        searches=len(engine.finding.searches),
        lagging=behind.groups,
        lag_s=round(behind.longest_s, 1),
        missing={key: record.name for key, record in engine.peers.missing.items()},
        store=engine.journal.trouble,
        stopped=sorted(f"{group.kind}:{group.name}" for group in engine.broken.groups),
        waiting=engine.finding.waiting,
        absent=[
            Absent(record.name, key, record.incarnation, engine.peers.missing_since(key), record.level)
            for key, record in engine.peers.missing.items()
        ],
        level=me.level,
        acting_level=engine.level,
        unreadable=[
            Unread(core.name_of(what.key), what.key, what.kind, count.total, count.at)
            for what, count in engine.unreadable.counts.items()
        ],
        left=dict(engine.peers.left),
        directories=around.directories,
        certificates=around.certificates,
        refused=around.refused,
    )


def _state(core: NodeCore, record: NodeRecord) -> Literal["alive", "leaving", "dead"]:
    if record.key in core.engine.peers.dead:
        return "dead"
    return "leaving" if record.leaving else "alive"
