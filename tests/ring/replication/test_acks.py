"""Acknowledgements: one message a turn to each master, and never past an event whose cause is not settled (P33)."""

from __future__ import annotations

import pytest

from ring.ids import GroupId
from ring.replication.acks import Acks
from ring.replication.replicas import Follower
from ring.storage.journal import Journal
from ring.wire.replication import Ack
from tests.ring.ports import ME, ROOM, B, C, NotedPort

OTHER = GroupId("channel", "#other")


class Node(NotedPort):
    """Follows a room with three lines."""

    def __init__(self) -> None:
        super().__init__()
        self.acks = Acks(self, Journal(self))
        self.f: Follower = self.follow(B, ROOM, "one", "two", "three")

    def said(self) -> list[tuple[str, list[tuple[str, int, int]]]]:
        """To whom the turn acknowledges which groups: (name, settled up to, held up to)."""
        self.acks.send()
        sent = self.taken()
        assert all(isinstance(message, Ack) for _, message in sent)
        return [(key, [(p[0].name, p[2], p[3]) for p in message.positions]) for key, message in sent]


@pytest.fixture
def node() -> Node:
    return Node()


def test_a_turn_acknowledges_all_groups_of_a_master_in_one_message(node: Node) -> None:
    node.follow(B, OTHER, "x")
    node.follow(C, GroupId("channel", "#third"), "y")
    for group in (ROOM, OTHER, ROOM, GroupId("channel", "#third")):
        node.acks.acknowledge(group)
    assert node.said() == [(B.key, [("#room", 3, 3), ("#other", 1, 1)]), (C.key, [("#third", 1, 1)])]
    assert node.said() == []


def test_nothing_is_acknowledged_past_a_hold_until_all_holds_there_end(node: Node) -> None:
    first, second = node.acks.hold(ROOM), node.acks.hold(ROOM)
    assert first == second == (ROOM, 3)
    node.f.replica.seq = 5
    later = node.acks.hold(ROOM)
    node.acks.acknowledge(ROOM)
    assert node.said() == [(B.key, [("#room", 2, 5)])]
    assert first is not None and later is not None
    node.acks.release(first)
    assert node.said() == [(B.key, [("#room", 2, 5)])], "the second hold is still there"
    node.acks.release(first)
    assert node.said() == [(B.key, [("#room", 4, 5)])]
    node.acks.release(later)
    assert node.said() == [(B.key, [("#room", 5, 5)])]


def test_a_group_that_this_node_does_not_have_needs_no_hold(node: Node) -> None:
    assert node.acks.hold(OTHER) is None


def test_a_dropped_group_is_acknowledged_once_more(node: Node) -> None:
    node.acks.acknowledge(ROOM)
    node.acks.part(node.f)
    del node.replicas.followers[ROOM]
    assert node.said() == [(B.key, [("#room", 3, 3)])] and node.said() == []


def test_the_last_acknowledgement_waits_for_holds(node: Node) -> None:
    hold = node.acks.hold(ROOM)
    assert hold is not None
    node.acks.part(node.f)
    del node.replicas.followers[ROOM]
    assert node.said() == [] and node.acks.is_parting(ROOM)
    node.acks.release(hold)
    assert node.said() == [(B.key, [("#room", 3, 3)])] and not node.acks.is_parting(ROOM)


def test_who_follows_the_group_again_meanwhile_sends_no_last_acknowledgement(node: Node) -> None:
    hold = node.acks.hold(ROOM)
    assert hold is not None
    node.acks.part(node.f)
    node.follow(C, ROOM, "one")
    node.acks.release(hold)
    assert node.said() == [(C.key, [("#room", 1, 1)])]


def test_a_stopped_group_is_acknowledged_no_more(node: Node) -> None:
    """P43."""
    hold = node.acks.hold(ROOM)
    assert hold is not None
    node.acks.part(node.f)
    node.acks.acknowledge(ROOM)
    node.acks.abandon(ROOM)
    assert node.said() == [] and not node.acks.is_parting(ROOM)


def test_a_group_that_this_node_is_about_to_serve_is_acknowledged_to_nobody(node: Node) -> None:
    node.f.master = ME.key
    node.acks.acknowledge(ROOM)
    assert node.said() == []
