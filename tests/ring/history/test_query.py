"""Questions about history, and the nodes asked."""

from __future__ import annotations

from typing import Any

import pytest

from ring.durations import HISTORY_GIVE_UP_S, HISTORY_REPEAT_S
from ring.engine import Engine
from ring.history.query import HistoryQueries
from ring.ids import GroupId, Term
from ring.replication.progress import HandOff, Master, Step
from ring.replication.replica import Replica
from ring.storage.store import Batch, Line, Range, StoreError
from ring.wire.codec import encode, packed
from ring.wire.group import NotOwner
from ring.wire.history import HistoryAnswer, HistoryQuery, Lines, Query, Read
from ring.wire.log import Command
from tests.ring.ports import ME, ROOM, B, C, NotedPort
from tests.ring.toy import ToyNet
from tests.sim.stores import MemoryStore

COUNT = 20


def recalls(engine: Engine) -> int:
    return sum(isinstance(message, HistoryQuery) for messages in engine.drain().values() for message in messages)


def test_many_who_hear_that_a_group_is_elsewhere_do_not_make_more_of_it() -> None:
    """Each question is answered with the same word: a node already asked is not asked again for each."""
    net = ToyNet(3)
    engine = net.engines["127.0.0.1"]
    group = next(
        group for group in (GroupId("talk", f"#{n}") for n in range(99)) if engine.target(group) == "127.0.0.2"
    )
    engine.begin(net.now)
    for _ in range(COUNT):
        engine.recall(group, Query(10), lambda lines: None)
    assert recalls(engine) == COUNT
    words = encode([NotOwner(group, "127.0.0.3", [])] * COUNT)
    engine.receive(net.engines["127.0.0.2"].me, words)
    assert recalls(engine) == COUNT
    engine.receive(net.engines["127.0.0.2"].me, words)
    assert recalls(engine) == 0


# One node alone -------------------------------------------------------------------------------------------------------


class Journal:
    on = True


class Node:
    """A node with a store; the test decides when reads are done."""

    def __init__(self) -> None:
        self.port = NotedPort()
        self.port.oldest = lambda group: None
        self.bounced: list[tuple[str, GroupId, str]] = []
        self.port.bounce = lambda *told: self.bounced.append(told)
        self.reads: list[tuple[Any, Any]] = []
        self.port.read_store = lambda job, done: self.reads.append((job, done))
        self.store = MemoryStore()
        self.queries = HistoryQueries(self.port, Journal())  # type: ignore[arg-type]
        self.answers: list[list[str] | None] = []

    def ask(self, query: Query | None = None) -> None:
        self.queries.recall(ROOM, query or Query(10), self._answered)

    def _answered(self, lines: list[Line] | None) -> None:
        self.answers.append(None if lines is None else [line.msgid for line in lines])

    def read(self, problem: StoreError | None = None) -> int:
        """Do the waiting reads. Return their number."""
        reads, self.reads = self.reads, []
        for job, done in reads:
            done(problem or job(self.store))
        return len(reads)

    def after(self, seconds: float) -> list[tuple[str, Any]]:
        self.port.now += seconds
        self.queries.tick()
        return self.port.taken()

    def serve(self, *holders: str) -> Master:
        """Master the room, which these other nodes hold, too."""
        m = self.port.master(ROOM)
        for seq in range(1, 4):
            m.replica.seq = seq
            self.store.write([Batch(seq, {}, {}, [self.line(m.replica, seq)])])
        m.replica.members = (ME.key, *holders)
        return m

    def line(self, replica: Replica, seq: int) -> Line:
        return Line(ROOM, replica.term, seq, 10 * seq, replica.event_id(seq, 0).msgid, packed(["say", f"line {seq}"]))

    def names(self, m: Master, *seqs: int) -> list[str]:
        return [m.replica.event_id(seq, 0).msgid for seq in seqs]


@pytest.fixture
def node() -> Node:
    return Node()


def query(number: int = 7) -> HistoryQuery:
    return HistoryQuery(ROOM, number, Query(10))


def test_the_master_reads_its_own_store_and_answers(node: Node) -> None:
    m = node.serve()
    node.ask()
    node.ask(Query(1))
    assert node.answers == [] and node.read() == 2
    assert node.answers == [node.names(m, 1, 2, 3), node.names(m, 3)] and not node.queries.jobs


def test_all_who_hold_the_group_are_read_and_what_one_lacks_another_has(node: Node) -> None:
    m = node.serve(B.key, C.key)
    node.ask()
    node.read()
    (read, other) = node.port.taken()
    assert {read[0], other[0]} == {B.key, C.key} and read[1] == other[1] and isinstance(read[1], Read)
    m.replica.seq = 5
    number = read[1].id
    node.queries.on_lines(B, Lines(number, [node.line(m.replica, 2)], False))
    node.queries.on_lines(B, Lines(number, [node.line(m.replica, 2)], False))  # a repeat
    assert node.answers == []
    node.queries.on_lines(C, Lines(number, [], False))
    assert node.answers == [node.names(m, 1, 2, 3)]
    node.queries.on_lines(C, Lines(number, [], False))  # too late


def test_nodes_are_asked_again_and_a_dead_node_is_left_out(node: Node) -> None:
    m = node.serve(B.key, C.key)
    node.ask()
    node.read()
    first = node.port.taken()
    assert node.after(HISTORY_REPEAT_S) == first
    node.queries.on_lines(B, Lines(first[0][1].id, [], False))
    assert [key for key, _ in node.after(HISTORY_REPEAT_S)] == [C.key]
    node.port.peers.died(C.key, node.port.now)
    assert node.after(0.1) == [] and node.answers == [node.names(m, 1, 2, 3)]


