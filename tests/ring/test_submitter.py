"""Commands of an edge on their way: sent in order, answered once, and failed in bounded time."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ring.durations import SUBMIT_REPEAT_S
from ring.ids import GroupId, Term
from ring.replication.application import FAILED, UNJUDGED, Halted
from ring.submitter import RESEND_AT_ONCE, Submitter
from ring.wire.group import Answer, Submit
from ring.wire.log import MergedTerm
from tests.ring.ports import ME, ROOM, B, C, NotedPort, record

pytestmark = pytest.mark.interpreted  # has a double of Roles


class Roles:
    """The roles of the node, as far as a submitter uses the roles."""

    def __init__(self) -> None:
        self.masters = self.followers = self.acks = self.fanout = self
        self.accepted: list[tuple[int, int, Any]] = []
        self.sought: list[GroupId] = []
        self.released: list[Any] = []
        self.settled: list[GroupId] = []
        self.held_back = False

    def accept(self, m: Any, origin: Any, number: int, floor: int, command: Any) -> None:
        self.accepted.append((number, floor, command))

    def holds_back(self, group: GroupId, target: str) -> bool:
        return self.held_back

    def find(self, group: GroupId) -> None:
        self.sought.append(group)

    def release(self, hold: Any) -> None:
        self.released.append(hold)

    def settle(self, m: Any) -> None:
        self.settled.append(m.replica.group)


class Edge:
    """A node with an edge that submits commands."""

    def __init__(self) -> None:
        self.port = NotedPort()
        self.port.replicas.stopped = set()
        self.roles = Roles()
        self.settling: list[Any] = []
        self.submitter = Submitter(self.port, self.roles, self)  # type: ignore[arg-type]  # it is its own barriers

    def settle(self, groups: list[GroupId], done: Any) -> None:
        self.settling.append(done)

    def say(self, *texts: str, hold: Any = None) -> None:
        for text in texts:
            self.submitter.submit(ROOM, ["say", text], text, hold)

    @property
    def answers(self) -> list[tuple[Any, Any]]:
        answers: list[tuple[Any, Any]] = self.port.app.answers
        return answers

    def sent(self) -> list[tuple[str, int, int]]:
        """Return the messages since the last call: (to, number, floor)."""
        return [(to, message.number, message.floor) for to, message in self.port.taken() if isinstance(message, Submit)]

    def after(self, seconds: float) -> list[tuple[str, int, int]]:
        self.port.now += seconds
        self.submitter.tick()
        return self.sent()

    def answer(self, number: int, outcome: Any = ("ok",), *, seq: int = 5, follows: bool = False) -> None:
        body = msgspec.Raw(msgspec.msgpack.encode(outcome))
        self.submitter.on_answer(B, Answer(ROOM, number, Term(1, *B), seq, 1000, follows, body))


@pytest.fixture
def edge() -> Edge:
    made = Edge()
    made.port.masters_of[ROOM] = B.key
    return made


def test_commands_leave_at_once_and_again_until_each_is_answered(edge: Edge) -> None:
    edge.say("one", "two", "three")
    assert edge.sent() == [(B.key, 1, 1), (B.key, 2, 1), (B.key, 3, 1)]
    edge.answer(2)
    assert edge.answers == [("two", ["ok"])]
    assert edge.after(SUBMIT_REPEAT_S) == [(B.key, 1, 1), (B.key, 3, 1)]
    edge.answer(1)
    edge.answer(1)  # to the repeat
    assert [token for token, _ in edge.answers] == ["two", "one"]
    assert edge.after(10 * SUBMIT_REPEAT_S) == [(B.key, 3, 3)]


def test_a_new_master_is_sent_the_whole_queue_in_order(edge: Edge) -> None:
    edge.say("one", "two")
    edge.sent()
    edge.port.masters_of[ROOM] = C.key
    edge.say("three")
    assert edge.sent() == [(C.key, 1, 1), (C.key, 2, 1), (C.key, 3, 1)]
    edge.submitter.peers_changed()
    assert edge.after(0.0) == [(C.key, 1, 1), (C.key, 2, 1), (C.key, 3, 1)]


def test_a_group_mastered_here_needs_no_message(edge: Edge) -> None:
    edge.port.master(ROOM)
    edge.say("one", "two")
    assert edge.roles.accepted == [(1, 1, ["say", "one"]), (2, 1, ["say", "two"])] and edge.sent() == []
    edge.submitter.resend(ROOM)
    assert len(edge.roles.accepted) == 4


def test_a_group_that_nobody_is_known_to_master_is_looked_for(edge: Edge) -> None:
    edge.port.masters_of[ROOM] = ME.key
    edge.say("one")
    assert edge.roles.sought == [ROOM] and edge.sent() == []
    edge.after(SUBMIT_REPEAT_S)
    assert edge.roles.sought == [ROOM, ROOM]


def test_commands_are_held_back_until_the_logs_are_one(edge: Edge) -> None:
    edge.roles.held_back = True
    edge.say("one", "two")
    edge.submitter.resend(ROOM)
    assert edge.after(SUBMIT_REPEAT_S) == []
    edge.roles.held_back = False
    edge.submitter.resend(ROOM)
    assert edge.sent() == [(B.key, 1, 1), (B.key, 2, 1)]


@pytest.fixture
def healed(edge: Edge) -> Edge:
    """An edge whose command B has answered; the ring names C as the master, for a partition has healed."""
    edge.say("one")
    edge.answer(1)
    edge.sent()
    edge.port.masters_of[ROOM] = C.key
    return edge


def test_the_master_that_answered_last_is_sent_the_commands_until_the_master_names_another(healed: Edge) -> None:
    """P25: the other side's master may lack the line that B has answered."""
    healed.say("two")
    assert healed.sent() == [(B.key, 2, 2)] == healed.after(SUBMIT_REPEAT_S)
    assert not healed.port.submits.yielded(ROOM, C) and healed.port.submits.yielded(ROOM, B)
    healed.submitter.resend(ROOM)
    assert healed.sent() == [(C.key, 2, 2)]


