"""What the gateway may know of the nodes of the network, by the peers of this node."""

from __future__ import annotations

from abc import abstractmethod

from ring.ids import GroupId, Incarnation
from ring.membership.peers import Peers
from ring.network import Network
from ring.replication.returning import CatchUp
from ring.roster import NodeRecord


class KnownNodes(Network):
    """Answer the questions of `Network` about nodes."""

    peers: Peers
    catch_up: CatchUp

    @property
    def catches_up(self) -> bool:
        """Tell whether this node was stopped, and has yet to learn what has happened meanwhile (P20)."""
        return bool(self.catch_up.lacking)

    @abstractmethod
    def target(self, group: GroupId) -> str: ...

    @property
    def peers_version(self) -> int:
        """A number that changes with every change of the known nodes."""
        return self.peers.version

    def others(self) -> list[str]:
        """Return the ring keys of the other nodes that are not known dead."""
        return self.peers.others()

    def staying(self) -> list[str]:
        """Return the ring keys of the other living nodes that are not leaving."""
        return self.peers.staying()

    def missing(self) -> list[NodeRecord]:
        """Return the nodes that are gone and may return with groups on disk, sorted by name (P36)."""
        return self.peers.lost()

    def lowest(self) -> NodeRecord:
        """Return a node of the oldest build: the network acts at this node's feature level (P42)."""
        return self.peers.lowest()

    def is_current(self, node: Incarnation) -> bool:
        """Tell whether this life of the node is the latest known life, and is not known dead."""
        return self.peers.is_current(node)

    def lost_lately(self, within_s: float) -> bool:
        """Tell whether any node's life ended, or seemed to end, less than `within_s` seconds ago."""
        return self.peers.lost_lately(self.now, within_s)

    def returned_lately(self, within_s: float) -> bool:
        """Tell whether a node thought dead has answered less than `within_s` seconds ago."""
        return self.now - self.peers.returned_at < within_s

    def may_lack_a_side(self, group: GroupId) -> bool:
        """Tell whether the group's master may know one side alone of a partition that has just ended: a node thought
        dead answers again, and the master known here is not the ring's, or other nodes have yet to answer."""
        if not self.returned_lately(self.settings.dead_after_s):
            return False
        return bool(self.peers.dead) or self.target(group) != self.peers.acting(group)
