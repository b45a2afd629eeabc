"""How far the nodes that follow or hold a group are behind its master, in seconds. Read off when somebody asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ring.replication.copy import Copy
from ring.replication.progress import Master

if TYPE_CHECKING:
    from ring.engine import Engine

LATE_S = 1.0
"""What is on its way for less is normal."""


class Lag(NamedTuple):
    """groups: how many have waited for longer than LATE_S. longest_s: the longest wait of all."""

    groups: int
    longest_s: float


def lag(engine: Engine) -> Lag:
    """Of the groups mastered here. A node known dead does not lag: it is gone."""
    mastered = (engine.masters.groups.get(group) for group in engine.masters.lagging)
    waits = [_wait_s(engine, m) for m in mastered if m is not None]
    return Lag(sum(wait > LATE_S for wait in waits), max(waits, default=0.0))


def _wait_s(engine: Engine, m: Master) -> float:
    """How long the oldest word that somebody lacks has waited: undecided, or not applied by a follower."""
    copy, now = m.copy, engine.now
    wait = now - copy.pending[0].at / 1000 if copy.pending else 0.0
    for follower in m.followers.values():
        if follower.acked < copy.seq and engine.peers.is_current(follower.edge):
            wait = max(wait, now - max(follower.since, _after(copy, follower.acked)))
    return max(wait, 0.0)


def _after(copy: Copy, acked: int) -> float:
    """When the first entry after `acked` was made, Unix s; of those that the log still has, the oldest."""
    first = len(copy.log) - (copy.seq - acked)
    return copy.log[max(first, 0)].at / 1000 if copy.log else 0.0
