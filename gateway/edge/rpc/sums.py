"""Sums the counts of all nodes along a tree over the ring, so that no node asks all nodes (P39).

Theory of operation. The tree follows from the ring keys alone. The hashes of the ring keys (ring/placement.py) are
divided into sixteenths, each sixteenth again, and so on. In each part the node with the smallest hash leads. A node's
parent is the leader of the smallest part in which the node does not lead. Every SUM_S a node tells its parent the sum
of the node's own counts and of the nodes below, and the answer is the sum of the whole network, as the parent knows
the sum. The node without a parent adds all up.

So a count goes up at most `depth` steps of SUM_S, and down as many: for a thousand nodes, four steps and 40 s. Two
nodes whose rosters differ may count a node twice or not at all; a part of the sum that was not told anew for OLD_S is
dropped, so the sum is right again once the rosters agree. A node's death moves only nodes of the parts that the dead
node led.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

from gateway.edge.rpc.asks import Counts, SumAsk, Sums
from ring.placement import hash32

if TYPE_CHECKING:
    from gateway.edge.ports import EdgePort

SUM_S: Final = 5.0
OLD_S: Final = 3 * SUM_S

BITS: Final = 32
STEP: Final = 4
"""Bits of a hash, and bits by which a part is smaller than the part around it."""

NOTHING: Final = Counts(0, 0, 0, 0, 0)


def parent(me: str, keys: Iterable[str]) -> str | None:
    """Return the ring key of a node's parent among the nodes; None for the node that adds all up. O(nodes)."""
    place, near = hash32(me), sorted((hash32(key), key) for key in {*keys, me})
    above = None
    for bits in range(BITS, -STEP, -STEP):
        near = [one for one in near if one[0] >> bits == place >> bits]
        if near[0][1] == me:
            return above
        above = near[0][1]
    return above


def added(counts: Iterable[Counts]) -> Counts:
    """Return the sum of counts; of the most users at once, the highest number."""
    found = list(counts)
    numbers = [sum(getattr(one, name) for one in found) for name in Counts.__struct_fields__[:-1]]
    return Counts(*[*numbers, max((one.most for one in found), default=0)])


class _Below(NamedTuple):
    """What a node below has told: the sum of the node and of the nodes below that node. at: Unix seconds."""

    told: SumAsk
    at: float


class NetworkSum:
    """The part of one node in the sum."""

    def __init__(self, edge: EdgePort) -> None:
        self._edge = edge
        self._below: dict[str, _Below] = {}
        self._mine = NOTHING  # the node's own counts, as last told
        self._total: tuple[Sums, float] | None = None  # as the parent has said, and when
        self._parent: tuple[int, str | None] = (-1, None)  # of this version of the peers

    def tell(self, mine: Counts) -> None:
        """Tell the parent the sum so far. mine: the node's own counts now."""
        self._mine = mine
        above = self._above()
        if above is None:
            self._total = None
            return
        below = self._so_far()
        ask = SumAsk(self._edge.record.key, below.counts, below.nodes)
        self._edge.network.ask_node(above, ask, self._told)

    def _told(self, reply: object) -> None:
        if isinstance(reply, Sums):
            self._total = (reply, self._edge.now)

    def asked(self, ask: SumAsk) -> Sums:
        """Take the sum of a node below."""
        self._below[ask.key] = _Below(ask, self._edge.now)
        return self.total()

    def total(self) -> Sums:
        """Return the sum of the network as far as known here, and the number of nodes in the sum."""
        told = self._total
        if told is None or self._above() is None or self._edge.now - told[1] > OLD_S:
            return self._so_far()
        return told[0]

    def rest(self) -> Counts:
        """Return the sum of the other nodes: the total without this node's counts, as these were when told."""
        total, mine = self.total().counts, self._mine
        names = Counts.__struct_fields__[:-1]
        return Counts(*[*(max(0, getattr(total, name) - getattr(mine, name)) for name in names), total.most])

    def _above(self) -> str | None:
        network = self._edge.network
        if self._parent[0] != network.peers_version:
            keys = network.others()
            self._parent = (network.peers_version, parent(self._edge.record.key, keys))
            living = dict.fromkeys(keys)
            self._below = {key: one for key, one in self._below.items() if key in living}
        return self._parent[1]

    def _so_far(self) -> Sums:
        """Return the sum of this node and of the nodes below, without what was not told anew for OLD_S."""
        now = self._edge.now
        self._below = {key: one for key, one in self._below.items() if now - one.at <= OLD_S}
        told = [one.told for one in self._below.values()]
        return Sums(added([self._mine, *(one.counts for one in told)]), 1 + sum(one.nodes for one in told))