@pytest.mark.parametrize("ends", ["dies", "begins a new life", "has stopped the group"])
def test_a_master_that_cannot_answer_any_more_is_sent_nothing(healed: Edge, ends: str) -> None:
    peers = healed.port.peers
    if ends == "dies":
        peers.died(B.key, healed.port.now)
    elif ends == "begins a new life":
        peers.learn([record(2, incarnation=2)], healed.port.now)
    else:
        peers.stopped(ROOM, B)
    healed.say("two")
    assert healed.sent() == [(C.key, 2, 2)]


def test_a_replica_with_the_last_answer_knows_the_master_better(healed: Edge) -> None:
    """The replica here is of C's log, which has taken B's log in at last."""
    followed = healed.port.follow(C)
    healed.say("two")
    assert healed.sent() == [(B.key, 2, 2)]
    followed.replica.merged[Term(1, *B)] = MergedTerm(Term(1, *B), 4, 0)
    assert healed.after(SUBMIT_REPEAT_S) == [(B.key, 2, 2)], "the answer has position 5"
    followed.replica.merged[Term(1, *B)] = MergedTerm(Term(1, *B), 5, 0)
    assert healed.after(2 * SUBMIT_REPEAT_S) == [(C.key, 2, 2)]


def test_who_has_mastered_the_group_since_asks_no_earlier_master(healed: Edge) -> None:
    healed.port.master(ROOM)
    healed.submitter.resend(ROOM)
    healed.port.replicas.resign(ROOM)
    healed.port.masters_of[ROOM] = C.key
    healed.say("two")
    assert healed.sent() == [(C.key, 2, 2)]


def test_an_answer_waits_until_the_replica_here_is_as_far(edge: Edge) -> None:
    """P11: nobody sees a line of one's own before an earlier line."""
    follower = edge.port.follow(B, ROOM, "a", "b", "c")
    edge.say("one", "two", "three")
    for number, seq in ((1, 4), (2, 5), (3, 3)):
        edge.answer(number, seq=seq, follows=True)
    assert [token for token, _ in edge.answers] == ["three"]
    follower.replica.seq = 4
    edge.submitter.unpark(ROOM, 4)
    assert [token for token, _ in edge.answers] == ["three", "one"]
    edge.submitter.unpark(ROOM, 9)
    edge.submitter.unpark(ROOM, 9)
    assert [token for token, _ in edge.answers] == ["three", "one", "two"]


