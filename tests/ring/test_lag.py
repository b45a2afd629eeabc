"""How far followers are behind: the age of the oldest entry that any follower lacks."""

from __future__ import annotations

import pytest

from ring.durations import LATE_S
from ring.ids import GroupId
from ring.lag import Lag, lag
from ring.replication.progress import Progress
from ring.wire.log import Command, Entry
from tests.ring.ports import ROOM, B, C, NotedPort


class Node:
    """A node that masters the room with these two followers."""

    def __init__(self, *acked: int) -> None:
        self.port = NotedPort()
        self.m = self.port.master(ROOM)
        for at in (990, 995, 998):  # an entry 10 s ago, one 5 s ago, and one 2 s ago
            self.m.replica.seq += 1
            self.m.replica.log.append(Entry(self.m.replica.seq, at * 1000, None, 0, 0, None, ["say", "x"]))
        for edge, seq in zip((B, C), acked, strict=False):
            self.m.followers[edge.key] = Progress(edge, seq, confirmed=True, probe_at=0.0, since=0.0)
        self.groups: list[GroupId] = [ROOM]

    @property
    def lag(self) -> Lag:
        return lag(self.port, self.groups)


@pytest.mark.parametrize(("acked", "waits"), [((3, 3), 0.0), ((2, 3), 2.0), ((1, 2), 5.0), ((3, 0), 10.0)])
def test_the_longest_wait_counts(acked: tuple[int, int], waits: float) -> None:
    assert Node(*acked).lag == Lag(int(waits > LATE_S), waits)


def test_a_dead_node_does_not_lag() -> None:
    node = Node(0, 3)
    node.port.peers.died(B.key, 999.0)
    assert node.lag == Lag(0, 0.0)


def test_a_node_lags_only_since_it_follows() -> None:
    node = Node(0)
    node.m.followers[B.key].since = 999.5
    assert node.lag == Lag(0, 0.5)


def test_entries_that_the_log_has_dropped_count_as_old_as_the_oldest_that_is_left() -> None:
    node = Node(0)
    node.m.replica.log.drop_first()
    assert node.lag == Lag(1, 5.0)
    node.m.replica.log.clear()
    assert node.lag.longest_s == node.port.now  # nothing is left to tell


def test_a_command_that_is_not_committed_lags_too_and_a_clock_ahead_does_not_count() -> None:
    node = Node(3)
    node.m.replica.pending.append(Command(4, 996_000, None, 0, 0, None))
    assert node.lag == Lag(1, 4.0)
    node.m.replica.pending[0].at = 2_000_000
    assert node.lag == Lag(0, 0.0)


def test_groups_that_are_not_mastered_any_more_are_left_out() -> None:
    node = Node(0)
    node.groups = [GroupId("channel", "#gone")]
    assert node.lag == Lag(0, 0.0)
