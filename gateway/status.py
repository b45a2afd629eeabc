"""Describes a running node, for `circlet status`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple, cast

import msgspec
from msgspec import Meta

from gateway.edge.rpc.operator_asks import WebhookRow
from gateway.irc.cloaks import fingerprint
from gateway.state.nick.nick import Nick
from gateway.webhooks.addresses import host_of
from ring.lag import lag
from ring.links.link import LinkState
from ring.roster import NodeRecord

if TYPE_CHECKING:
    from gateway.node import NodeCore

CHANNEL = "channel"
NICK = "nick"
MESSAGES = ("PRIVMSG", "NOTICE", "TAGMSG")
FAILING = 100
"""The number of failing webhooks that a status lists at most."""


Life = Annotated[int, Meta(description="The node's life: the number of its start. A later life has a higher number.")]
Name = Annotated[str, Meta(description="The node's name, as its file gives the name.")]
RingKey = Annotated[str, Meta(description="The node's key on the ring: its IP address, unless its file says another.")]


class Seen(msgspec.Struct, frozen=True, gc=False):
    """A node of the roster, in the view of the answering node."""

    name: Name
    ring_key: RingKey
    state: Annotated[
        Literal["alive", "leaving", "dead"],
        Meta(description="leaving: the node is stopping in order. dead: the node does not answer."),
    ]


class Absent(msgspec.Struct, frozen=True):
    """A missing node: a node that did not leave in order, and has neither come back nor been forgotten."""

    name: Name
    ring_key: RingKey
    incarnation: Life
    since: Annotated[float, Meta(description="Unix seconds; 0: not known.")]
    level: Annotated[int, Meta(description="Feature level of the node's build.")] = 0


class Unread(msgspec.Struct, frozen=True):
    """Messages of another node that this node's build could not read, counted since this node's start."""

    name: Annotated[str, Meta(description="Name of the other node.")]
    ring_key: Annotated[str, Meta(description="Ring key of the other node.")]
    what: Annotated[str, Meta(description="Kind of message, and of the group.")]
    count: Annotated[int, Meta(description="How many messages could not be read.")]
    at: Annotated[float, Meta(description="When the last of them came, Unix seconds.")]


class Directory(msgspec.Struct, frozen=True):
    """A directory, in the view of the node."""

    address: Annotated[str, Meta(description="HOST:PORT of the directory.")]
    problem: Annotated[str, Meta(description='Why the directory does not list the node, in words; "": it does.')] = ""
    refused: Annotated[bool, Meta(description="Whether the directory's last word on the node was no.")] = False
    lease_left_s: Annotated[
        float | None,
        Meta(description="Until the directory forgets the node, if it hears nothing more; null without a lease."),
    ] = None


class Certificate(msgspec.Struct, frozen=True):
    """The certificate of a listener."""

    listener: Annotated[str, Meta(description="HOST:PORT of the listener.")]
    file: Annotated[str, Meta(description="The file with the certificate.")]
    ends: Annotated[
        float, Meta(description="Unix seconds; of the certificates in the file, of the one that ends first.")
    ]


class Refusal(msgspec.Struct, frozen=True):
    """A refused node. Either the refused node asked for a link, or this node asked the refused node for a link."""

    name: Name
    ring_key: RingKey
    address: Annotated[str, Meta(description="From where the refused node came.")]
    reason: Annotated[str, Meta(description="Why the node is refused, in words.")]
    at: Annotated[float, Meta(description="When that happened last, Unix seconds.")]


class Webhook(msgspec.Struct, frozen=True):
    """A webhook of the node with a failing receiver."""

    id: Annotated[str, Meta(description="Id of the webhook.")]
    channel: Annotated[str, Meta(description="The channel.")]
    host: Annotated[str, Meta(description="Host of the receiver.")]
    error: Annotated[str, Meta(description="Why the last try has failed, in words.")]
    since: Annotated[float, Meta(description="Since when all tries have failed, Unix seconds.")]
    backlog: Annotated[int, Meta(description="Messages that wait for the receiver.")]
    dropped: Annotated[int, Meta(description="Messages that were given up, since the webhook was made.")]


class Around(NamedTuple):
    """Facts that the shell knows and the core does not."""

    directories: list[Directory] = []
    certificates: list[Certificate] = []
    refused: list[Refusal] = []
    memory: int = 0  # memory that the process uses, in bytes; 0 if unknown


class Status(msgspec.Struct, frozen=True, kw_only=True, tag="status"):
    """A node's description of itself. Takeovers, hand-offs and merges count since the start; other counts are of now.

    Programs and nodes of different versions exchange statuses: a new field needs a default. Each field has a
    description, for `circlet schema status`.
    """

    name: Name
    ring_key: RingKey
    incarnation: Life
    version: Annotated[str, Meta(description="Version of the node's build.")]
    started: Annotated[int, Meta(description="When the node started, Unix seconds.")]
    up_s: Annotated[float, Meta(description="For how long the node has run, in seconds.")]
    leaving: Annotated[bool, Meta(description="The node is stopping: it hands its groups to other nodes.")]
    clients: Annotated[int, Meta(description="Connections of clients.")]
    users: Annotated[int, Meta(description="Registered users, with or without a connection.")]
    channels_mastered: Annotated[int, Meta(description="Channels that the node masters.")]
    channels_backed_up: Annotated[int, Meta(description="Channels that the node holds for another master.")]
    channels_followed: Annotated[int, Meta(description="Channels mastered elsewhere, with members on the node.")]
    links: Annotated[
        dict[str, float],
        Meta(description="Ring key of each linked node, and the seconds since the link is up."),
    ]
    roster: Annotated[list[Seen], Meta(description="The nodes that the node knows, itself included.")]
    takeovers: Annotated[int, Meta(description="Groups that the node took over because their master was dead.")]
    hand_offs: Annotated[int, Meta(description="Groups that the node handed to a better owner.")]
    merges: Annotated[int, Meta(description="Groups whose two sides became one on the node after a partition.")]
    handing_off: Annotated[int, Meta(description="Groups that are frozen for a hand-off.")]
    searches: Annotated[int, Meta(description="Groups whose master the node is finding out.")]
    lagging: Annotated[int, Meta(description="Groups mastered by the node with a follower that is behind by over 1 s.")]
    lag_s: Annotated[float, Meta(description="The longest that a follower has been behind, in seconds.")]
    missing: Annotated[
        dict[str, str],
        Meta(description="Ring key and name of the nodes that no directory lists, and that did not leave in order."),
    ] = {}
    store: Annotated[str, Meta(description='Why nothing can be written to disk, in words; "": all is written.')] = ""
    waiting: Annotated[
        int, Meta(description="Groups without writes until missing nodes come back: these may have newer events (P36).")
    ] = 0
    absent: Annotated[list[Absent], Meta(description="The nodes in `missing`, with what is known of each.")] = []
    left: Annotated[dict[str, int], Meta(description="Ring key and last life of the nodes that left in order.")] = {}
    directories: Annotated[list[Directory], Meta(description="The directories of the node's file.")] = []
    certificates: Annotated[list[Certificate], Meta(description="The certificates of the node's TLS listeners.")] = []
    refused: Annotated[list[Refusal], Meta(description="The nodes that were refused lately.")] = []
    level: Annotated[int, Meta(description="Feature level of the node's build.")] = 0
    acting_level: Annotated[
        int | None,
        Meta(description="Feature level at which the network acts; null: a build before feature levels."),
    ] = None
    unreadable: Annotated[list[Unread], Meta(description="What the node's build could not read.")] = []
    webhooks: Annotated[int, Meta(description="Webhooks that the node delivers.")] = 0
    webhooks_failing: Annotated[list[Webhook], Meta(description="Those whose last try has failed, at most 100.")] = []
    stopped: Annotated[
        list[str],
        Meta(description="Groups that a mistake of the program has stopped on the node, each as kind:name."),
    ] = []
    round_trips: Annotated[
        dict[str, float], Meta(description="Ring key and seconds, of the links that have been measured by now.")
    ] = {}
    mastered: Annotated[dict[str, int], Meta(description="Kind of group, and how many the node masters.")] = {}
    nicks: Annotated[
        int | None,
        Meta(description="Nicks in use, of all nicks that the node masters; null: the build does not count nicks."),
    ] = None
    messages_received: Annotated[int, Meta(description="Messages from clients, since the start.")] = 0
    messages_sent: Annotated[int, Meta(description="Messages to clients, since the start.")] = 0
    cloaks: Annotated[
        str | None,
        Meta(description='Fingerprint of the key of cloaks; "": the node has none; null: the build has no cloaks.'),
    ] = None


def status(core: NodeCore, links: Mapping[str, LinkState], around: Around | None = None) -> Status:
    """Describe the node, in time O(groups). links: the state of the link to each linked peer, by ring key."""
    engine, me = core.engine, core.engine.peers.me
    around = around or Around()
    followed = [f for group, f in engine.replicas.followers.items() if group.kind == CHANNEL]
    behind = lag(engine, engine.roles.fanout.lagging)
    hooks = core.webhooks.rows().values()
    mastered = Counter(engine.replicas.masters_by_kind())
    return Status(
        name=me.name,
        ring_key=me.key,
        incarnation=me.incarnation,
        version=me.version,
        started=me.started,
        up_s=round(engine.now - me.started, 1),
        leaving=me.leaving,
        clients=len(core.edge.clients.connections),
        users=len(core.edge.users),
        channels_mastered=mastered[CHANNEL],
        channels_backed_up=sum(f.is_backup for f in followed),
        channels_followed=sum(engine.roles.followed.sits(f.replica) for f in followed),
        links={key: round(link.up_s, 1) for key, link in sorted(links.items())},
        round_trips={
            key: round(link.round_trip_s, 6) for key, link in sorted(links.items()) if link.round_trip_s is not None
        },
        roster=[Seen(r.name, r.key, _state(core, r)) for r in engine.roster.records()],
        messages_received=sum(core.edge.used[verb] for verb in MESSAGES),
        cloaks=fingerprint(core.edge.settings.cloak_key) if core.edge.settings.cloak_key else "",
        messages_sent=core.edge.traffic.messages_sent,
        takeovers=engine.noted["takeover"],
        hand_offs=engine.noted["hand_off"],
        merges=engine.noted["merge"],
        handing_off=len(engine.roles.handoffs.outgoing),
        searches=len(engine.replicas.recoveries),
        lagging=behind.groups,
        lag_s=round(behind.longest_s, 1),
        missing={key: record.name for key, record in engine.peers.missing.items()},
        store=engine.journal.trouble,
        stopped=sorted(f"{group.kind}:{group.name}" for group in engine.stopped.groups),
        waiting=engine.roles.silent.waiting,
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
        mastered=dict(mastered),
        nicks=sum(cast(Nick, state).is_held for _, state, _ in engine.mastered(NICK)),
        left=dict(engine.peers.left),
        directories=around.directories,
        certificates=around.certificates,
        refused=around.refused,
        webhooks=len(hooks),
        webhooks_failing=[_failing(row) for row in hooks if row.failing_since][:FAILING],
    )


def _failing(row: WebhookRow) -> Webhook:
    since = row.failing_since / 1000
    return Webhook(row.key, row.channel, host_of(row.url), row.error, since, row.backlog, row.dropped)


def _state(core: NodeCore, record: NodeRecord) -> Literal["alive", "leaving", "dead"]:
    if record.key in core.engine.peers.dead and not record.leaving:  # a node that has left in order is not missed
        return "dead"
    return "leaving" if record.leaving else "alive"
