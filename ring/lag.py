"""Measure how far followers and holders of a group are behind the master, in seconds, when somebody asks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ring.durations import LATE_S
from ring.ids import GroupId
from ring.replication.port import Port
from ring.replication.progress import Master
from ring.replication.replica import Replica


class Lag(NamedTuple):
    """groups: the number of groups with a wait longer than LATE_S. longest_s: the longest wait of all."""

    groups: int
    longest_s: float


def lag(port: Port, lagging: Iterable[GroupId]) -> Lag:
    """Return the lag of the groups mastered here. A node known dead is gone, and so does not lag.

    lagging: every group with a follower behind the log; other groups, and groups of other masters, may be named, too.
    """
    mastered = (port.replicas.masters.get(group) for group in lagging)
    waits = [_wait_s(port, m) for m in mastered if m is not None]
    return Lag(sum(wait > LATE_S for wait in waits), max(waits, default=0.0))


def _wait_s(port: Port, m: Master) -> float:
    """Return how long the group's oldest missing entry has waited: undecided, or not applied by a follower."""
    replica, now = m.replica, port.now
    wait = now - replica.pending[0].at / 1000 if replica.pending else 0.0
    for follower in m.followers.values():
        if follower.acked < replica.seq and port.peers.is_current(follower.edge):
            wait = max(wait, now - max(follower.since, _after(replica, follower.acked)))
    return max(wait, 0.0)


def _after(replica: Replica, acked: int) -> float:
    """Return the Unix s of the first entry after `acked`; if the log has dropped the entry, of the log's oldest
    entry."""
    first = len(replica.log) - (replica.seq - acked)
    return replica.log[max(first, 0)].at / 1000 if replica.log else 0.0
