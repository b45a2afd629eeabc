"""Reads one node's part in a channel's group, for `circlet trace`: the role, the log and, on the master, the progress
of the other nodes.

An answer comes from the log as the log stands. Tracing keeps nothing and adds no work to a message. Takes time
O(entries in the answer).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from gateway.irc.names import is_valid_channel
from gateway.state.channel.messages import Said
from ring.ids import GroupId, Term
from ring.replication import progress
from ring.replication.replica import Replica
from ring.wire.log import Entry

if TYPE_CHECKING:
    from gateway.node import NodeCore
    from ring.engine import Engine

CHANNEL: Final = "channel"

MOST: Final = 200
"""The number of entries in one answer at most."""

TERMS: Final = 8
"""The number of terms in one answer at most; the newest terms are listed."""

Role = Literal["none", "master", "backup", "follower", "recovery", "hand_off", "incoming_hand_off", "stopped"]
"""recovery: the node looks for the newest replica, to serve the group. hand_off: the node masters the group and is
handing the group over. incoming_hand_off: the node will master the group in a moment. stopped: a mistake of the program
has stopped the group on the node (P43).
"""

Began = Literal["first", "hand_off", "takeover", "unknown"]
"""How a term began: with the group, by a hand-off or by a takeover. unknown: the log does not go back so far."""


class TraceAsk(msgspec.Struct, frozen=True, tag="trace"):
    """Asks a node for its part in a channel. after: list the entries after this seq; None lists no entries. texts:
    include people's words.
    """

    channel: str
    after: int | None = None
    texts: bool = False


class TracedTerm(msgspec.Struct, frozen=True):
    """One term of the group (P3). key: ring key of the term's master. first: the term's first seq."""

    number: int
    key: str
    first: int
    began: Began


class Progress(msgspec.Struct, frozen=True):
    """How far a follower of the master has come. acked: the follower has applied and settled all entries up to this
    seq. held: the last command that a backup has; -1 until the backup reports in this term.
    """

    key: str
    acked: int
    held: int
    backup: bool
    sits: bool  # members of the channel are on the node


class TracedEntry(msgspec.Struct, frozen=True):
    """A committed entry of the log. kind: of the event, e.g. "Said"; "Nothing" for a command without an effect. origin:
    ring key of the edge that submitted the command; "" for the master itself. number: the command's number among the
    edge's commands to the group. who: uid of the acting person. text: only if the request asks for texts.
    """

    seq: int
    term: int
    at: int  # Unix ms
    kind: str
    origin: str
    number: int
    who: str = ""
    text: str | None = None


class Traced(msgspec.Struct, frozen=True, tag="traced"):
    """A node's part in the group. master: ring key of the master that the node knows, or "". head: the last given
    position, committed or not. first, last: positions of the node's log and replica; 0 without a replica. more: more
    entries follow.
    """

    name: str
    ring_key: str
    role: Role
    master: str = ""
    first: int = 0
    last: int = 0
    head: int = 0
    members: int = 0
    terms: list[TracedTerm] = msgspec.field(default_factory=list, name="reigns")
    progress: list[Progress] = []
    entries: list[TracedEntry] = []
    more: bool = False


def flaw(channel: str, limit: int) -> str:
    """Explain why a channel cannot have this name; return "" for a valid name. limit: bytes."""
    if is_valid_channel(channel, limit):
        return ""
    shown = repr(channel[:limit])
    return f"{shown} is no channel's name: a name starts with #, has {limit} bytes at most, and no space or comma"


def trace(core: NodeCore, asked: TraceAsk) -> Traced:
    """Answer the request. flaw(asked.channel) is ""."""
    engine, me = core.engine, core.engine.peers.me
    group = core.edge.channel(asked.channel)
    role = _role(engine, group)
    mastered, followed = engine.replicas.masters.get(group), engine.replicas.followers.get(group)
    replica = mastered.replica if mastered is not None else followed.replica if followed is not None else None
    if replica is None:
        return Traced(me.name, me.key, role)
    entries, more = _entries(replica, asked)
    return Traced(
        me.name,
        me.key,
        role,
        master=me.key if mastered is not None else followed.master if followed is not None else "",
        first=replica.log[0].seq if replica.log else 0,
        last=replica.seq,
        head=replica.head,
        members=sum(replica.state.subscribers.values()),
        terms=_terms(replica),
        progress=[_progress(key, f) for key, f in sorted(mastered.followers.items())] if mastered is not None else [],
        entries=entries,
        more=more,
    )


def _role(engine: Engine, group: GroupId) -> Role:
    mastered = engine.replicas.masters.get(group)
    if mastered is not None:
        return "master" if mastered.serving else "hand_off"
    if group in engine.stopped.groups:
        return "stopped"
    if group in engine.replicas.recoveries:
        return "recovery"
    if engine.roles.incoming.awaits(group):
        return "incoming_hand_off"
    followed = engine.replicas.followers.get(group)
    if followed is None:
        return "none"
    return "backup" if followed.is_backup else "follower"


def _progress(key: str, follower: progress.Progress) -> Progress:
    return Progress(key, follower.acked, follower.held, follower.is_backup, follower.sits)


def _terms(replica: Replica) -> list[TracedTerm]:
    """List the newest terms in the replica's lineage, the oldest of these first."""
    lineage = replica.lineage
    newest = list(enumerate(lineage))[-TERMS:]
    return [
        TracedTerm(term.number, term.key, first, _began(replica, term, first, index)) for index, (term, first) in newest
    ]


def _began(replica: Replica, term: Term, first: int, index: int) -> Began:
    if index == 0:
        return "first"
    last = _at(replica, first - 1)  # the last entry of the term before
    if last is None:
        return "unknown"
    return "hand_off" if last.handed == term else "takeover"


def _at(replica: Replica, seq: int) -> Entry | None:
    index = seq - replica.log[0].seq if replica.log else -1
    return replica.log[index] if 0 <= index < len(replica.log) else None


def _entries(replica: Replica, asked: TraceAsk) -> tuple[list[TracedEntry], bool]:
    """Return the first page of the requested entries that are still in the log, and whether more entries follow."""
    if asked.after is None or not replica.log:
        return [], False
    start = max(asked.after + 1 - replica.log[0].seq, 0)
    some = replica.log[start : start + MOST]
    return [_entry(replica, entry, asked.texts) for entry in some], start + MOST < len(replica.log)


def _entry(replica: Replica, entry: Entry, texts: bool) -> TracedEntry:
    event = entry.event
    return TracedEntry(
        entry.seq,
        replica.term_at(entry.seq).number,
        entry.at,
        _kind(entry),
        entry.origin.key if entry.origin is not None else "",
        entry.number,
        _who(event),
        _text(event) if texts else None,
    )


def _kind(entry: Entry) -> str:
    if entry.side is not None:
        return "Merged"
    if entry.handed is not None:
        return "Handed"
    if entry.members is not None:
        return "Backups"
    if isinstance(entry.event, Said):
        return f"Said {entry.event.verb}"
    return type(entry.event).__name__ if entry.event is not None else "Nothing"


def _who(event: Any) -> str:
    person = getattr(event, "person", None)
    return str(getattr(event, "by", None) or getattr(event, "uid", None) or getattr(person, "uid", ""))


def _text(event: Any) -> str | None:
    for field in ("text", "topic", "reason"):
        said = getattr(event, field, None)
        if said is not None:
            return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return None
