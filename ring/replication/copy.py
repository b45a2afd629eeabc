"""A node's copy of a group: the replicated state, its log's tail and the counters that make repeats harmless."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from ring.features import at_level, fitting
from ring.ids import NO_TERM, UNREADABLE, GroupId, Incarnation, Position, Term
from ring.placement import hash32
from ring.replication.application import UNJUDGED, EventId
from ring.replication.guarded import GroupBroken
from ring.replication.lineage import fork_point
from ring.replication.log import Log, message_key, once_of
from ring.replication.state_machine import Decision, Kind, State
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
    RawCommand,
    RawEntry,
    Snapshot,
    raw,
)

if TYPE_CHECKING:
    from ring.storage.journal import Journal

MERGED = 32
"""A copy remembers so many terms of other sides that were merged into it."""

ALSO = 512
"""And so many names by which they knew what it has itself."""

TERMS = 8
"""How far somebody has read is told of the newest so many terms (places.py): who had read older ones only, of another
side, may be shown something again."""

ARCHIVES = 16
"""A copy remembers so many nodes that held the group before: they may have lines that today's holders lack."""


def msgid_prefix(group: GroupId, term: Term) -> str:
    """What the msgids of a term begin with; the seq follows."""
    return f"{hash32(group.name):x}-{term.number:x}.{hash32(term.key):x}-"


class ClientLog:
    """What a group has accepted from one origin (P6, P8)."""

    __slots__ = ("last", "outcomes")

    def __init__(self, last: int = 0) -> None:
        self.last = last
        self.outcomes: dict[int, tuple[int, int, Any]] = {}  # number -> (seq, at, outcome), down to the floor


