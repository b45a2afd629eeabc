"""What silent nodes may hold of a group decides whether a recovery waits (P14, P36, P37)."""

from __future__ import annotations

import pytest

from ring.ids import Term
from ring.replication.replicas import Recovery
from ring.replication.silent import SilentNodes, describe
from ring.wire.replication import Held
from tests.ring.ports import ME, ROOM, B, C
from tests.ring.replication.stages import RecoveryStage

LOST = "127.0.0.8"


class Stage(RecoveryStage):
    """B has replied with a replica, or with nothing; C too, with nothing. cold: the replica comes from a disk."""

    def __init__(self, *, confirmed: bool = True, members: tuple[str, ...] = (), cold: bool = True) -> None:
        super().__init__(held=False, confirmed=confirmed)
        self.silent = SilentNodes(self, self.journal)
        self.r = Recovery((), self.now, self.now)
        lineage = ((Term(1, *B), 1),) if members else ()
        self.r.held = {
            B.key: Held(ROOM, "copy", lineage, 3, 1, cold=cold, members=members),
            C.key: Held(ROOM, "", (), 0),
        }

    @property
    def waits(self) -> bool:
        return self.silent.may_have_more(ROOM, self.r, None)


@pytest.mark.parametrize(
    ("members", "cold", "waits"),
    [
        ((B.key, LOST), True, True),
        ((B.key, LOST), False, False),
        ((B.key, C.key), True, False),
        ((B.key, ME.key), True, False),
        ((C.key, LOST), False, True),
    ],
    ids=["one of two disks", "one that lived on", "both disks", "this node is one", "a member is to be heard"],
)
def test_of_the_newest_set_one_member_is_heard_or_all_if_all_come_from_disks(
    members: tuple[str, ...], cold: bool, waits: bool
) -> None:
    assert Stage(members=members, cold=cold).waits is waits


def test_only_the_newest_set_counts() -> None:
    stage = Stage(members=(B.key, LOST))
    stage.r.held[C.key] = Held(ROOM, "copy", ((Term(1, *B), 1),), 5, 2, cold=True, members=(C.key,))
    assert not stage.waits


def test_a_member_to_be_counts_too() -> None:
    stage = Stage(members=(B.key,))
    stage.r.held[B.key] = Held(ROOM, "copy", ((Term(1, *B), 1),), 3, 1, cold=True, members=(B.key,), coming=(LOST,))
    assert stage.waits
    stage.peers.given_up[LOST] = 1
    assert not stage.waits


def test_a_group_in_memory_alone_waits_for_nobody_but_for_the_network_itself() -> None:
    stage = Stage(confirmed=False, members=(B.key, LOST))
    assert not stage.waits
    stage.has_met = False
    assert not stage.waits, "there is a replica"
    alone = Stage(confirmed=False)
    assert not alone.waits
    alone.has_met = False
    assert alone.waits, "a node that does not know its network would think itself alone"


def test_a_group_that_has_stopped_where_it_was_exists() -> None:
    """P43: an empty start would split the group."""
    stage = Stage(confirmed=False)
    stage.r.stopped = True
    assert stage.waits


def test_where_nobody_has_the_group_all_its_replicas_may_be_on_silent_nodes() -> None:
    """P37: as many nodes are missing as hold a group, or too few are here, or a silent node has said that sets are
    thin."""
    stage = Stage()
    assert not stage.waits
    stage.peers.died(C.key, stage.now)
    del stage.r.held[C.key]
    assert not stage.waits, "one of three is silent, and two hold each group"
    stage.peers.thin.add(C.key)
    assert stage.waits
    stage.peers.thin.clear()
    stage.peers.level = 0
    assert stage.waits, "builds of level 0 do not say that sets are thin"


def test_a_reply_says_all_that_a_recovery_has_to_know() -> None:
    replica = RecoveryStage("one", "two").replicas.followers[ROOM].replica
    replica.members, replica.epoch, replica.promised, replica.is_cold = (B.key, C.key), 4, Term(9, *C), True
    assert describe(replica, "copy") == Held(
        ROOM, "copy", replica.lineage, 2, 4, Term(9, *C), cold=True, members=(B.key, C.key), coming=()
    )
