"""A fork is offered to the new master until the merge is in the replica that this node follows, or given up (P22)."""

from __future__ import annotations

import pytest

from ring.durations import FORK_GIVE_UP_S, FORK_OFFER_S, FORK_PATIENCE_S
from ring.ids import Term
from ring.replication.forks import Forks
from ring.replication.owed import OwedForks
from ring.replication.replicas import Follower
from ring.wire.replication import MergeDone, MergeOffer
from tests.ring.ports import ME, ROOM, B, NotedPort
from tests.ring.replication.stages import FollowerStage


class Stage(FollowerStage):
    """The node mastered the room until now, with two lines, and follows B. resynced: how often B was asked."""

    def __init__(self) -> None:
        super().__init__(B, "one", "two")
        self.owed = OwedForks(self)
        self.forks = Forks(self, self.owed, self.followed)
        self.resynced = 0
        self.f.replica.follow_lineage(((Term(1, *ME), 1),))

    def resync(self, follower: Follower) -> None:
        self.resynced += 1

    def offers(self) -> int:
        """How often the fork was offered to B since the last call."""
        sent, self.out = self.out, {}
        assert all(key == B.key for key in sent)
        return sum(isinstance(message, MergeOffer) for messages in sent.values() for message in messages)

    def passes(self, seconds: float) -> None:
        self.now += seconds
        self.forks.tick()

    def follows_another_log(self) -> None:
        """A replica of B comes that does not have the fork's lines."""
        theirs = NotedPort().follow(B, ROOM, "other").replica
        theirs.follow_lineage(((Term(2, *B), 1),))
        theirs.state.subscribers[ME] = 1
        self.followed.install(theirs, self.f, B.key, 0)


@pytest.fixture
def stage() -> Stage:
    made = Stage()
    made.forks.begin(made.f, made.f.replica)
    return made


def done(stage: Stage, theirs: Term) -> None:
    stage.forks.on_merge_done(B, MergeDone(ROOM, Term(2, *B), theirs))


def test_the_old_master_offers_at_once_and_again(stage: Stage) -> None:
    assert stage.offers() == 1 and ROOM in stage.replicas.forked
    stage.passes(FORK_OFFER_S / 2)
    assert stage.offers() == 0
    stage.passes(FORK_OFFER_S)
    assert stage.offers() == 1


def test_where_no_master_is_known_nothing_is_offered() -> None:
    stage = Stage()
    stage.f.master = ME.key
    stage.forks.begin(stage.f, stage.f.replica)
    assert stage.offers() == 0 and stage.f.fork is not None


def test_a_merge_of_the_fork_ends_the_fork_and_asks_for_what_follows(stage: Stage) -> None:
    assert stage.f.fork is not None
    done(stage, Term(9, *B))
    assert stage.f.fork is not None and stage.resynced == 0, "another fork was merged"
    done(stage, Term(1, *ME))
    assert stage.f.fork is None and stage.resynced == 1 and ROOM not in stage.replicas.forked


def test_people_see_the_fork_until_the_followed_replica_has_it(stage: Stage) -> None:
    known = stage.f.replica
    stage.follows_another_log()
    assert stage.f.replica is not known and stage.f.shown is known and stage.app.seats == []
    done(stage, Term(1, *ME))
    assert stage.f.shown is known and stage.resynced == 1, "the merged log is still on the way"


def test_a_fork_that_nobody_takes_in_is_given_up_and_people_are_shown_the_masters_replica(stage: Stage) -> None:
    stage.follows_another_log()
    stage.passes(FORK_GIVE_UP_S)
    assert stage.f.fork is not None and stage.offers() >= 1
    stage.passes(0.1)
    assert stage.f.fork is None and stage.app.seats == [[ME]]
    assert [event for event, _, _ in stage.notes] == ["fork_not_merged"]
    stage.passes(0.1)
    assert ROOM not in stage.replicas.forked


def test_who_was_no_master_waits_a_while_before_the_first_offer() -> None:
    stage = Stage()
    stage.followed.part(stage.f, stage.f.replica)
    stage.passes(FORK_PATIENCE_S / 2)
    assert stage.offers() == 0
    stage.passes(FORK_PATIENCE_S)
    assert stage.offers() == 1
