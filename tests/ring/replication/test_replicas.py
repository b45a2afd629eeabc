"""What a node is to a group, told from the tables of roles."""

from __future__ import annotations

from ring.ids import GroupId, Term
from ring.replication.replicas import Fork, IncomingHandoff
from tests.ring.ports import ME, ROOM, B, C, NotedPort

OTHER = GroupId("channel", "#other")


def test_a_master_is_shown_before_a_follower() -> None:
    node = NotedPort()
    assert node.replicas.get(ROOM) is None and node.replicas.shown(ROOM) is None
    follower = node.follow(B)
    assert node.replicas.get(ROOM) is node.replicas.shown(ROOM) is follower.replica
    master = node.master()
    assert node.replicas.get(ROOM) is node.replicas.shown(ROOM) is master.replica


def test_people_are_shown_the_fork_and_not_the_replica_that_follows_the_master() -> None:
    node, known = NotedPort(), NotedPort().follow(C).replica
    follower = node.follow(B)
    follower.fork = Fork(known, 1000.0, 1001.0)
    assert node.replicas.shown(ROOM) is known and node.replicas.get(ROOM) is follower.replica


def test_the_newest_replica_counts_in_whatever_role() -> None:
    node = NotedPort()
    assert node.replicas.newest(ROOM) is None
    followed = node.follow(B, ROOM, "one", "two").replica
    installed = NotedPort().follow(B, ROOM, "one").replica
    node.replicas.incoming[ROOM] = IncomingHandoff(installed, Term(2, *ME), B, 1000.0)
    assert node.replicas.newest(ROOM) is followed
    installed.begin_term(Term(2, *C))
    assert node.replicas.newest(ROOM) is installed


def test_a_node_holds_what_it_masters_backs_up_or_is_named_for() -> None:
    node = NotedPort()
    follower = node.follow(B)
    assert not node.replicas.holds(ME.key, follower.replica)
    follower.is_backup = True
    assert node.replicas.holds(ME.key, follower.replica)
    follower.is_backup, follower.replica.members = False, (ME.key, B.key)
    assert node.replicas.holds(ME.key, follower.replica) and not node.replicas.holds(C.key, follower.replica)
    assert node.replicas.holds(ME.key, node.master(OTHER).replica)


def test_all_replicas_are_listed_those_of_masters_first() -> None:
    node = NotedPort()
    followed, mastered = node.follow(B), node.master(OTHER)
    assert node.replicas.here() == [mastered.replica, followed.replica]
    assert node.replicas.here(held=True) == [mastered.replica]
    followed.is_backup = True
    assert node.replicas.here(held=True) == [mastered.replica, followed.replica]
