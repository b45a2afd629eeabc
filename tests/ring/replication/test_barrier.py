"""A barrier ends once all earlier commands are applied on every live node that shows the group (P33, P34)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ring.durations import BARRIER_REPEAT_S
from ring.ids import GroupId, Incarnation, Term
from ring.replication.barrier import Barriers
from ring.replication.progress import Progress
from ring.replication.replica import Replica
from ring.submit import Answered
from ring.wire.group import Barrier, Settled
from tests.ring.ports import ROOM, B, C, NotedPort

OTHER = GroupId("channel", "#other")


class Node(NotedPort):
    """An edge with submitted commands. settled_here: the part of the room's log settled by this node."""

    def __init__(self) -> None:
        super().__init__()
        self.barriers = Barriers(self)
        self.done: list[str] = []
        self.settled_here = 10**9

    def after_catch_up(self, job: Callable[[], None]) -> None:
        job()

    def held_to(self, replica: Replica) -> int:
        return min(replica.seq, self.settled_here)

    def submit(self, group: GroupId, times: int = 1) -> None:
        for _ in range(times):
            self.submits.add(group, ["say", "x"], None, self.now, None)

    def settle(self, name: str, *groups: GroupId) -> None:
        self.barriers.settle(groups, lambda: self.done.append(name))

    def followed_by(self, node: Incarnation, acked: int, *, sits: bool = True) -> Progress:
        made = Progress(node, acked, confirmed=True, probe_at=0.0, since=0.0)
        made.sits = sits
        self.replicas.masters[ROOM].followers[node.key] = made
        return made


@pytest.fixture
def node() -> Node:
    return Node()


# The edge -------------------------------------------------------------------------------------------------------------


def test_an_edge_that_has_submitted_nothing_waits_for_nothing(node: Node) -> None:
    node.settle("at once", ROOM, OTHER)
    assert node.done == ["at once"] and node.taken() == []


def test_an_edge_waits_for_every_group_up_to_its_last_number(node: Node) -> None:
    node.masters_of = {ROOM: B.key, OTHER: C.key}
    node.submit(ROOM, 3)
    node.submit(OTHER)
    node.settle("both", ROOM, OTHER)
    assert node.taken() == [(B.key, Barrier(ROOM, 3, 1)), (C.key, Barrier(OTHER, 4, 4))]
    node.barriers.on_settled(B, Settled(ROOM, 2))
    node.barriers.on_settled(C, Settled(OTHER, 4))
    assert node.done == []
    node.barriers.on_settled(B, Settled(ROOM, 3))
    node.barriers.on_settled(B, Settled(ROOM, 3))
    assert node.done == ["both"] and not node.barriers.waiters


def test_a_request_is_repeated_and_goes_to_a_new_master_at_once(node: Node) -> None:
    node.masters_of = {ROOM: B.key}
    node.submit(ROOM)
    node.settle("one", ROOM)
    node.taken()
    node.barriers.tick()
    assert node.taken() == [(B.key, Barrier(ROOM, 1, 1))]
    node.barriers.tick()
    assert node.taken() == []
    node.now += BARRIER_REPEAT_S
    node.barriers.tick()
    assert node.taken() == [(B.key, Barrier(ROOM, 1, 1))]
    node.masters_of[ROOM] = C.key
    node.barriers.master_known(ROOM)
    assert node.taken() == [(C.key, Barrier(ROOM, 1, 1))]


def test_after_a_partition_the_master_that_answered_knows_what_has_settled(node: Node) -> None:
    """P25: the other side's master lacks the line, and would say at once that all has settled."""
    node.masters_of = {ROOM: B.key}
    node.submit(ROOM)
    node.submits.take(ROOM, 1)
    node.submits.answered(ROOM, Answered(B, Term(1, *B), 5))
    node.masters_of[ROOM] = C.key
    node.settle("one", ROOM)
    assert node.taken() == [(B.key, Barrier(ROOM, 1, 2))]
    node.submits.yielded(ROOM, B)
    node.barriers.master_known(ROOM)
    assert node.taken() == [(C.key, Barrier(ROOM, 1, 2))]


