"""Messages unreadable for this build hold nobody up; a log that stays unreadable stops its group here alone (P42)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ring.durations import UNREADABLE_NOTE_S, UNREADABLE_TRIES_S
from ring.ids import NO_TERM, GroupId, Incarnation, Term
from ring.replication.application import UNJUDGED
from ring.unreadable import KEPT, TRIES, UnreadableMessages, What
from ring.wire.codec import encode
from ring.wire.group import Answer, Question, Submit
from ring.wire.log import raw
from ring.wire.messages import Message
from ring.wire.node import Ask, Reply
from ring.wire.replication import Publish
from tests.ring.ports import ME, ROOM, B, C, NotedPort

ONE = msgspec.Raw(b"\x01")
LATER: list[Any] = [200, [ROOM.kind, ROOM.name], 1]
"""A message with a tag of a later build."""


def publish(group: GroupId = ROOM) -> Publish:
    return Publish(group, Term(1, *B), 1, [])


def spoiled(message: Message) -> list[Any]:
    """Return a message as lists, with an unreadable last field."""
    decoded: list[Any] = msgspec.msgpack.decode(encode([message]))[0]
    return [*decoded[:-1], "what is this?"]


@pytest.fixture
def port() -> NotedPort:
    return NotedPort()


@pytest.fixture
def messages(port: NotedPort) -> UnreadableMessages:
    return UnreadableMessages(port)


def test_what_can_be_read_of_a_list_is_read(port: NotedPort, messages: UnreadableMessages) -> None:
    good = Ask(1, ONE)
    payload = msgspec.msgpack.encode([LATER, msgspec.Raw(encode([good])[1:]), spoiled(publish()), "noise"])
    (read,) = messages.payload(B, payload)
    assert isinstance(read, Ask) and read.id == 1
    assert port.counters["unreadable"] == 3
    assert [(event, group, facts["message"]) for event, group, facts in port.notes] == [
        ("unreadable", ROOM, "message 200"),
        ("unreadable", ROOM, "Publish"),
        ("unreadable", None, "message"),
    ]
    assert messages.payload(B, b"\xc1") == [] and port.counters["unreadable"] == 4


def test_one_peer_and_kind_are_noted_once_a_minute_with_the_number(
    port: NotedPort, messages: UnreadableMessages
) -> None:
    payload = msgspec.msgpack.encode([LATER])
    for _ in range(5):
        messages.payload(B, payload)
    messages.payload(C, payload)
    port.now += UNREADABLE_NOTE_S
    messages.payload(B, payload)
    assert [(facts["peer"], facts["times"]) for _, _, facts in port.notes] == [(B.key, 1), (C.key, 1), (B.key, 5)]
    count = messages.counts[What(B.key, "message 200 of a channel")]
    assert (count.total, count.at) == (6, port.now)


def test_what_is_remembered_is_bounded(port: NotedPort, messages: UnreadableMessages) -> None:
    for tag in range(1000, 1000 + 2 * KEPT):
        messages.payload(B, msgspec.msgpack.encode([[tag, [ROOM.kind, ROOM.name], 1]]))
    assert len(messages.counts) == KEPT and port.counters["unreadable"] == 2 * KEPT
    for number in range(2 * KEPT):
        messages.payload(B, msgspec.msgpack.encode([spoiled(publish(GroupId("channel", f"#{number}")))]))
    assert len(messages._tries) <= KEPT


def test_a_command_that_the_master_cannot_read_is_answered_as_failed(
    port: NotedPort, messages: UnreadableMessages
) -> None:
    submit = Submit(ROOM, 7, 7, ONE)
    messages.message(B, submit, ROOM)
    m = port.master(ROOM, "one")
    messages.message(B, submit, ROOM)
    assert port.taken() == [
        (B.key, Answer(ROOM, 7, NO_TERM, 0, port.now_ms, False, raw(UNJUDGED))),
        (B.key, Answer(ROOM, 7, m.replica.term, 1, m.replica.at, False, raw(UNJUDGED))),
    ]
    port.peers.level = 0  # such a build cannot read the answer
    messages.message(B, submit, ROOM)
    assert port.taken() == []


def test_a_question_that_cannot_be_read_is_answered_as_silence(port: NotedPort, messages: UnreadableMessages) -> None:
    messages.message(B, Question(ROOM, 7, ONE), ROOM)
    assert port.taken() == [(B.key, Reply(7, raw(None)))]
    messages.message(B, Ask(8, ONE), None)
    assert port.taken() == []  # rpc.py has answered


def unread(messages: UnreadableMessages, sender: Incarnation = B) -> None:
    messages.message(sender, publish(), ROOM)


def test_the_group_stops_when_the_same_part_stays_unreadable_for_a_while(
    port: NotedPort, messages: UnreadableMessages
) -> None:
    port.follow(B, ROOM, "one")
    for _ in range(2 * TRIES):  # often, and all in a moment
        unread(messages)
    assert port.stopped == []
    port.now += UNREADABLE_TRIES_S
    unread(messages)
    assert port.stopped == [(B.key, ROOM)]


def test_a_part_that_is_read_in_the_end_stops_nothing(port: NotedPort, messages: UnreadableMessages) -> None:
    follower = port.follow(B, ROOM, "one")
    for _ in range(3 * TRIES):
        unread(messages)
        port.now += UNREADABLE_TRIES_S
        follower.replica.seq += 1  # the repeat was readable: the next part is another
    assert port.stopped == []


def test_a_part_from_a_node_that_is_not_followed_stops_nothing(port: NotedPort, messages: UnreadableMessages) -> None:
    port.follow(B, ROOM, "one")
    for _ in range(3 * TRIES):
        unread(messages, C)
        port.now += UNREADABLE_TRIES_S
    assert port.stopped == []


def test_a_group_that_is_new_here_stops_too(port: NotedPort, messages: UnreadableMessages) -> None:
    for _ in range(TRIES):
        unread(messages, C)
        port.now += UNREADABLE_TRIES_S
    assert port.stopped == [(C.key, ROOM)]


def test_a_kind_of_group_that_this_build_does_not_know_is_said_at_once(
    port: NotedPort, messages: UnreadableMessages
) -> None:
    strange = GroupId("orchestra", "one")
    messages.message(B, publish(strange), strange)
    assert port.stopped == [(B.key, strange)] and port.me == ME
