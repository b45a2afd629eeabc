"""Messages that wait for a slice: in the order of the sender, in short lists, and never without bound."""

from __future__ import annotations

import pytest

from ring import late
from ring.ids import NO_TERM, GroupId, Incarnation
from ring.late import AT_ONCE, LIGHT, PART, STEP, LateMessages, parts
from ring.wire.messages import Message
from ring.wire.node import PingRequest
from ring.wire.replication import Ack, Held, MergeOffer, Prepare, Promise
from ring.work import Work
from tests.ring.replication.test_router import snapshot

A, B = Incarnation("127.0.0.1", 1), Incarnation("127.0.0.2", 1)
GROUPS = [GroupId("channel", f"#{number}") for number in range(2 * PART + 3)]


def messages(count: int) -> list[Message]:
    return [PingRequest(Incarnation("x", number)) for number in range(count)]


class Node:
    def __init__(self) -> None:
        self.work = Work()
        self.handled: list[tuple[Incarnation, Message]] = []
        self.late = LateMessages(lambda sender, message: self.handled.append((sender, message)), self.work.add)


@pytest.mark.parametrize(
    "whole",
    [
        Prepare([(group, NO_TERM) for group in GROUPS]),
        Promise([Held(group, "", (), 0) for group in GROUPS]),
        Ack([(group, NO_TERM, 1, 1) for group in GROUPS]),
    ],
)
def test_a_long_list_is_cut_and_nothing_is_left_out(whole: Message) -> None:
    cut = parts(whole)
    (name,) = whole.__struct_fields__
    assert [len(getattr(part, name)) for part in cut] == [PART, PART, 3]
    assert [one for part in cut for one in getattr(part, name)] == getattr(whole, name)
    assert {type(part) for part in cut} == {type(whole)}


def test_a_turn_s_share_is_handled_at_once() -> None:
    node = Node()
    assert node.late.take(A, messages(AT_ONCE)) == messages(AT_ONCE)
    assert not node.work.waits


def test_replicas_are_more_work_than_other_messages() -> None:
    offer = MergeOffer(GROUPS[0], snapshot(NO_TERM))
    for count, at_once in ((LIGHT, True), (LIGHT + 1, False)):
        node = Node()
        offers: list[Message] = [offer] * count
        assert node.late.take(A, offers) == (offers if at_once else [])
        assert node.work.waits is not at_once


def test_more_waits_in_order_and_later_messages_do_not_overtake() -> None:
    node = Node()
    many = messages(AT_ONCE + 1)
    assert node.late.take(A, many) == []
    assert node.late.take(A, messages(1)) == []  # a later payload of the same sender
    assert node.late.take(B, messages(1)) == messages(1)  # another sender does not wait
    node.work.go_on(2)
    assert node.handled == [(A, message) for message in many[: 2 * STEP]]
    node.work.go_on(10_000)
    assert node.handled == [(A, message) for message in [*many, *messages(1)]]
    assert node.late.take(A, messages(1)) == messages(1)  # nothing waits any more


def test_a_list_with_the_groups_of_a_takeover_waits_though_it_is_one_message() -> None:
    node = Node()
    few, many = (Ack([(GROUPS[0], NO_TERM, seq, seq) for seq in range(count)]) for count in (PART, 20 * PART))
    assert node.late.take(A, [few]) == [few]
    assert node.late.take(A, [many]) == []
    node.work.go_on(3)
    assert len(node.handled) == 3


def test_what_waits_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(late, "WAITING", 2 * AT_ONCE)
    node = Node()
    sent = [*messages(AT_ONCE + 1), *messages(AT_ONCE + 1)]
    assert node.late.take(A, messages(AT_ONCE + 1)) == [] and node.handled == []
    assert node.late.take(A, messages(AT_ONCE + 1)) == []
    assert node.handled == [(A, message) for message in sent]
    node.work.go_on(10)
    assert node.late.take(A, messages(1)) == messages(1)
