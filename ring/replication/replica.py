"""A node's replica of a group: the replicated state, the tail of the log, and the counters that make repeats harmless.

Theory of operation
===================

Masters, followers and backups have replicas of the same class; the role decides which methods are called. A replica has
committed entries up to `seq`, and after these the pending commands up to `head`:

    entries 1 .. seq        part of `state`; the newest of these entries are in `log`
    commands seq+1 .. head  `pending`: with a position, and not decided. No member is shown these commands; `foreseen`
                            decides pending commands for reading alone, where a group waits for silent nodes (P36)

    place     the master gives a command the position head + 1
    hold      a backup keeps a command that the master has placed
    advance   every node applies the entry of position seq + 1, and forgets the pending command of that position

In between, the master makes an entry of the oldest pending command (judging.py). shared.py compares two replicas, and
restore.py makes a replica of a snapshot.

Three groups of fields:

    replicated    group, state, seq, at, lineage, client_logs, epoch, members, merged, aliases, archives: equal on all
                  nodes with the same (term, seq), but that masters forget origins that are gone. `advance`,
                  `follow_lineage` and `restore` write these fields; `Backups.begin` names a new group's members, and
                  the journal sets `seq` and `at` of a replica from disk
    undecided     pending: on the master, all commands placed; on a backup, the commands that have come
    of this node  log (the length differs), promised, journal, safe, drops, past, bug, erased, filled, and the fields
                  is_*

Invariants
    seq <= head, and the positions of `pending` have no gaps.
    Lineage: terms ascend, first positions never fall, and the last term is the replica's term (P3).
    The times of entries ascend with the positions (P17).
    promised never falls while the replica lives (P21).
    safe <= head: a position counts as safe only while the command there is the command that was written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import msgspec

from ring.features import at_level
from ring.history.erased import NOTHING
from ring.ids import NO_TERM, GroupId, Incarnation, Position, Term
from ring.placement import hash32
from ring.replication.application import EventId
from ring.replication.client_log import ClientLog
from ring.replication.guarded import GroupBroken
from ring.replication.log import Log
from ring.replication.raw import as_raw, as_raw_commands
from ring.replication.state_machine import Kind, State
from ring.storage.store import Line
from ring.wire.codec import packed, reencode
from ring.wire.log import (
    Aliases,
    Command,
    Entry,
    Lineage,
    MergedTerm,
    MergeRecord,
    PackedClientLog,
    Snapshot,
)

MERGED = 32
"""A replica remembers this many terms of other sides that were merged into the replica."""

ALSO = 512
"""A replica remembers this many msgids by which other sides know messages of the replica."""

TERMS = 8
"""A cursor names the newest terms, at most this many: a reader who has read only older terms of another side may be
shown some lines again."""

ARCHIVES = 16
"""A replica remembers this many nodes that held the group before: these may have lines that the members today lack."""


def msgid_prefix(group: GroupId, term: Term) -> str:
    """Return the beginning of all msgids of a term; the seq follows."""
    return f"{hash32(group.name):x}-{term.number:x}.{hash32(term.key):x}-"


class ReplicaJournal(Protocol):
    """Where the changes of a replica are written down: the journal of a node with a store."""

    def renewed(self, replica: Replica) -> None:
        """Write another replica, or a replica of another term."""
        ...

    def accepted(self, replica: Replica, commands: Sequence[Command]) -> None:
        """Note new commands that have positions and are not decided yet."""
        ...

    def advanced(self, replica: Replica, entry: Entry) -> None:
        """Note an entry that is committed and applied to the replica."""
        ...

    def is_held(self, replica: Replica) -> bool:
        """Tell whether this node holds the group, beyond following for local people."""
        ...


class Replica:
    """Hold the state, lineage, log and counters of one group on one node. See the head of the file."""

    __slots__ = (
        "_name",
        "_named",
        "aliases",
        "archives",
        "at",
        "bug",
        "client_logs",
        "drops",
        "epoch",
        "erased",
        "filled",
        "group",
        "is_ahead",
        "is_cold",
        "is_lined",
        "journal",
        "kind",
        "lineage",
        "log",
        "members",
        "merged",
        "msgid_prefix",
        "past",
        "pending",
        "promised",
        "safe",
        "seq",
        "state",
        "term",
    )  # fmt: skip

    def __init__(self, group: GroupId, kind: Kind, state: State, lineage: Lineage, seq: int = 0, at: int = 0) -> None:
        self.group = group
        self.kind = kind
        self.state = state
        self.seq = seq
        self.at = at
        self.log = Log()
        self.client_logs: dict[Incarnation, ClientLog] = {}
        self.pending: list[Command] = []  # accepted, and not decided: not part of the state
        self.epoch = 0  # how often `members` has changed (P13)
        self.merged: dict[Term, MergedTerm] = {}  # terms of other sides of partitions that are part of this log
        self.aliases: Aliases = ()  # (msgid on another side, msgid here) of messages that both sides have
        self.past: tuple[Position, ...] | None = None  # the answer of `ended`, until lineage or merged change
        self.members: tuple[str, ...] = ()  # ring keys of the nodes that hold the group (P13)
        self.archives: tuple[str, ...] = ()  # ring keys of nodes that held the group before, the latest last
        self.promised = NO_TERM  # this node's promise to listen to no lower term (P21)
        self.lineage: Lineage = ()
        self.term = NO_TERM  # the last of the lineage
        self.msgid_prefix = ""
        self._named: Entry | None = None  # the entry that was named last
        self._name = EventId("", 0)  # of this entry
        self.journal: ReplicaJournal | None = None  # writes changes to disk; set by the journal that adopts the replica
        self.safe = -1  # commands up to this seq are on disk; written by the journal
        self.drops = 0  # how often pending commands were dropped: a write that began before does not count
        self.erased = NOTHING  # what is erased of the store's lines; written by erasure.py
        self.filled: frozenset[str] = frozenset()  # nodes compared with this replica; written by repair.py
        self.is_lined = False  # all lines of the log are on disk or on the way there; written by the journal
        self.is_ahead = False  # read from disk, and `seq` is ahead of the state: only a whole replica repairs this
        self.is_cold = False  # read from a disk, and no master has spoken of the group since
        self.bug: Exception | None = None  # a mistake met while judging, until the engine has noted the mistake
        self.follow_lineage(lineage)

    def follow_lineage(self, lineage: Lineage) -> None:
        """Give the log this lineage: a master begins a term, or a follower learns the terms of the master's log."""
        self.lineage = lineage
        self.term = lineage[-1][0] if lineage else NO_TERM
        self.past = None
        self._named = None
        self.msgid_prefix = msgid_prefix(self.group, self.term)
        if self.journal is not None:
            self.journal.renewed(self)

    def begin_term(self, term: Term) -> None:
        """Begin a term of this node after the last position. The lineage may be ahead of the log: a term of which the
        log has nothing, and which was to begin later, is no part of a log that goes on here (P3)."""
        first = self.head + 1
        self.follow_lineage((*(one for one in self.lineage if one[1] <= first), (term, first)))

    def event_id_of(self, entry: Entry) -> EventId:
        """Return an event's msgid and time for clients: the original msgid and time if the event was merged (P25)."""
        if entry is self._named:  # to write the entry, to show the entry, and to answer
            return self._name
        name = self.event_id(entry.seq, entry.at) if entry.original_id is None else EventId(*entry.original_id)
        self._named, self._name = entry, name
        return name

    def event_id(self, seq: int, at: int) -> EventId:
        """Return a position's msgid and time for clients, made from group, term and seq: equal on every node."""
        if self.lineage and seq < self.lineage[-1][1]:
            return EventId(f"{msgid_prefix(self.group, self.term_at(seq))}{seq:x}", at)
        return EventId(f"{self.msgid_prefix}{seq:x}", at)

    def line(self, entry: Entry) -> Line:
        """Return an entry that has an event as stores keep the entry."""
        kind, seq, (msgid, at), event = self.kind, entry.seq, self.event_id_of(entry), entry.event
        if entry.origin is not None:
            event = kind.recorded(self.state, event, entry.origin, entry.number)
        return Line(self.group, self.term_at(seq), seq, at, msgid, packed(at_level(event, kind.level)))

    def term_at(self, seq: int) -> Term:
        if self.lineage and seq >= self.lineage[-1][1]:
            return self.lineage[-1][0]
        return next((term for term, first in reversed(self.lineage) if first <= seq), NO_TERM)

    @property
    def ends(self) -> list[Position]:
        """Return the last position that this replica has of each term in the log, the newest term last.

        The lineage may be ahead of the replica: a new master's lineage names earlier terms, and the replica may have
        only some entries of these terms, or none, while the rest is on the way.
        """
        lasts = [*(min(first - 1, self.seq) for _, first in self.lineage[1:]), self.seq]
        terms = zip(self.lineage, lasts, strict=False)
        return [Position(term, last) for (term, first), last in terms if first <= self.seq or term == self.term]

    @property
    def ended(self) -> tuple[Position, ...]:
        """Return the last positions of earlier terms in this log, and of merged terms of other sides. The newest come
        first, and no more than a cursor names beside the cursor's own term."""
        past = self.past
        if past is None:
            read = {part.term: part.seq for part in self.merged.values() if part.term != self.term}
            for term, end in self.ends[:-1]:
                read[term] = max(read.get(term, 0), end)
            past = tuple(Position(*one) for one in sorted(read.items(), reverse=True)[: TERMS - 1])
            if self.lineage and self.lineage[-1][1] <= self.seq + 1:  # else the earlier terms are not all here yet
                self.past = past
        return past

    @property
    def highest_term(self) -> Term:
        """Return the highest term that this replica knows: the replica's own, the promised, or the term of a
        hand-off."""
        handed = [command.handed for command in self.pending]
        if self.log:
            handed.append(self.log[-1].handed)
        return max([self.term, self.promised, *(term for term in handed if term is not None)])

    @property
    def coming(self) -> tuple[str, ...]:
        """Return the ring keys that hold the group if the pending changes of the set are committed (P36)."""
        changes = [command.members for command in self.pending if command.members is not None]
        return tuple(dict.fromkeys(key for members in changes for key in members))

    @property
    def head(self) -> int:
        """Return the last position given, decided or not."""
        return self.pending[-1].seq if self.pending else self.seq

    def place(self, command: Command, now_ms: int) -> None:
        """Give a command the next position. The command is decided later."""
        pending = self.pending
        last, last_at = (pending[-1].seq, pending[-1].at) if pending else (self.seq, self.at)
        command.seq = last + 1
        command.at = now_ms if now_ms > last_at else last_at + 1
        pending.append(command)
        if self.journal is not None:
            self.journal.accepted(self, (command,))

    def hold(self, commands: Iterable[Command]) -> None:
        """Keep commands that a master has placed. A command that is here already or comes after a gap is left out; the
        acknowledgement shows the master which commands are missing."""
        head, before = self.head, len(self.pending)
        for command in commands:
            if command.seq == head + 1:
                self.pending.append(command)
                head += 1
        if self.journal is not None:
            self.journal.accepted(self, self.pending[before:])

    def drop_pending(self) -> None:
        """Forget the pending commands: the term under which the commands were accepted is over (P22)."""
        self.pending.clear()
        self.drops += 1
        self.safe = min(self.safe, self.seq)

    def state_before(self, entry: Entry) -> State | None:
        """Return a second object of the present state if the entry merges another state: the difference of the two
        states is shown to people here."""
        if entry.side is None:
            return None
        return self.kind.restore(self.group.name, reencode(self.state.snapshot()))

    def advance(self, entry: Entry) -> bool:
        """Apply the entry of position seq + 1. Returns whether the subscribers may have changed. Raises GroupBroken."""
        moved = False
        if entry.event is not None:
            try:
                moved = self.state.apply(entry.event, entry.at)
            except Exception as problem:
                raise GroupBroken(self.group) from problem
        self.seq = entry.seq
        self.at = entry.at
        if entry.origin is not None and entry.original_id is None:
            self.remember(entry.origin, entry)
        if entry.side is not None:
            for theirs in entry.side.client_logs:
                self.client_logs.setdefault(theirs.origin, ClientLog()).take(theirs, entry.seq, self.kind.read_outcome)
            self._take_parts(entry.side)
        if entry.members is not None:
            before = [key for key in (*self.archives, *self.members) if key not in entry.members]
            self.archives = tuple(dict.fromkeys(reversed(before)))[:ARCHIVES][::-1]
            self.members = entry.members
            self.epoch += 1
        while self.pending and self.pending[0].seq <= entry.seq:
            del self.pending[0]
        self.log.append(entry)
        if self.journal is not None:
            self.journal.advanced(self, entry)
        return moved

    def remember(self, origin: Incarnation, entry: Entry) -> None:
        """Count the entry's number as accepted (P8)."""
        accepted = self.client_logs.get(origin)
        if accepted is None:
            accepted = self.client_logs[origin] = ClientLog()
        accepted.accept(entry)

    def _take_parts(self, side: MergeRecord) -> None:
        """Count terms of another side as merged (P25). Of a term that comes twice, the longer part counts."""
        for part in side.merged:
            known = self.merged.pop(part.term, part)
            self.merged[part.term] = max(known, part, key=lambda part: part.seq)
        for term in list(self.merged)[:-MERGED]:
            del self.merged[term]
        self.aliases = tuple({**dict(self.aliases), **dict(side.aliases)}.items())[-ALSO:]
        self.past = None

    def forget_origins(self, gone: Iterable[Incarnation]) -> None:
        """Forget the numbers and outcomes of origins that are gone (P8)."""
        for origin in gone:
            self.client_logs.pop(origin, None)

    def after(self, seq: int) -> list[Entry] | None:
        """Return the entries after `seq`, or None if the log no longer has all of these entries."""
        missing = self.seq - seq
        if missing == 0:
            return []
        if missing < 0 or missing > len(self.log):
            return None
        return list(self.log)[len(self.log) - missing :]

    def extends(self, lineage: Lineage, seq: int) -> bool:
        """Tell whether a log of this lineage that ends at `seq` is a prefix of this log (P3)."""
        if not lineage or seq > self.seq:
            return False
        ours = tuple((term, first) for term, first in self.lineage if first <= seq)
        theirs = tuple((term, first) for term, first in lineage if first <= seq)
        return ours == theirs

    def packed_state(self) -> msgspec.Raw:
        """Return the state, encoded for the feature level at which the network acts (P42)."""
        return self._packed(self.state.snapshot())

    def _packed(self, value: Any) -> msgspec.Raw:
        return reencode(at_level(value, self.kind.level))

    def snapshot(self, tail_after: int | None = None, *, pending: bool = False) -> Snapshot:
        """Return the whole replica as values. tail_after: carry only the log after this seq; None carries the whole
        log.

        pending: carry the pending commands, too, for a node that is to hold the group.
        """
        tail = [entry for entry in self.log if tail_after is None or entry.seq > tail_after]
        client_logs = tuple(
            PackedClientLog(
                origin, s.last, tuple((n, seq, at, self._packed(o)) for n, (seq, at, o) in s.outcomes.items())
            )
            for origin, s in self.client_logs.items()
        )
        # The state is encoded now: the state may change before the message leaves.
        state = self.packed_state()
        waiting = as_raw_commands(self.pending) if pending else []
        return Snapshot(
            self.lineage,
            self.seq,
            self.at,
            state,
            client_logs,
            as_raw(tail),
            self.epoch,
            self.members,
            waiting,
            tuple(self.merged.values()),
            self.archives,
            self.aliases,
        )