class Copy:
    """State, lineage, log and counters, kept equal on every node that has the group."""

    __slots__ = (
        "aliases",
        "archives",
        "at",
        "bug",
        "client_logs",
        "drops",
        "epoch",
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
    )  # fmt: skip

    def __init__(self, group: GroupId, kind: Kind, state: State, lineage: Lineage, seq: int = 0, at: int = 0) -> None:
        self.group = group
        self.kind = kind
        self.state = state
        self.seq = seq
        self.at = at
        self.log = Log()
        self.client_logs: dict[Incarnation, ClientLog] = {}
        self.pending: list[Command] = []  # accepted, and not yet held by all who must: not part of the state
        self.epoch = 0
        self.merged: dict[Term, MergedTerm] = {}  # terms of other sides of partitions that are part of it
        self.aliases: Aliases = ()  # what is a part of it by another name than it has there
        self.past: tuple[Position, ...] | None = None  # see `ended`, once it was asked
        self.members: tuple[str, ...] = ()  # ring keys of the nodes that hold the group (P13)
        self.archives: tuple[str, ...] = ()  # ring keys of nodes that held it before, the last one last
        self.promised = NO_TERM  # this node's own word: no lower term is listened to (P21)
        self.lineage: Lineage = ()
        self.msgid_prefix = ""
        self.journal: Journal | None = None  # where changes are written down
        self.safe = -1  # commands up to this are on disk
        self.drops = 0  # how often commands were dropped
        self.is_lined = False  # its log is on disk, or on the way there, as far as it has lines to be kept
        self.is_ahead = False  # from disk, and lines are newer than its state: only a whole copy mends it
        self.is_cold = False  # from disk, and no master has been heard of it since
        self.bug: Exception | None = None  # what the last command's judging met, until the engine has noted it
        self.follow_lineage(lineage)

    @property
    def term(self) -> Term:
        return self.lineage[-1][0] if self.lineage else NO_TERM

    def follow_lineage(self, lineage: Lineage) -> None:
        self.lineage = lineage
        self.past = None
        self.msgid_prefix = msgid_prefix(self.group, self.term)
        if self.journal is not None:
            self.journal.renewed(self)

    def event_id_of(self, entry: Entry) -> EventId:
        """An event's name and time for clients."""
        return self.event_id(entry.seq, entry.at) if entry.original_id is None else EventId(*entry.original_id)

    def event_id(self, seq: int, at: int) -> EventId:
        """A position's name for clients, made from group, term and seq: equal on every node, whenever it is shown."""
        if self.lineage and seq < self.lineage[-1][1]:
            return EventId(f"{msgid_prefix(self.group, self.term_at(seq))}{seq:x}", at)
        return EventId(f"{self.msgid_prefix}{seq:x}", at)

    def line(self, entry: Entry) -> Line:
        """An entry that has an event, as stores keep it."""
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
        """The last position that this copy has of each term in its log, the newest term last.

        The lineage may be ahead of the copy: a new master's lineage names the term before its own, of which the copy
        may have only some commands, or none, and the rest is on the way.
        """
        lasts = [*(min(first - 1, self.seq) for _, first in self.lineage[1:]), self.seq]
        terms = zip(self.lineage, lasts, strict=False)
        return [Position(term, last) for (term, first), last in terms if first <= self.seq or term == self.term]

    @property
    def ended(self) -> tuple[Position, ...]:
        """The last positions of earlier terms in this log, and of those of other sides that it has taken in: the
        newest first, and no more than a place names beside the term that it is in."""
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
        """The highest that this copy knows of: its own, one promised, or one that the group was handed to."""
        handed = [command.handed for command in self.pending]
        if self.log:
            handed.append(self.log[-1].handed)
        return max([self.term, self.promised, *(term for term in handed if term is not None)])

    @property
    def coming(self) -> tuple[str, ...]:
        """Who will hold the group beside its members, if changes of the set that wait are committed (P36)."""
        changes = [command.members for command in self.pending if command.members is not None]
        return tuple(dict.fromkeys(key for members in changes for key in members))

    @property
    def head(self) -> int:
        """The last position given, decided or not."""
        return self.pending[-1].seq if self.pending else self.seq

    def judge(self, origin: Incarnation | None, number: int, floor: int, command: Any, now_ms: int) -> Entry:
        """The entry that answers a command: its outcome and event at the next position."""
        at = now_ms if now_ms > self.at else self.at + 1  # P17
        decision = self._decided(command, at)
        return Entry(self.seq + 1, at, origin, number, floor, decision.outcome, decision.event)

    def place(self, command: Command, now_ms: int) -> None:
        """Give a command the next position, to be decided later."""
        last_at = self.pending[-1].at if self.pending else self.at
        command.seq = self.head + 1
        command.at = max(now_ms, last_at + 1)
        self.pending.append(command)
        if self.journal is not None:
            self.journal.accepted(self)

    def decide(self) -> Entry:
        """The entry of the oldest pending command, judged by the state that all before it have made (P7)."""
        c = self.pending[0]
        if c.original_id is not None:
            said = self._has_said(c)  # its origin asked both sides, and what waited here was not refused
            return Entry(
                c.seq, c.at, c.origin, c.number, c.floor, None, None if said else c.command, original_id=c.original_id
            )
        if c.side is not None:
            event = self._merged(c.side.state, c.at)
            return Entry(
                c.seq,
                c.at,
                None,
                0,
                0,
                None,
                event,
                side=MergeRecord(c.side.client_logs, c.side.lost, c.side.merged, c.side.aliases),
            )
        if c.command is None:  # of the engine's own: `handed`, `members`, or nothing any more
            return Entry(c.seq, c.at, c.origin, c.number, c.floor, None, None, c.handed, c.members)
        decision = self._decided(c.command, c.at)
        return Entry(c.seq, c.at, c.origin, c.number, c.floor, decision.outcome, decision.event)

    def _decided(self, command: Any, at: int) -> Decision:
        """What another edge has brought about already is answered as it was then (P7, P9)."""
        once = once_of(command)
        before = self.log.said(once) if once is not None else None
        try:
            if before is not None:
                return Decision(before.outcome, None)
            decision: Decision = fitting(self.state.decide(command, at), self.kind.level)
            return decision
        except Exception as problem:  # judging changes nothing: the command has failed, and all goes on
            self.bug = problem
            return Decision(UNJUDGED, None)

    def _merged(self, other: msgspec.Raw, at: int) -> Any:
        """The event that brings another side's state in. Where that cannot be found out, what the other side said still
        is appended; its state is not taken in."""
        try:
            return fitting(self.state.merge(self.kind.restore(self.group.name, other), at), self.kind.level)
        except Exception as problem:
            self.bug = problem
            return None

    def _has_said(self, c: Command) -> bool:
        once = once_of(c.command)
        if once is not None:
            return self.log.said(once) is not None
        stream = self.client_logs.get(c.origin) if c.origin is not None else None
        if stream is None or stream.last < c.number:
            return False  # never asked here: the log need not be read
        return any((e.origin, e.number) == (c.origin, c.number) and e.event is not None for e in self.log)

    def foreseen(self) -> Copy:
        """As it will be once what was accepted is decided, to be read: it may have been confirmed before a crash."""
        if not self.pending:
            return self
        state = self.kind.restore(self.group.name, reencode(self.state.snapshot()))
        copy = Copy(self.group, self.kind, state, self.lineage, self.seq, self.at)
        copy.pending.extend(self.pending)
        while copy.pending:
            copy.advance(copy.decide())
        return copy

    def hold(self, commands: Iterable[Command]) -> None:
        """Keep what a master has accepted; what does not join on is left out, and asked for by what is acknowledged."""
        for command in commands:
            if command.seq == self.head + 1:
                self.pending.append(command)
        if self.journal is not None:
            self.journal.accepted(self)

    def drop_pending(self) -> None:
        """What was accepted under a term that is over, and not decided, is void."""
        self.pending.clear()
        self.drops += 1
        self.safe = min(self.safe, self.seq)

    def state_before(self, entry: Entry) -> State | None:
        """The state as it is now, if the entry merges another into it: what changes is read off the two."""
        if entry.side is None:
            return None
        return self.kind.restore(self.group.name, reencode(self.state.snapshot()))

    def advance(self, entry: Entry) -> bool:
        """Apply the next entry. Returns whether the nodes that members sit on may have changed. Raises GroupBroken."""
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
            self._take_client_logs(entry.side.client_logs, entry.seq)
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
        accepted = self.client_logs.get(origin)
        if accepted is None:
            accepted = self.client_logs[origin] = ClientLog()
        accepted.last = entry.number
        outcomes = accepted.outcomes
        while outcomes and (oldest := next(iter(outcomes))) < entry.floor:  # they are in order
            del outcomes[oldest]
        outcomes[entry.number] = (entry.seq, entry.at, entry.outcome)

    def _take_parts(self, side: MergeRecord) -> None:
        """Terms of another side (P25); of one that two have brought, as much as either has."""
        for part in side.merged:
            known = self.merged.pop(part.term, part)
            self.merged[part.term] = max(known, part, key=lambda part: part.seq)
        for term in list(self.merged)[:-MERGED]:
            del self.merged[term]
        self.aliases = tuple({**dict(self.aliases), **dict(side.aliases)}.items())[-ALSO:]
        self.past = None

    def _take_client_logs(self, streams: Iterable[PackedClientLog], seq: int) -> None:
        """Counters of another side (P8). Its positions mean nothing here: the answers hold from `seq` on."""
        for stream in streams:
            accepted = self.client_logs.setdefault(stream.origin, ClientLog())
            accepted.last = max(accepted.last, stream.last)
            for number, _, at, outcome in stream.outcomes:
                if number not in accepted.outcomes:
                    accepted.outcomes[number] = (seq, at, read_optional(self.kind.read_outcome, outcome))
            accepted.outcomes = dict(sorted(accepted.outcomes.items()))

    def forget_origins(self, gone: Iterable[Incarnation]) -> None:
        for origin in gone:
            self.client_logs.pop(origin, None)

    def after(self, seq: int) -> list[Entry] | None:
        """The entries after `seq`, or None if the log no longer has them all."""
        missing = self.seq - seq
        if missing == 0:
            return []
        if missing < 0 or missing > len(self.log):
            return None
        return list(self.log)[len(self.log) - missing :]

    def extends(self, lineage: Lineage, seq: int) -> bool:
        """Whether a log of this lineage that ends at `seq` is a prefix of this one (P3)."""
        if not lineage or seq > self.seq:
            return False
        ours = tuple((term, first) for term, first in self.lineage if first <= seq)
        theirs = tuple((term, first) for term, first in lineage if first <= seq)
        return ours == theirs

    def recall(self, old: Copy) -> None:
        """Take over the log of an older copy as far back as it goes, where this one continues it.

        A snapshot brings only what its receiver lacked; what went before may still have to be told to others, or to
        people here who were shown another side meanwhile.
        """
        first = self.log[0].seq if self.log else self.seq + 1
        if fork_point(old.lineage, old.seq, self.lineage, self.seq) >= first - 1:
            self.log = Log([*[entry for entry in old.log if entry.seq < first], *self.log])

    def trimmed(self, fork: int) -> int:
        """How many of its events after `fork` its log has no more."""
        first = self.log[0].seq if self.log else self.seq + 1
        return max(0, first - fork - 1)

    def shared_with(self, other: Copy) -> int:
        """The last position up to which all of this log is part of the other's: as its own, or merged into it."""
        shared = fork_point(self.lineage, self.seq, other.lineage, other.seq)
        for term, end in self.ends:
            part = other.merged.get(term)
            if part is not None:
                shared = max(shared, min(part.seq, end))
        return shared

    def outweighs(self, other: Copy) -> bool:
        """Whether the other's log is to be appended to this one, and not this one to it.

        A merge appends what a log still has (P25). What only stores have stays where it is if the log goes on: of two
        that have parted, that is the one which would lose more. A node that only follows for its people keeps nothing.
        """
        if self.journal is None or not self.journal.is_held(self):
            return False
        shared = self.shared_with(other)
        return shared < self.seq and self.trimmed(shared) > other.trimmed(other.shared_with(self))

    def knows(self, fork: int, *, accepted: bool = False) -> Callable[[Entry], bool]:
        """Whether a word of another log is in this one, too, since they parted at `fork`.

        What was refused here is not: its origin may have asked both sides. accepted: another side's words that wait
        to be committed count, too.
        """
        known = {message_key(entry) for entry in self.log if entry.seq > fork and entry.event is not None}
        if accepted:
            known.update(message_key(command) for command in self.pending if command.original_id is not None)
        whole = self.seq <= fork or (len(self.log) > 0 and self.log[0].seq <= fork + 1)

        def ask(entry: Entry) -> bool:
            if entry.origin is None or message_key(entry) in known:
                return True
            stream = self.client_logs.get(entry.origin)  # the log was trimmed: rather lost than twice
            return not whole and stream is not None and entry.number <= stream.last

        return ask

    def packed_state(self) -> msgspec.Raw:
        """The state as other nodes may read it at the feature level at which the network acts."""
        return self._packed(self.state.snapshot())

    def _packed(self, value: Any) -> msgspec.Raw:
        return reencode(at_level(value, self.kind.level))

    def snapshot(self, tail_after: int | None = None, *, pending: bool = False) -> Snapshot:
        """The whole copy as values. tail_after: carry the log after this seq only; None carries all of it.

        pending: with the commands that wait, for a node that is to hold the group.
        """
        tail = [entry for entry in self.log if tail_after is None or entry.seq > tail_after]
        streams = tuple(
            PackedClientLog(
                origin, s.last, tuple((n, seq, at, self._packed(o)) for n, (seq, at, o) in s.outcomes.items())
            )
            for origin, s in self.client_logs.items()
        )
        # The state is encoded now: the message may leave after it has changed.
        state = self.packed_state()
        waiting = as_raw_commands(self.pending) if pending else []
        return Snapshot(
            self.lineage,
            self.seq,
            self.at,
            state,
            streams,
            as_raw(tail),
            self.epoch,
            self.members,
            waiting,
            tuple(self.merged.values()),
            self.archives,
            self.aliases,
        )