def test_a_wait_has_an_end(node: Node) -> None:
    """P34: a PONG is bounded."""
    node.masters_of = {ROOM: B.key}
    node.submit(ROOM)
    node.settle("late", ROOM)
    node.now += node.settings.settle_max_s + 0.1
    node.barriers.tick()
    assert node.done == ["late"] and node.notes == [("settle_failed", ROOM, {"groups": 1})]
    node.barriers.on_settled(B, Settled(ROOM, 1))
    assert node.done == ["late"] and not node.barriers.waiters


def test_a_stopped_group_is_waited_for_no_longer(node: Node) -> None:
    """P43."""
    node.masters_of = {ROOM: B.key, OTHER: C.key}
    node.submit(ROOM)
    node.submit(OTHER)
    node.settle("both", ROOM, OTHER)
    node.barriers.let_go(ROOM)
    assert node.done == []
    node.barriers.on_settled(C, Settled(OTHER, 2))
    assert node.done == ["both"]


def test_a_group_that_was_forgotten_empty_has_settled(node: Node) -> None:
    node.submit(ROOM)
    node.submits.take(ROOM, 1)
    node.settle("one", ROOM)
    assert node.done == ["one"]


# The master -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def master(node: Node) -> Node:
    """The node masters the room, which has three lines; the nodes are followers with members."""
    node.master(ROOM, "one", "two", "three")
    return node


def test_a_barrier_is_answered_once_each_live_follower_has_all(master: Node) -> None:
    late, soon = master.followed_by(B, 1), master.followed_by(C, 3)
    master.barriers.on_barrier(C, Barrier(ROOM, 0, 0))
    assert master.taken() == []
    late.acked = 2
    master.barriers.advance(master.replicas.masters[ROOM])
    assert master.taken() == [] and soon.acked == 3
    late.acked = 3
    master.barriers.advance(master.replicas.masters[ROOM])
    assert master.taken() == [(C.key, Settled(ROOM, 0))]


def test_who_is_dead_of_another_life_or_without_members_is_not_waited_for(master: Node) -> None:
    master.followed_by(C, 0, sits=False)
    master.followed_by(B, 0)
    m = master.replicas.masters[ROOM]
    assert master.barriers.settled_to(m) == 0
    master.peers.died(B.key, master.now)
    assert master.barriers.settled_to(m) == 3
    master.followed_by(C, 1).edge = Incarnation(C.key, 2)
    assert master.barriers.settled_to(m) == 3


def test_a_watcher_that_has_not_seen_the_view_and_this_node_itself_are_waited_for(master: Node) -> None:
    m = master.replicas.masters[ROOM]
    m.unseen = {B: (3, 0.0)}
    assert master.barriers.settled_to(m) == 2
    master.settled_here = 1
    assert master.barriers.settled_to(m) == 1


def test_a_barrier_whose_command_has_not_come_is_dropped(master: Node) -> None:
    """The edge asks again."""
    master.barriers.on_barrier(C, Barrier(ROOM, 1, 1))
    assert master.taken() == [] and not master.replicas.masters[ROOM].barriers
    master.barriers.on_barrier(C, Barrier(ROOM, 1, 2))
    assert master.taken() == [(C.key, Settled(ROOM, 1))], "the edge has that command's answer"


def test_a_barrier_of_this_node_itself_needs_no_message(master: Node) -> None:
    master.submit(ROOM)
    master.submits.take(ROOM, 1)
    master.settle("own", ROOM)
    assert master.done == ["own"] and master.taken() == []


def test_a_barrier_for_another_nodes_group_is_parked(node: Node) -> None:
    node.barriers.on_barrier(C, Barrier(OTHER, 1, 1))
    assert node.parked == [(OTHER, C, Barrier(OTHER, 1, 1))] and not node.taken()
