"""Whether a node may rest: nothing is under way that a tick within REST_S has to go on with.

Each part that waits for less than REST_S is named here. What waits for longer is found by the next tick anyway.
"""

from __future__ import annotations

from ring.durations import REST_S
from ring.node import Node


def is_busy(node: Node, peers_seen: int) -> bool:
    """Tell whether something is under way. peers_seen: the version of the peers that the last tick has taken in."""
    peers, replicas, roles = node.peers, node.replicas, node.roles
    return bool(
        peers.version != peers_seen
        or peers.me.leaving
        or node.work.waits
        or replicas.recoveries
        or replicas.incoming
        or replicas.forked
        or replicas.behind
        or replicas.looks.is_due(node.now)
        or roles.fanout.lagging
        or roles.handoffs.is_busy
        or node.owed.replicas
        or node.submits.waiting
        or node.barriers.waiters
        or node.rpc.open
        or node.history.is_busy
        or node.anti_entropy.is_busy
        or node.failure_detector.suspects
        or node.catch_up.lacking
        or node.duplex.is_busy
        or node.levels.is_busy
        or node.watches.next_at <= node.now + REST_S
    )
