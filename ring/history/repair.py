"""Fetch the lines that a node holding a group lacks from the nodes that hold or held the group, a little at a time.

Theory of operation. Repair keeps a line on as many nodes as hold the group, though the set of holders changes, or a
disk is lost. Each replica held here, of a kind with durable lines, is compared once with each living holder and former
holder. A `Filling` compares one group with one other node, in the steps of the generator `refill`, newest lines first:

- Which: the other node names the positions of the next page (FetchDigest). At most one page a tick and group.
- Mine: this node reads the node's own lines of the page.
- Send: the other node sends lines that this node lacks (FetchLines).
- Keep: this node writes the lines.

A step with a `number` is under way, and is repeated every REPAIR_REPEAT_S. A filling ends when the generator ends, when
the replica is replaced or the other node dies, or after REPAIR_GIVE_UP_S in one step; only the first end counts as
done.

Invariants. A group has at most one filling, and at most AT_ONCE groups are filled. An answer counts only with the
number of the step under way. Lines of a later term in the store are never overwritten by an earlier term. `AntiEntropy`
alone writes all fields.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import NamedTuple

from ring.durations import REPAIR_GIVE_UP_S, REPAIR_REPEAT_S
from ring.history.local import forgotten
from ring.history.pages import Found
from ring.history.query import HistoryQueries
from ring.ids import GroupId, Incarnation
from ring.replication.port import Port
from ring.replication.replica import Replica
from ring.storage.journal import Journal
from ring.storage.store import Batch, Line, Range, Store, StoreError
from ring.wire.history import FetchDigest, FetchedDigest, FetchedLines, FetchLines

PAGE = 1_000
MINE = 4_000
"""Lines read from this node's own store, for a page of another node."""

AT_ONCE = 4
"""Groups filled at a time."""


class Which(NamedTuple):
    """Ask the other node for the positions that the node has in the range."""

    wanted: Range


class Mine(NamedTuple):
    """Read this node's own lines."""

    wanted: Range


class Send(NamedTuple):
    """Ask the other node for lines."""

    wanted: Range


class Keep(NamedTuple):
    """Write lines that this node lacks."""

    lines: list[Line]


class Got(NamedTuple):
    """The result of a step. more: the range has more."""

    seqs: list[int]
    lines: list[Line]
    more: bool


Step = Which | Mine | Send | Keep
Steps = Generator[Step, Got, None]
NOTHING = Got([], [], False)


def refill(group: GroupId, head: int, is_wanted: Callable[[Line], bool]) -> Steps:
    """Yield the steps that copy another node's lines up to `head`, where this node lacks the lines. Pure."""
    high = head + 1
    while high > 1:
        theirs = yield Which(Range(group, None, high, PAGE, True))
        seqs = {seq for seq in theirs.seqs if 0 < seq < high}
        if not seqs:
            return
        low = min(seqs) - 1 if theirs.more else 0
        mine = yield Mine(Range(group, low, high, MINE, True))
        lacking = seqs - {line.seq for line in mine.lines if is_wanted(line)}
        while lacking:
            got = yield Send(Range(group, min(lacking) - 1, max(lacking) + 1, PAGE, True))
            lines = [line for line in got.lines if line.seq in lacking and is_wanted(line)]
            if lines:
                yield Keep(lines)
            first = min((line.seq for line in got.lines), default=0) if got.more else 0
            lacking = {seq for seq in lacking if seq < min(first, max(lacking))}
        high = low + 1


class Filling:
    """A group that is being filled from one other node."""

    __slots__ = ("asked_at", "key", "number", "replica", "since", "step", "steps")

    def __init__(self, replica: Replica, key: str, steps: Steps, now: float) -> None:
        self.replica = replica
        self.key = key
        self.steps = steps
        self.step: Step = next(steps)
        self.number = 0  # of the step under way; 0: the next tick begins the step
        self.asked_at = 0.0
        self.since = now  # when the step began


