"""Questions to a group's master and to nodes: answered once, whichever messages are lost, and ended in bounded time."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ring.durations import QUESTION_GIVE_UP_S, QUESTION_REPEAT_S
from ring.ids import Incarnation
from ring.replication.application import Later
from ring.rpc import Rpc
from ring.wire.group import Question
from ring.wire.log import raw
from ring.wire.node import Ask, Reply
from tests.ring.ports import ME, ROOM, B, C, NotedPort
from tests.ring.toy import ToyState

FIRST = ME.first_number + 1
"""The number of this life's first question."""


class Asking:
    """A node's questions and the answers."""

    def __init__(self) -> None:
        self.port = NotedPort()
        self.rpc = Rpc(self.port)
        self.answers: list[Any] = []

    def after(self, seconds: float) -> list[Any]:
        """Return the messages of the tick after so many seconds."""
        self.port.now += seconds
        self.rpc.tick()
        return self.port.taken()

    def reply(self, number: int, body: Any, sender: Incarnation = B) -> None:
        self.rpc.on_reply(sender, Reply(number, msgspec.Raw(msgspec.msgpack.encode(body))))


@pytest.fixture
def asking() -> Asking:
    return Asking()


def test_a_group_that_is_shown_here_is_asked_here(asking: Asking) -> None:
    asking.port.follow(B, ROOM, "one", "two")
    asking.rpc.ask_group(ROOM, "how many?", asking.answers.append)
    assert asking.answers == [["said", 2]] and asking.port.sent == [] and asking.rpc.open == {}


def test_another_nodes_group_is_asked_until_the_answer_comes(asking: Asking) -> None:
    asking.port.masters_of[ROOM] = B.key
    asking.rpc.ask_group(ROOM, "how many?", asking.answers.append)
    question = (B.key, Question(ROOM, FIRST, raw("how many?")))
    assert asking.port.taken() == [question]
    assert asking.after(QUESTION_REPEAT_S / 2) == [] and asking.after(QUESTION_REPEAT_S / 2) == [question]
    asking.reply(FIRST, ["said", 7])
    asking.reply(FIRST, ["said", 8])  # to the repeat
    assert asking.answers == [["said", 7]] and asking.after(QUESTION_REPEAT_S) == []


def test_a_group_without_a_known_master_is_looked_for_and_asked_once_found(asking: Asking) -> None:
    asking.rpc.ask_group(ROOM, "how many?", asking.answers.append)
    assert asking.port.sought == [(ROOM, True)] and asking.port.sent == []
    asking.port.masters_of[ROOM] = C.key
    asking.rpc.master_known(ROOM)
    assert [key for key, _ in asking.port.taken()] == [C.key]
    asking.port.now += 1.0
    asking.rpc.master_known(ROOM)
    assert [key for key, _ in asking.port.taken()] == [C.key]
    asking.port.now += 0.01
    asking.rpc.master_known(ROOM)  # many say so: the question was sent a moment ago
    assert asking.port.taken() == []
    asking.port.master(ROOM, "one")
    asking.rpc.master_known(ROOM)
    assert asking.answers == [["said", 1]] and asking.rpc.open == {}


def test_a_question_that_nobody_answers_ends_with_none(asking: Asking) -> None:
    asking.port.masters_of[ROOM] = B.key
    asking.rpc.ask_group(ROOM, "how many?", asking.answers.append)
    asking.rpc.ask_node(C.key, "ping", asking.answers.append)
    sent = 0
    while asking.rpc.open:
        sent += len(asking.after(QUESTION_REPEAT_S))
    assert asking.answers == [None, None] and asking.port.now - 1000.0 <= QUESTION_GIVE_UP_S + QUESTION_REPEAT_S
    assert sent == 2 + 2 * QUESTION_GIVE_UP_S / QUESTION_REPEAT_S
    asking.reply(FIRST, ["said", 7])
    assert len(asking.answers) == 2


def test_a_question_to_a_node_that_dies_ends_at_once(asking: Asking) -> None:
    asking.rpc.ask_node(C.key, "ping", asking.answers.append)
    asking.port.peers.died(C.key, asking.port.now)
    asking.after(0.1)
    assert asking.answers == [None]