def apply(copy: Copy, event: Any, at: int) -> bool:
    """Make the event true of the copy's state. Raises GroupBroken: the state may then be half changed."""
    try:
        return copy.state.apply(event, at)
    except Exception as problem:
        raise GroupBroken(copy.group) from problem


def as_raw(entries: list[Entry]) -> list[RawEntry]:
    """Entries for a message to send: the encoder writes both kinds of entry alike."""
    return raw(entries)  # type: ignore[return-value]


def as_raw_commands(commands: Iterable[Command]) -> list[RawCommand]:
    return raw(list(commands))  # type: ignore[return-value]


def read_entry(kind: Kind, entry: RawEntry) -> Entry:
    """Raises msgspec.MsgspecError for what the kind cannot read."""
    return Entry(
        entry.seq,
        entry.at,
        entry.origin,
        entry.number,
        entry.floor,
        read_optional(kind.read_outcome, entry.outcome),
        read_optional(kind.read_event, entry.event),
        entry.handed,
        entry.members,
        entry.original_id,
        entry.side,
    )


def read_command(kind: Kind, c: RawCommand) -> Command:
    """Raises msgspec.MsgspecError for what the kind cannot read."""
    command = read_optional(kind.read_event if c.original_id is not None else kind.read_command, c.command)
    return Command(c.seq, c.at, c.origin, c.number, c.floor, command, c.handed, c.members, c.original_id, c.side)


