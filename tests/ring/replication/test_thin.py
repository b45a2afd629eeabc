"""A holder of account groups with too few nodes says so, until the lack is over (P37)."""

from __future__ import annotations

import pytest

from ring.durations import THIN_SAY_S
from ring.replication.thin import ThinGroups
from ring.storage.journal import Journal
from ring.wire.node import Records
from tests.ring.ports import ME, ROOM, B, C, NotedPort
from tests.ring.toy import ToyKind


class Node(NotedPort):
    """Masters a room, confirmed on disks."""

    def __init__(self) -> None:
        super().__init__()
        journal = Journal(self)
        journal.on = True
        self.journal = journal
        self.thin = ThinGroups(self, journal)
        self.replica = self.master(ROOM, "kept").replica
        self.replica.kind = ToyKind("confirmed")
        self.replica.members = (ME.key,)

    def said(self) -> list[tuple[str, bool | None]]:
        """Return (receiver, message) of the node's words."""
        return [(key, message.thin) for key, message in self.taken() if isinstance(message, Records)]


@pytest.fixture
def node() -> Node:
    return Node()


def test_a_group_is_thin_if_fewer_nodes_than_wanted_hold_something_to_keep(node: Node) -> None:
    assert node.thin.is_so()
    node.replica.members = (ME.key, B.key)
    assert not node.thin.is_so()


@pytest.mark.parametrize("why", ["nothing to keep", "not confirmed", "no store", "only followed"])
def test_other_groups_are_not_thin(node: Node, why: str) -> None:
    if why == "nothing to keep":
        node.replica.state.said.clear()
    elif why == "not confirmed":
        node.replica.kind = ToyKind("written")
    elif why == "no store":
        node.journal.on = False
    else:
        del node.replicas.masters[ROOM]
        node.follow(B, ROOM, "kept").replica.kind = ToyKind("confirmed")
    assert not node.thin.is_so()


def test_a_new_link_hears_first_and_all_hear_again_until_it_is_over(node: Node) -> None:
    node.thin.linked(B.key)
    assert node.said() == [(B.key, True)]
    node.thin.tick()
    assert node.said() == [(B.key, True), (C.key, True)]
    node.thin.tick()
    assert node.said() == []
    node.now += THIN_SAY_S
    node.replica.members = (ME.key, B.key)
    node.thin.tick()
    assert node.said() == [(B.key, False), (C.key, False)]
    node.now += THIN_SAY_S
    node.thin.tick()
    assert node.said() == []


def test_a_node_without_thin_groups_says_so_to_a_new_link_alone(node: Node) -> None:
    """The other node may remember the word of an earlier life."""
    node.replica.members = (ME.key, B.key)
    node.thin.linked(C.key)
    node.now += THIN_SAY_S
    node.thin.tick()
    assert node.said() == [(C.key, False)]


def test_what_others_say_is_remembered(node: Node) -> None:
    node.thin.heard(B, True)
    assert node.peers.thin == {B.key}
    node.thin.heard(B, False)
    assert not node.peers.thin
