"""After a stop nothing is called settled before each master has answered, or for settle_max_s at most (P20)."""

from __future__ import annotations

import pytest

from ring.durations import RETURN_ASK_S
from ring.ids import GroupId
from ring.replication.replicas import Follower
from ring.replication.returning import CatchUp
from tests.ring.ports import ME, ROOM, B, C, NotedPort

OTHER, UNSEEN = GroupId("channel", "#other"), GroupId("channel", "#unseen")


class Node(NotedPort):
    """Follows two rooms with members here, and one without. asked: the groups whose masters were asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[GroupId] = []
        self.catch_up = CatchUp(self)
        self.done: list[str] = []
        for master, group in ((B, ROOM), (C, OTHER), (B, UNSEEN)):
            self.follow(master, group)
            if group != UNSEEN:
                self.replicas.followers[group].replica.state.subscribers[ME] = 1

    def resync(self, follower: Follower) -> None:
        self.asked.append(follower.replica.group)


@pytest.fixture
def node() -> Node:
    return Node()


def test_a_node_that_was_not_stopped_waits_for_nothing(node: Node) -> None:
    node.catch_up.settle_after(lambda: node.done.append("at once"))
    assert node.done == ["at once"] and node.asked == []


def test_barriers_wait_until_each_master_has_answered(node: Node) -> None:
    node.catch_up.begin()
    assert node.asked == [ROOM, OTHER], "nobody here sees the third room"
    node.catch_up.settle_after(lambda: node.done.append("one"))
    node.catch_up.settle_after(lambda: node.done.append("two"))
    node.catch_up.caught_up(ROOM)
    node.catch_up.caught_up(ROOM)
    node.catch_up.caught_up(UNSEEN)
    assert node.done == []
    node.catch_up.caught_up(OTHER)
    assert node.done == ["one", "two"] and not node.catch_up.lacking


def test_masters_that_do_not_answer_are_asked_again(node: Node) -> None:
    node.catch_up.begin()
    node.catch_up.caught_up(OTHER)
    node.now += RETURN_ASK_S / 2
    node.catch_up.tick()
    assert node.asked == [ROOM, OTHER]
    node.now += RETURN_ASK_S / 2
    node.catch_up.tick()
    assert node.asked == [ROOM, OTHER, ROOM]


def test_the_wait_has_an_end_and_the_log_hears_of_it(node: Node) -> None:
    node.catch_up.begin()
    node.catch_up.settle_after(lambda: node.done.append("late"))
    node.now += node.settings.settle_max_s
    node.catch_up.tick()
    assert node.done == ["late"] and node.notes == [("catch_up_failed", ROOM, {"groups": 2})]
    node.catch_up.tick()
    assert len(node.notes) == 1


def test_a_group_without_a_follower_is_not_asked_about_again(node: Node) -> None:
    node.catch_up.begin()
    del node.replicas.followers[ROOM]
    node.now += RETURN_ASK_S
    node.catch_up.tick()
    assert node.asked == [ROOM, OTHER, OTHER]