def test_an_answer_that_nobody_waits_for_is_dropped(edge: Edge) -> None:
    edge.answer(7, follows=True)
    edge.say("one")
    edge.answer(7, follows=True)
    edge.answer(7)
    assert edge.answers == [] and edge.port.submits.queues[ROOM].parked == {}
    edge.submitter.unpark(GroupId("channel", "#none"), 9)


def test_a_command_without_an_answer_fails_and_is_noted(edge: Edge) -> None:
    edge.say("one")
    edge.port.now += 3.0
    edge.say("two")
    edge.after(edge.port.settings.settle_max_s - 2.5)
    assert edge.answers == [("one", FAILED)] and [event for event, _, _ in edge.port.notes] == ["submit_failed"]
    edge.port.now += 3.0
    edge.submitter.expire()
    assert edge.answers == [("one", FAILED), ("two", FAILED)]
    edge.answer(1)
    assert len(edge.answers) == 2


def test_a_command_that_could_not_be_judged_has_failed(edge: Edge) -> None:
    edge.say("one")
    edge.answer(1, UNJUDGED)
    assert edge.answers == [("one", FAILED)]


def test_a_full_queue_fails_the_next_command_at_once(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ring.submitter.QUEUE", 2)
    edge.say("one", "two")
    edge.say("three", hold=(ROOM, 4))
    assert edge.answers == [("three", FAILED)] and edge.roles.released == [(ROOM, 4)] and len(edge.sent()) == 2


def test_a_group_that_has_stopped_fails_its_commands_with_the_names_of_the_nodes(edge: Edge) -> None:
    edge.say("one")
    edge.port.peers.stopped(ROOM, B)
    edge.submitter.fail_all(ROOM)
    assert edge.answers == [("one", Halted(("n2.test",)))]
    edge.port.replicas.stopped.add(ROOM)
    edge.say("two", hold=(ROOM, 4))
    assert edge.answers[1:] == [("two", Halted(("n2.test",)))] and edge.roles.released == [(ROOM, 4)]
    edge.submitter.fail_all(GroupId("channel", "#none"))


def test_what_caused_a_command_is_acknowledged_once_the_command_has_settled(edge: Edge) -> None:
    edge.say("one", hold=(ROOM, 4))
    edge.answer(1)
    assert edge.answers and edge.roles.released == []
    edge.settling.pop()()
    assert edge.roles.released == [(ROOM, 4)] and edge.roles.settled == []
    edge.port.master(ROOM)
    edge.submitter.release((ROOM, 5))
    assert edge.roles.settled == [ROOM]
    edge.submitter.release(None)
    assert len(edge.roles.released) == 2


def test_a_queue_that_is_held_back_is_looked_at_again_after_a_pause(edge: Edge) -> None:
    edge.say("one")
    edge.sent()
    edge.roles.held_back = True
    edge.submitter.peers_changed()
    assert edge.after(0.0) == []
    edge.roles.held_back = False
    assert edge.after(SUBMIT_REPEAT_S / 2) == []
    assert edge.after(SUBMIT_REPEAT_S / 2) == [(B.key, 1, 1)]


def test_after_a_death_most_queues_are_sent_in_slices(edge: Edge) -> None:
    groups = [GroupId("channel", f"#{number}") for number in range(2 * RESEND_AT_ONCE + 3)]
    for group in groups:
        edge.port.masters_of[group] = B.key
        edge.submitter.submit(group, ["say", "hello"], group, None)
    edge.sent()
    slices: list[Any] = []
    edge.port.in_slices, edge.port.run = slices.append, lambda job: job()
    edge.submitter.peers_changed()
    edge.submitter.tick()
    assert len(edge.sent()) == RESEND_AT_ONCE and len(slices) == 1
    edge.submitter.tick()
    assert len(edge.sent()) == RESEND_AT_ONCE and len(slices) == 1  # the rest waits already
    edge.submitter.resend(groups[-1])  # a word of the group comes before the slices
    assert len(edge.sent()) == 1
    list(slices[0])
    assert len(edge.sent()) == 2