class AntiEntropy:
    """Fill the groups held here from other nodes, and answer other nodes' fillings."""

    def __init__(self, port: Port, journal: Journal, history: HistoryQueries) -> None:
        self.port = port
        self._journal = journal
        self._history = history
        self.filling: dict[GroupId, Filling] = {}
        self._waiting: dict[GroupId, None] = {}  # groups to consider, in this order
        self._next = port.me.first_number

    # Which groups ---------------------------------------------------------------------------------------------------

    def look(self, replica: Replica) -> None:
        """Consider the group in its turn, if a node may have lines that this node lacks."""
        if self._journal.on and self._source(replica) is not None:
            self._waiting[replica.group] = None

    def tick(self) -> None:
        """Advance, repeat or end the fillings, and begin new fillings."""
        port = self.port
        for group, filling in list(self.filling.items()):
            if not self._goes_on(filling) or port.now - filling.since > REPAIR_GIVE_UP_S:
                del self.filling[group]
                port.replicas.looks.soon(group, port.now)
            elif not filling.number:
                self._begin(filling)
            elif port.now - filling.asked_at >= REPAIR_REPEAT_S:
                self._ask(filling)
        while self._waiting and len(self.filling) < AT_ONCE:
            group = next(iter(self._waiting))
            del self._waiting[group]
            self._consider(group)

    @property
    def is_busy(self) -> bool:
        return bool(self.filling or self._waiting)

    def _source(self, replica: Replica) -> str | None:
        """Return the ring key of a living node that holds or held the group, and was not compared with this replica."""
        port, f = self.port, self.port.replicas.followers.get(replica.group)
        if replica.kind.durable != "written" or replica.is_cold or not replica.seq:
            return None
        if f is not None and (not f.is_backup or f.fork is not None):
            return None
        passed = (port.me.key, *replica.filled)
        keys = (key for key in (*replica.members, *replica.archives) if key not in passed)
        return next((key for key in keys if port.peers.is_alive(key)), None)

    def _consider(self, group: GroupId) -> None:
        replica = self.port.replicas.get(group)
        key = self._source(replica) if replica is not None and group not in self.filling else None
        if replica is not None and key is not None:
            steps = refill(group, replica.seq, self._wanted(replica))
            self.filling[group] = Filling(replica, key, steps, self.port.now)

    def _wanted(self, replica: Replica) -> Callable[[Line], bool]:
        """Return a test for lines of the group's lineage that are not to be forgotten."""
        oldest = self.port.oldest(replica.group) or 0
        gone = forgotten(replica.kind, replica.kind.erased(replica.state))
        return lambda line: line.at >= oldest and line.term == replica.term_at(line.seq) and not gone(line)

    def _goes_on(self, filling: Filling) -> bool:
        port, group = self.port, filling.replica.group
        m, f = port.replicas.masters.get(group), port.replicas.followers.get(group)
        here = m.replica if m is not None else f.replica if f is not None else None
        return here is filling.replica and port.peers.is_alive(filling.key)

    # Step by step ---------------------------------------------------------------------------------------------------

    def _begin(self, filling: Filling) -> None:
        self._next += 1
        filling.number, filling.since = self._next, self.port.now
        self._ask(filling)

    def _ask(self, filling: Filling) -> None:
        step, number, send = filling.step, filling.number, self.port.send
        filling.asked_at = self.port.now
        if isinstance(step, Which):
            send(filling.key, FetchDigest(number, step.wanted))
        elif isinstance(step, Send):
            send(filling.key, FetchLines(number, step.wanted))
        elif isinstance(step, Mine):
            self._read(step.wanted, lambda found: self._got(number, Got([], found.lines, found.more)))
        else:
            self.port.work_store(_keep(step.lines), lambda result: self._kept(number, result))

    def _read(self, wanted: Range, done: Callable[[Found], None]) -> None:
        """Read this node's store. After a failed read the step is repeated."""

        def read(found: Found) -> None:
            if not found.failed:
                done(found)

        self._history.read_here(wanted, read)

    def _kept(self, number: int, result: int | StoreError) -> None:
        if not isinstance(result, StoreError):  # else the step is repeated
            self.port.run(lambda: self._got(number, NOTHING))

    def _got(self, number: int, got: Got) -> None:
        filling = next((one for one in self.filling.values() if one.number == number), None)
        if filling is None:
            return
        try:
            filling.step = filling.steps.send(got)
        except StopIteration:
            del self.filling[filling.replica.group]
            filling.replica.filled |= {filling.key}
            self.look(filling.replica)  # the next node
            return
        filling.number = 0
        if not isinstance(filling.step, Which):
            self._begin(filling)

    # What others ask ------------------------------------------------------------------------------------------------

    def on_fetch_digest(self, sender: Incarnation, message: FetchDigest) -> None:
        def answer(found: Found) -> None:
            self.port.answer(sender, FetchedDigest(message.id, [line.seq for line in found.lines], found.more))

        self._read(message.wanted, answer)

    def on_fetch_lines(self, sender: Incarnation, message: FetchLines) -> None:
        def answer(found: Found) -> None:
            self.port.send(sender.key, FetchedLines(message.id, found.lines, found.more))

        self._read(message.wanted, answer)

    def on_fetched_digest(self, sender: Incarnation, message: FetchedDigest) -> None:
        self._from(sender, message.id, Got(message.seqs, [], message.more), Which)

    def on_fetched_lines(self, sender: Incarnation, message: FetchedLines) -> None:
        self._from(sender, message.id, Got([], message.lines, message.more), Send)

    def _from(self, sender: Incarnation, number: int, got: Got, step: type[Which | Send]) -> None:
        filling = next((one for one in self.filling.values() if one.number == number), None)
        if filling is not None and filling.key == sender.key and isinstance(filling.step, step):
            self._got(number, got)


def _keep(lines: list[Line]) -> Callable[[Store], Iterator[int]]:
    """Write the lines that the store lacks. A line that the store got meanwhile under a later term stays."""

    def job(store: Store) -> Iterator[int]:
        group, first, last = lines[0].group, lines[0].seq, lines[-1].seq
        have = {line.seq: line for line in store.lines(Range(group, first - 1, last + 1, 2**31, False))}
        new = [line for line in lines if line.seq not in have or have[line.seq].term < line.term]
        store.write([Batch(0, {}, {}, new)])
        yield len(new)

    return job
