"""A fork that this node owes is offered until a master has taken the fork in, or for so long (P22, P25)."""

from __future__ import annotations

import pytest

from ring.durations import OWED_KEEP_S, OWED_OFFER_S
from ring.ids import GroupId, Term
from ring.replication.owed import OwedForks
from ring.replication.progress import Master
from ring.replication.replica import Replica
from ring.wire.log import MergedTerm
from ring.wire.replication import MergeOffer
from tests.ring.ports import ROOM, B, C, NotedPort


class Node(NotedPort):
    """Owes a fork of the room, of a term of its own. resent: the groups whose commands were sent again."""

    def __init__(self) -> None:
        super().__init__()
        self.owed = OwedForks(self)
        self.resent: list[GroupId] = []
        self.taken_in: list[Replica] = []
        self.fork = NotedPort().master(ROOM, "here", "alone").replica
        self.owed.add(self.fork)

    def resend(self, group: GroupId) -> None:
        self.resent.append(group)

    def take_in(self, m: Master, theirs: Replica) -> None:
        self.taken_in.append(theirs)

    def passes(self, seconds: float) -> None:
        self.now += seconds
        self.owed.tick()


@pytest.fixture
def node() -> Node:
    return Node()


def test_a_fork_is_offered_to_the_master_again_and_again(node: Node) -> None:
    node.follow(B)
    node.passes(OWED_OFFER_S / 2)
    assert node.taken() == []
    for _ in range(2):
        node.passes(OWED_OFFER_S)
        ((key, offer),) = node.taken()
        assert key == B.key and isinstance(offer, MergeOffer) and offer.snapshot.seq == 2


def test_a_node_that_serves_the_group_takes_the_fork_in_itself(node: Node) -> None:
    m = node.master()
    node.owed.take_in(m)
    node.passes(OWED_OFFER_S)
    assert node.taken_in == [node.fork, node.fork] and node.taken() == []


def test_a_node_that_nobody_can_be_named_for_offers_nothing(node: Node) -> None:
    node.passes(OWED_OFFER_S)
    assert node.taken() == [] and ROOM in node.owed.replicas


def test_the_debt_ends_when_a_master_has_merged_the_fork(node: Node) -> None:
    node.owed.taken(ROOM, Term(7, *C))
    assert ROOM in node.owed.replicas and node.resent == []
    node.owed.taken(ROOM, node.fork.term)
    assert not node.owed.replicas and node.resent == [ROOM], "the commands that the debt held back"


def test_the_debt_ends_when_the_replica_here_has_all_of_the_fork(node: Node) -> None:
    followed = node.follow(B).replica
    node.passes(0.1)
    assert ROOM in node.owed.replicas
    followed.merged[node.fork.term] = MergedTerm(node.fork.term, 2, 0)
    node.passes(0.1)
    assert not node.owed.replicas and node.resent == [ROOM]


def test_the_debt_ends_after_a_while_and_the_log_hears_of_it(node: Node) -> None:
    node.passes(OWED_KEEP_S + 0.1)
    assert not node.owed.replicas and [event for event, _, _ in node.notes] == ["fork_not_merged"]


def test_a_group_owes_one_fork_of_each_term(node: Node) -> None:
    node.owed.add(node.fork)
    assert len(node.owed.replicas[ROOM]) == 1
    other = NotedPort().follow(C, ROOM, "there").replica
    node.owed.add(other)
    assert [owed.replica for owed in node.owed.replicas[ROOM]] == [node.fork, other]
    node.owed.taken(ROOM, node.fork.term)
    assert ROOM in node.owed.replicas and node.resent == []
