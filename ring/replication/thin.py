"""Thin groups: account groups that fewer than `copies` nodes hold, and the nodes that hold such groups (P37).

A group's set is smaller than `copies` only if the set was made, or shrank in order, while the network had fewer nodes.
Once there are enough nodes, the sets grow within seconds. A node with thin groups says so to all peers: if the node is
gone before the sets have grown, no other node starts an account group empty that the gone node may hold alone.
"""

from __future__ import annotations

from ring.durations import THIN_SAY_S
from ring.ids import Incarnation
from ring.replication.port import Port
from ring.replication.replica import Replica
from ring.storage.journal import Journal
from ring.wire.node import Records


class ThinGroups:
    """Tell other nodes whether this node holds thin groups, and hear the same of other nodes.

    Invariant: while `_said` is true, other nodes may believe that this node holds thin groups.
    """

    def __init__(self, port: Port, journal: Journal) -> None:
        self.port = port
        self._journal = journal
        self._said = False
        self._look_at = 0.0

    def is_so(self) -> bool:
        """Return whether this node holds a confirmed group that fewer than `copies` nodes hold. O(groups)."""
        port = self.port
        if not self._journal.on:
            return False
        return any(map(self._is_thin, port.replicas.here(held=True)))

    def _is_thin(self, replica: Replica) -> bool:
        """Tell whether too few nodes hold a confirmed group that has something to keep."""
        port = self.port
        if not self._journal.is_lasting(replica) or len(replica.members) >= port.peers.settings.copies:
            return False
        return bool(replica.pending) or not replica.state.is_collectable(port.now_ms)

    def linked(self, key: str) -> None:
        """Tell a node with a new link, before anything else, whether this node holds thin groups. The other node may
        remember the word of an earlier life of this node."""
        thin = self.is_so()
        self._said = self._said or thin
        self.port.send(key, self._news(thin))

    def _news(self, thin: bool) -> Records:
        return Records([self.port.peers.me], thin)

    def heard(self, sender: Incarnation, thin: bool) -> None:
        self.port.peers.says_thin(sender.key, thin)

    def tick(self) -> None:
        """Say again that this node holds thin groups, and say once that this node holds no thin groups any more."""
        port = self.port
        if not self._said or port.now < self._look_at:
            return
        self._look_at = port.now + THIN_SAY_S
        self._said = self.is_so()
        for key in port.peers.others():
            port.send(key, self._news(self._said))
