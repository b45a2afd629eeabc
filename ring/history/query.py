"""Answer questions about a group's history: asked on any node, answered by the group's master, exactly.

Theory of operation. A line stands in the stores of the nodes that hold or held the group and, for the last moments, in
the log. The master reads all these stores of living nodes, and merges the lines (pages.py).

On the asking node, an `Open` question waits in `queue` until fewer than AT_ONCE questions are open, then in `open` with
a number. The question is sent to the group's master, again every HISTORY_REPEAT_S and when another master is named. The
question ends with the answer, or with None after HISTORY_GIVE_UP_S.

On the master, a `Job` answers a question (`jobs`, by asker and number). The states of a job:

- waiting (in `waiting`): until the position that was accepted when the question came is committed. An earlier master
  may have shown people lines up to there.
- reading (in `_reads`, by serial): `waits` holds the nodes with a store still to be read. A dead node is left out,
  other nodes are asked again every HISTORY_REPEAT_S. When `waits` is empty, the generator `steps` gets `found`, and
  names the next read or the answer.
- over: the answer is sent. A job is dropped when another node masters the group, or after HISTORY_GIVE_UP_S; the asker
  repeats the question. If every store failed, the answer is None rather than half of the lines.

Invariants. A job has at most one read under way, with a serial used once. An asker has at most one job for a number.
`HistoryQueries` alone writes all fields.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from ring.durations import HISTORY_GIVE_UP_S, HISTORY_REPEAT_S
from ring.history.local import FAR, LIMIT, bounded, fitting, history_of, in_log, within
from ring.history.pages import Found, Sought, Steps, Want, merge_pages
from ring.ids import GroupId, Incarnation
from ring.replication.port import Port
from ring.replication.progress import Master
from ring.replication.replica import Replica
from ring.storage.journal import Journal
from ring.storage.store import Line, Range, Store, StoreError
from ring.wire.history import HistoryAnswer, HistoryQuery, Lines, Query, Read

AT_ONCE = 50
"""Questions of this node that are open at a time: the lines read for each are in memory, here and elsewhere."""

OPEN = 10_000
"""At most this many more questions wait. A further question is answered with None at once."""

JOBS = 2_000
"""At most this many questions are answered here at a time. Further questions are dropped, and the askers repeat
them."""

Done = Callable[[list[Line] | None], None]


class Open:
    """A question of this node that waits for the answer."""

    __slots__ = ("done", "group", "query", "repeat_at", "sent_to", "since")

    def __init__(self, group: GroupId, query: Query, done: Done, now: float) -> None:
        self.group = group
        self.query = query
        self.done = done
        self.since = now
        self.repeat_at = now
        self.sent_to = ""  # ring key


class Asker(NamedTuple):
    """The asking node's life, and the question's number there."""

    node: Incarnation
    id: int


class Job:
    """A question that is answered here, one read after the other."""

    __slots__ = ("asker", "found", "m", "query", "repeat_at", "serial", "since", "steps", "waits", "want")

    def __init__(self, m: Master, asker: Asker, query: Query, now: float) -> None:
        self.m = m
        self.asker = asker
        self.query = query
        self.since = now
        self.steps: Steps | None = None
        self.want: Want | None = None
        self.serial = 0  # of the read under way
        self.waits: dict[str, None] = {}  # ring keys of the nodes with a store being read
        self.found: list[Found] = []
        self.repeat_at = 0.0


class HistoryQueries:
    """Keep the open questions of this node, and answer other questions as the master of a group."""

    def __init__(self, port: Port, journal: Journal) -> None:
        self.port = port
        self._journal = journal
        self.open: dict[int, Open] = {}
        self.queue: deque[Open] = deque()
        self.jobs: dict[Asker, Job] = {}
        self.waiting: dict[GroupId, list[tuple[int, Job]]] = {}  # for the commit of a position
        self._reads: dict[int, Job] = {}
        self._next = port.me.first_number

    # Ask ------------------------------------------------------------------------------------------------------------

    def recall(self, group: GroupId, query: Query, done: Done) -> None:
        """Ask for lines of the group's history. done(None): no answer in time, too many questions, or an unknown
        msgid."""
        if len(self.queue) >= OPEN:
            done(None)
            return
        self.queue.append(Open(group, query, done, self.port.now))
        self._ask_more()

    def _ask_more(self) -> None:
        while self.queue and len(self.open) < AT_ONCE:
            self._next += 1
            question = self.open[self._next] = self.queue.popleft()
            self._send(self._next, question)

    def _send(self, number: int, question: Open) -> None:
        port, group = self.port, question.group
        question.repeat_at = port.now + HISTORY_REPEAT_S
        target = question.sent_to = port.target(group)
        if target != port.me.key:
            port.send(target, HistoryQuery(group, number, question.query))
            return
        m = port.replicas.masters.get(group)
        if m is None:
            port.find(group)
        else:
            self._begin(m, Asker(port.me, number), question.query)

    def master_known(self, group: GroupId) -> None:
        """Send the group's open questions again: the group was found, here or on another node.

        A node that has a question already is not sent the question again.
        """
        target, me = self.port.target(group), self.port.me.key
        for number, question in list(self.open.items()):
            if question.group == group and (target == me or target != question.sent_to):
                self._send(number, question)

    def on_answer(self, sender: Incarnation, message: HistoryAnswer) -> None:
        self._answered(message.id, message.lines)

    def _answered(self, number: int, lines: list[Line] | None) -> None:
        question = self.open.pop(number, None)
        if question is not None:
            question.done(lines)
            self._ask_more()

    # Answer ---------------------------------------------------------------------------------------------------------

    def on_query(self, sender: Incarnation, message: HistoryQuery) -> None:
        port = self.port
        m = port.replicas.masters.get(message.group)
        if m is None:
            port.park(message.group, sender, message)
        elif m.is_handed:
            port.bounce(sender.key, message.group, port.target(message.group))
        else:
            self._begin(m, Asker(sender, message.id), message.query)

    def _begin(self, m: Master, asker: Asker, query: Query) -> None:
        if asker in self.jobs or len(self.jobs) >= JOBS:
            return
        job = self.jobs[asker] = Job(m, asker, query, self.port.now)
        if m.replica.pending:
            self.waiting.setdefault(m.replica.group, []).append((m.replica.head, job))
        else:
            self._start(job)

    def committed(self, m: Master) -> None:
        """Start the jobs that waited for the positions committed now."""
        waiting = self.waiting.get(m.replica.group)
        if waiting is None:
            return
        ready = [job for seq, job in waiting if seq <= m.replica.seq]
        later = [(seq, job) for seq, job in waiting if seq > m.replica.seq]
        if later:
            self.waiting[m.replica.group] = later
        else:
            del self.waiting[m.replica.group]
        for job in ready:
            if job.asker in self.jobs:
                self._start(job)

    def _start(self, job: Job) -> None:
        query = job.query
        if query.limit > LIMIT:
            query = msgspec.structs.replace(query, limit=LIMIT)
        oldest = self.port.oldest(job.m.replica.group)
        job.steps = merge_pages(history_of(job.m.replica, query.wanted, -FAR if oldest is None else oldest), query)
        self._step(job, None)

    def _step(self, job: Job, found: list[Found] | None) -> None:
        """Give the lines read to the generator, and begin the next read or finish."""
        assert job.steps is not None
        try:
            job.want = next(job.steps) if found is None else job.steps.send(found)
        except StopIteration as end:
            self._finish(job, end.value)
            return
        self._next += 1
        job.serial, job.found = self._next, [in_log(job.m.replica, job.want)]
        self._reads[job.serial] = job
        job.waits = dict.fromkeys(self._sources(job.m.replica))
        job.repeat_at = self.port.now + HISTORY_REPEAT_S
        for key in list(job.waits):
            self._read(key, job)

    def _sources(self, replica: Replica) -> list[str]:
        """Return the living nodes that may have lines of the group, this node first."""
        me, peers = self.port.me.key, self.port.peers
        others = (key for key in (*replica.members, *replica.archives) if key != me and peers.is_alive(key))
        return [me, *dict.fromkeys(others)]

    def _read(self, key: str, job: Job) -> None:
        want, serial = job.want, job.serial
        assert want is not None
        if key == self.port.me.key:
            self.read_here(want, lambda found: self._on_found(key, serial, found))
        elif isinstance(want, Sought):
            self.port.send(key, Read(serial, Range(job.m.replica.group, None, None, 1, True), want.msgid))
        else:
            self.port.send(key, Read(serial, want))

    def read_here(self, want: Want, done: Callable[[Found], None]) -> None:
        """Read this node's store."""
        port = self.port
        bounds = within(want) if isinstance(want, Range) else want

        def read(store: Store) -> list[Line]:
            if isinstance(bounds, Sought):
                line = store.find(bounds.group, bounds.msgid)
                return [line] if line is not None else []
            return store.lines(bounds)

        def arrived(result: list[Line] | StoreError) -> None:
            if isinstance(result, StoreError):
                port.counters["store_unreadable"] += 1
                found = Found([], False, self._journal.on)  # a node that keeps nothing lacks nothing
            else:
                found = bounded(result, want)
            port.run(lambda: done(found))

        port.read_store(read, arrived)

    def on_read(self, sender: Incarnation, message: Read) -> None:
        wanted = message.wanted
        want = wanted if message.sought is None else Sought(wanted.group, message.sought)
        self.read_here(want, lambda found: self.port.answer(sender, Lines(message.id, *found)))

    def on_lines(self, sender: Incarnation, message: Lines) -> None:
        self._on_found(sender.key, message.id, Found(message.lines, message.more, message.failed))

    def _on_found(self, key: str, serial: int, found: Found) -> None:
        job = self._reads.get(serial)
        if job is None or key not in job.waits:
            return
        del job.waits[key]
        job.found.append(found)
        self._advance(job)

    def _advance(self, job: Job) -> None:
        if job.waits:
            return
        del self._reads[job.serial]
        logged, *stores = job.found
        if self._is_over(job):
            self._drop(job)
        elif stores and all(found.failed for found in stores):
            self._finish(job, None)  # no answer is better than half of an answer
        else:
            self._step(job, [logged, *stores])

    def _is_over(self, job: Job) -> bool:
        """Tell whether another node masters the group by now: the asker repeats the question there."""
        return job.m.is_handed or self.port.replicas.masters.get(job.m.replica.group) is not job.m

    def _finish(self, job: Job, lines: list[Line] | None) -> None:
        self._drop(job)
        if lines is not None:
            lines = fitting(lines, newest=job.query.newest)
        if job.asker.node == self.port.me:
            self._answered(job.asker.id, lines)
        else:
            self.port.answer(job.asker.node, HistoryAnswer(job.asker.id, lines))

    def _drop(self, job: Job) -> None:
        self.jobs.pop(job.asker, None)
        self._reads.pop(job.serial, None)

    # Timers ---------------------------------------------------------------------------------------------------------

    @property
    def is_busy(self) -> bool:
        return bool(self.open or self.queue or self.jobs or self.waiting)

    def tick(self) -> None:
        """Repeat open questions, end old questions, and chase the nodes with a read under way."""
        port = self.port
        for number, question in list(self.open.items()):
            if port.now - question.since > HISTORY_GIVE_UP_S:
                self._answered(number, None)
            elif number in self.open and port.now >= question.repeat_at:
                self._send(number, question)
        while self.queue and port.now - self.queue[0].since > HISTORY_GIVE_UP_S:
            self.queue.popleft().done(None)
        for job in list(self.jobs.values()):
            if self._is_over(job) or port.now - job.since > HISTORY_GIVE_UP_S:
                self._drop(job)
            elif job.waits:
                self._chase(job)
        for group in [group for group in self.waiting if group not in port.replicas.masters]:
            del self.waiting[group]

    def _chase(self, job: Job) -> None:
        """Leave out dead nodes, and ask the other nodes again."""
        port = self.port
        for key in [key for key in job.waits if not port.peers.is_alive(key) and key != port.me.key]:
            del job.waits[key]
        if not job.waits:
            self._advance(job)
        elif port.now >= job.repeat_at:
            job.repeat_at = port.now + HISTORY_REPEAT_S
            for key in job.waits:
                if key != port.me.key:
                    self._read(key, job)