def test_a_store_that_fails_is_made_up_for_by_another_and_all_failing_give_no_answer(node: Node) -> None:
    m = node.serve(B.key)
    node.ask()
    node.read(StoreError("damaged"))
    number = node.port.taken()[0][1].id
    node.queries.on_lines(B, Lines(number, [node.line(m.replica, 1)], False))
    assert node.answers == [node.names(m, 1)] and node.port.counters["store_unreadable"] == 1
    node.ask()
    node.read(StoreError("damaged"))
    node.queries.on_lines(B, Lines(node.port.taken()[0][1].id, [], False, failed=True))
    assert node.answers[1:] == [None]  # half of the lines would be worse


def test_a_node_that_keeps_nothing_lacks_nothing(node: Node) -> None:
    node.serve()
    node.queries._journal.on = False
    node.ask()
    node.read(StoreError("this node has no store"))
    assert node.answers == [[]]


def test_another_node_is_answered_and_its_repeat_begins_nothing_anew(node: Node) -> None:
    m = node.serve()
    node.queries.on_query(B, query())
    node.queries.on_query(B, query())
    assert node.read() == 1
    (key, answer), *more = node.port.taken()
    assert (key, more) == (B.key, []) and isinstance(answer, HistoryAnswer)
    assert answer.lines is not None and [line.msgid for line in answer.lines] == node.names(m, 1, 2, 3)


def test_a_question_waits_for_the_positions_that_were_given_before(node: Node) -> None:
    """An earlier master may have shown people lines up to there."""
    m = node.serve()
    m.replica.pending = [Command(4, 40, None, 0, 0, None), Command(5, 50, None, 0, 0, None)]
    node.queries.on_query(B, query())
    assert node.reads == []
    m.replica.seq = 4
    node.queries.committed(m)
    assert node.reads == []
    m.replica.seq, m.replica.pending = 5, []
    node.queries.committed(m)
    assert node.read() == 1 and len(node.port.taken()) == 1 and node.queries.waiting == {}


def test_a_group_that_is_handed_over_or_not_known_is_elsewhere(node: Node) -> None:
    node.queries.on_query(B, query())
    assert node.port.parked == [(ROOM, B, query())]
    m = node.serve()
    node.queries.on_query(B, query())
    m.handoff = HandOff(C, Term(2, *C), 0.0)
    m.handoff.step = Step.COMMITTED
    node.read()
    assert node.port.taken() == [] and not node.queries.jobs  # the asker repeats the question to the new master
    node.port.masters_of[ROOM] = C.key
    node.queries.on_query(B, query(8))
    assert node.bounced == [(B.key, ROOM, C.key)]


def test_a_job_whose_group_goes_ends(node: Node) -> None:
    m = node.serve(B.key)
    m.replica.pending = [Command(4, 40, None, 0, 0, None)]
    node.queries.on_query(B, query())
    node.port.replicas.resign(ROOM)
    node.after(0.1)
    assert not node.queries.jobs and not node.queries.waiting


def test_a_question_that_nobody_answers_ends(node: Node) -> None:
    node.port.masters_of[ROOM] = B.key
    node.ask()
    assert [key for key, _ in node.port.taken()] == [B.key]
    sent = 0
    while not node.answers:
        sent += len(node.after(HISTORY_REPEAT_S))
    assert node.answers == [None] and sent == HISTORY_GIVE_UP_S / HISTORY_REPEAT_S
    node.queries.on_answer(B, HistoryAnswer(node.port.me.first_number + 1, []))
    assert node.answers == [None]


def test_questions_are_bounded_and_wait_their_turn(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ring.history.query.AT_ONCE", 1)
    monkeypatch.setattr("ring.history.query.OPEN", 2)
    node.port.masters_of[ROOM] = B.key
    first = node.port.me.first_number + 1
    for _ in range(4):
        node.ask()
    assert node.answers == [None] and len(node.port.taken()) == 1
    node.queries.on_answer(B, HistoryAnswer(first, []))
    assert node.answers == [None, []] and [message.id for _, message in node.port.taken()] == [first + 1]
    node.after(HISTORY_GIVE_UP_S + 1.0)
    node.after(0.1)
    assert node.answers == [None, [], None, None] and not node.queries.queue


def test_jobs_are_bounded(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ring.history.query.JOBS", 1)
    node.serve()
    for number in range(3):
        node.queries.on_query(B, query(number))
    assert node.read() == 1


def test_a_question_for_too_many_lines_is_cut(node: Node) -> None:
    m = node.serve()
    node.queries.on_query(B, HistoryQuery(ROOM, 1, Query(10**9)))
    node.read()
    (_, answer) = node.port.taken()[0]
    assert [line.msgid for line in answer.lines] == node.names(m, 1, 2, 3)


@pytest.mark.parametrize(("sought", "found"), [(None, 3), ("first", 1), ("unknown", 0)])
def test_another_node_reads_this_store(node: Node, sought: str | None, found: int) -> None:
    m = node.serve()
    msgid = {"first": node.names(m, 1)[0], "unknown": "x-1", None: None}[sought]
    node.queries.on_read(B, Read(4, Range(ROOM, None, None, 10, True), msgid))
    node.read()
    ((key, lines),) = node.port.taken()
    assert (key, lines.id, len(lines.lines), lines.more, lines.failed) == (B.key, 4, found, False, False)
    node.queries.on_read(B, Read(5, Range(ROOM, None, None, 10, True)))
    node.read(StoreError("damaged"))
    assert node.port.taken()[0][1].failed
