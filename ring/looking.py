"""Look at the groups that are due: some in each tick, and the rest in slices (P23). replication/looks.py plans the
looks."""

from __future__ import annotations

from collections.abc import Iterator

from ring.agenda import NEVER
from ring.durations import TICK_S
from ring.node import Node
from ring.replication.looks import SLICE


class Looking:
    """Carry out the looks of one node."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._looks = node.replicas.looks

    def tick(self) -> None:
        """Look at some of the groups that are due. The rest waits for slices, and until other long work is done: after
        a death, the groups of the dead node come first."""
        for _ in range(SLICE):
            if not self._look_at_next():
                return
        if not self._node.work.waits and self._looks.is_due(self._node.now):
            self._node.in_slices(self._look_at_rest())

    def _look_at_rest(self) -> Iterator[None]:
        while self._look_at_next():
            yield

    def _look_at_next(self) -> bool:
        """Look at the next group that is due. Returns False if none is."""
        node, looks = self._node, self._looks
        group = looks.take(node.now)
        if group is None:
            return False
        m, f = node.replicas.masters.get(group), node.replicas.followers.get(group)
        at = NEVER
        if m is not None:
            at = node.roles.maintenance.look(m)
        elif f is not None:
            at = node.roles.followers.look(f)
        replica = node.replicas.get(group)
        if replica is None:
            looks.forget(group)
            return True
        node.erasure.look(replica)
        node.anti_entropy.look(replica)
        looks.plan(group, max(at, node.now + TICK_S))
        return True