_NIL = b"\xc0"
_FALSE = b"\xc2"


def read_optional(read: Any, value: msgspec.Raw) -> Any:
    data = bytes(value)
    return None if data == _NIL else UNJUDGED if data == _FALSE else read(value)


def restore(group: GroupId, kind: Kind, snapshot: Snapshot) -> Copy:
    """The copy that a snapshot was taken of. Raises msgspec.MsgspecError for what the kind cannot read, and GroupBroken
    where reading it meets a mistake of the program."""
    try:
        state = kind.restore(group.name, snapshot.state)
    except UNREADABLE:
        raise
    except Exception as problem:
        raise GroupBroken(group) from problem
    copy = Copy(group, kind, state, snapshot.lineage, snapshot.seq, snapshot.at)
    copy.log = Log(read_entry(kind, entry) for entry in snapshot.tail)
    copy.epoch, copy.members, copy.archives = snapshot.epoch, snapshot.members, snapshot.archives
    copy.merged, copy.aliases = {part.term: part for part in snapshot.merged}, snapshot.aliases
    copy.pending.extend(read_command(kind, command) for command in snapshot.pending)
    for stream in snapshot.client_logs:
        accepted = copy.client_logs[stream.origin] = ClientLog(stream.last)
        for number, seq, at, outcome in stream.outcomes:
            accepted.outcomes[number] = (seq, at, read_optional(kind.read_outcome, outcome))
    return copy
