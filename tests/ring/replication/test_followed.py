"""Which replica of a group a node follows: taken, kept, shown, forgotten (P15, P16, P22)."""

from __future__ import annotations

import pytest

from ring.ids import Term
from ring.replication.replica import Replica
from ring.replication.replicas import Follower
from ring.wire.log import Command, Entry, MergedTerm
from tests.ring.ports import ME, ROOM, B, C, NotedPort
from tests.ring.replication.stages import FollowerStage


def theirs(*said: str, term: int = 1, master: tuple[str, int] = B, here: bool = True) -> Replica:
    """The master's replica, with these lines in the log. here: a member sits on this node."""
    made = NotedPort().follow(B).replica
    made.follow_lineage(((Term(term, *master), 1),))
    for seq, text in enumerate(said, start=1):
        made.advance(Entry(seq, 1000 + seq, C, 10 * term + seq, 0, ["ok"], ["say", text]))
    if here:
        made.state.subscribers[ME] = 1
    return made


class Stage(FollowerStage):
    """The node follows B, with one line, if the stage `follows`; resent: whether commands were sent again."""

    def __init__(self, *, follows: bool = True) -> None:
        super().__init__(B)
        self.resent = 0
        self.left: list[str] = []
        self.app.dropped = lambda group: self.left.append(group.name)  # type: ignore[method-assign]
        if follows:
            self.f.replica = theirs("one")
        else:
            del self.replicas.followers[ROOM]

    def resend(self, group: object) -> None:
        self.resent += 1

    def install(self, replica: Replica, shown: int = 0, *, is_backup: bool = False) -> None:
        self.followed.install(replica, self.now_followed, B.key, shown, is_backup=is_backup)

    @property
    def now_followed(self) -> Follower | None:
        return self.replicas.followers.get(ROOM)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_members_are_shown_what_the_new_replica_has_more(stage: Stage) -> None:
    stage.install(theirs("one", "two", "three"))
    assert stage.heard == ["two", "three"] and stage.f.replica.seq == 3 and not stage.f.behind and stage.resent == 1


def test_what_the_masters_log_has_no_more_is_counted(stage: Stage) -> None:
    new = theirs("one", "two", "three", "four")
    del new.log[:3]
    stage.install(new)
    assert stage.heard == ["four"] and stage.app.lost == 2


def test_a_group_that_nobody_here_needs_is_not_taken() -> None:
    stage = Stage(follows=False)
    stage.install(theirs("one", here=False))
    assert stage.now_followed is None and stage.told() == []


def test_a_first_member_sees_the_state_and_no_old_lines() -> None:
    stage = Stage(follows=False)
    stage.install(theirs("one", "two"), shown=2)
    assert stage.now_followed is not None and stage.heard == [] and stage.app.seats == [[ME], [ME]]


def test_a_backup_takes_the_group_and_shows_nothing() -> None:
    stage = Stage(follows=False)
    stage.install(theirs("one", here=False), is_backup=True)
    assert stage.now_followed is not None and stage.now_followed.is_backup
    assert stage.app.seats == [] and stage.told() == [("ack", B.key, [(1, 1)])]


def test_the_last_member_leaves_with_a_whole_replica(stage: Stage) -> None:
    stage.install(theirs("one", "two", here=False))
    assert stage.now_followed is None and stage.left == ["#room"] and stage.told() == [("ack", B.key, [(2, 2)])]


def test_a_backup_without_members_keeps_the_group_when_they_leave(stage: Stage) -> None:
    stage.install(theirs("one", "two", here=False), is_backup=True)
    assert stage.now_followed is stage.f and stage.left == ["#room"]


def test_a_log_that_has_parted_is_followed_out_of_sight(stage: Stage) -> None:
    """P22: people go on to see the replica known to them."""
    known = stage.f.replica
    stage.install(theirs("other", "more", term=2, master=C))
    assert stage.f.shown is known and stage.heard == [] and ROOM in stage.replicas.forked
    stage.f.replica.merged[Term(1, *B)] = MergedTerm(Term(1, *B), 1, 0)
    assert stage.followed.is_merged(stage.f)
    stage.followed.reveal(stage.f)
    assert stage.f.fork is None and stage.heard == ["other", "more"] and stage.resent == 1


def test_a_parted_log_that_has_the_fork_already_is_shown_at_once(stage: Stage) -> None:
    new = theirs("other", term=2, master=C)
    new.merged[Term(1, *B)] = MergedTerm(Term(1, *B), 1, 0)
    stage.install(new)
    assert stage.f.fork is None and stage.heard == ["other"]


@pytest.mark.parametrize(("member", "kept"), [(True, True), (False, False)])
def test_a_master_that_is_master_no_more_follows_if_it_has_a_part(member: bool, kept: bool) -> None:
    stage = Stage(follows=False)
    replica = theirs("one", here=member)
    replica.place(_command(), 2000)
    follower = stage.followed.keep_mastered(replica)
    assert (follower is not None) is kept and (stage.now_followed is follower)
    assert not replica.pending, "what was not committed is sent again by its origins"


def test_a_replica_without_a_known_master_keeps_its_commands_and_is_behind() -> None:
    stage = Stage(follows=False)
    replica = theirs("one")
    replica.place(_command(), 2000)
    follower = stage.followed.keep(replica, C.key)
    assert follower.behind and follower.master == C.key and len(follower.replica.pending) == 1


def test_a_stopped_group_goes_without_a_word(stage: Stage) -> None:
    """P43."""
    stage.acks.acknowledge(ROOM)
    stage.followed.abandon(ROOM)
    assert stage.now_followed is None and stage.told() == [] and stage.left == []


def _command() -> Command:
    return Command(0, 0, C, 9, 0, ["say", "undecided"])