def test_this_node_answers_itself(asking: Asking) -> None:
    asking.rpc.ask_node(ME.key, "ping", asking.answers.append)
    assert asking.answers == [["pong", "ping"]] and asking.port.sent == []


def test_open_questions_are_bounded(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ring.rpc.OPEN", 2)
    for _ in range(3):
        asking.rpc.ask_node(B.key, "ping", asking.answers.append)
    assert asking.answers == [None] and len(asking.port.taken()) == 2


class Late(msgspec.Struct, array_like=True, tag=99):
    """A question of a later level."""

    SINCE = 10**6


def test_a_question_that_the_network_cannot_read_is_not_sent(asking: Asking) -> None:
    asking.port.masters_of[ROOM] = B.key
    asking.rpc.ask_group(ROOM, Late(), asking.answers.append)
    asking.rpc.ask_node(B.key, Late(), asking.answers.append)
    assert asking.answers == [None, None] and asking.port.sent == []


# The other side -------------------------------------------------------------------------------------------------------


def body(value: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.msgpack.encode(value))


def test_the_master_answers_and_another_node_keeps_the_question_until_the_master_is_known(asking: Asking) -> None:
    question = Question(ROOM, 5, body("how many?"))
    asking.rpc.on_question(B, question)
    assert asking.port.parked == [(ROOM, B, question)] and asking.port.sent == []
    asking.port.master(ROOM, "one")
    asking.rpc.on_question(B, question)
    assert asking.port.taken() == [(B.key, Reply(5, raw(["said", 1])))]


def test_a_question_under_way_is_not_begun_again(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    later, begun = Later(), []
    monkeypatch.setattr(asking.port.app, "asked", lambda node, asked: begun.append((node, asked)) or later)
    asking.rpc.on_ask(B, Ask(5, body("slow")))
    asking.rpc.on_ask(B, Ask(5, body("slow")))
    assert begun == [(B, "slow")] and asking.port.sent == []
    later.answer("at last")
    assert asking.port.taken() == [(B.key, Reply(5, raw("at last")))] and asking.rpc.working == set()
    asking.rpc.on_ask(B, Ask(5, body("slow")))  # the reply was lost
    assert asking.port.taken() == [(B.key, Reply(5, raw("at last")))]


def test_a_mistake_in_an_answer_is_noted_and_answered_as_silence(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise KeyError("a mistake")

    monkeypatch.setattr(ToyState, "answer", broken)
    monkeypatch.setattr(asking.port.app, "asked", broken)
    asking.port.master(ROOM, "one")
    asking.rpc.on_question(B, Question(ROOM, 5, body("how many?")))
    asking.rpc.on_ask(B, Ask(6, body("ping")))
    assert asking.port.taken() == [(B.key, Reply(5, raw(None))), (B.key, Reply(6, raw(None)))]
    assert [(where, group) for where, group, _ in asking.port.bugs] == [("answer", ROOM), ("asked", None)]


def test_a_question_that_cannot_be_read_is_answered_with_none(asking: Asking) -> None:
    with pytest.raises(msgspec.MsgspecError):
        asking.rpc.on_ask(B, Ask(5, msgspec.Raw(b"\xc1")))
    assert asking.port.taken() == [(B.key, Reply(5, raw(None)))] and asking.rpc.working == set()


def test_a_reply_that_cannot_be_read_leaves_the_question_open(asking: Asking) -> None:
    asking.rpc.ask_node(B.key, "ping", asking.answers.append)
    with pytest.raises(msgspec.MsgspecError):
        asking.rpc.on_reply(B, Reply(FIRST, msgspec.Raw(b"\xc1")))
    asking.reply(FIRST, None)
    assert asking.answers == [None] and asking.rpc.open == {}


def test_a_late_reply_to_an_earlier_life_answers_no_question_of_this_life(asking: Asking) -> None:
    """Found by seed 98100047 of accounts: the reply waited on the other node for a link, and came over the new link."""
    before = NotedPort()
    before.me = Incarnation(ME.key, ME.number - 1)
    earlier, lost = Rpc(before), []
    earlier.ask_node(B.key, "ping", lost.append)
    asking.rpc.ask_node(B.key, "pong", asking.answers.append)
    for number in earlier.open:
        asking.reply(number, "an answer to ping")
    assert asking.answers == [] and len(asking.rpc.open) == 1
