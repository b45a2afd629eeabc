"""Counts people and channels of the network every few seconds, for LUSERS and the welcome (P39).

In a network of at most ASKED nodes, each node asks all others, and so does LUSERS. In a larger network the counts are
summed along a tree (sums.py), and LUSERS reads the sum: the sum may be a minute old. While the network acts at a level
below 2, some node may not know of the tree, and all nodes are asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, cast

from gateway.edge import slices
from gateway.edge.ports import CensusPort, EdgePort
from gateway.edge.rpc.answers import count
from gateway.edge.rpc.asks import CountAsk, Counts, SumAsk, Sums
from gateway.edge.rpc.sums import SUM_S, NetworkSum
from gateway.edge.slices import RUN, Slices
from gateway.state.channel.channel import Channel

COUNT_S: Final = 10.0

ASKED: Final = 16
"""At most this many nodes are asked for a question of a person."""


class Census(CensusPort):
    """counts: by ring key, some seconds old; in a large network this node's alone."""

    def __init__(self, edge: EdgePort) -> None:
        self.edge = edge
        self.counts: dict[str, Counts] = {}
        self.most = 0
        self.sums = NetworkSum(edge)
        self.next_at = 0.0  # when the next count is due
        self._channels = (-1, 0)  # `Network.changes` at the last count, and the channels with members
        self._counting = False  # a count is under way

    @property
    def asks_all(self) -> bool:
        """Whether all nodes are asked: the network is small, or has nodes that know of no tree."""
        return not self.is_nearly_large(0)

    def is_nearly_large(self, lacking: int) -> bool:
        """Tell whether the network is large, or lacks so many nodes for this, and all nodes know of the tree."""
        network = self.edge.network
        return len(network.others()) + lacking >= ASKED and network.level >= SumAsk.SINCE

    def tick(self, now: float) -> bool:
        """Count if a count is due. Returns whether a count was due."""
        if now < self.next_at:
            return False
        asks_all = self.asks_all
        self.next_at = now + (COUNT_S if asks_all else SUM_S)
        if not self._counting:
            self._counting = True
            slices.do(self.edge, self._count_here(asks_all))
        return True

    def _count_here(self, asks_all: bool) -> Slices[None]:
        mine = yield from count(self.edge)
        self._counting = False
        self.most = max(self.most, mine.users)
        if asks_all:
            self._count(mine)
        else:
            self.counts = {self.edge.record.key: mine}
            self.sums.tell(mine)
            self.counted([mine, self.sums.rest()])

    def channels(self) -> Slices[int]:
        """Count the channels with members that this node serves. An idle node does not count again."""
        network = self.edge.network
        if self._channels[0] != network.changes:
            changes, found, groups = network.changes, 0, network.groups()
            for at in range(0, len(groups), RUN):
                if at:
                    yield
                served = (network.serves(group) for group in groups[at : at + RUN] if group.kind == "channel")
                found += sum(bool(cast(Channel, one[0]).members) for one in served if one is not None)
            self._channels = (changes, found)
        return self._channels[1]

    def recent(self, mine: Counts | None = None) -> list[Counts]:
        """Return counts that add up to the network's, with the present number of this node's users. mine: all of this
        node, if that was counted just now."""
        edge = self.edge
        others = dict(self.counts)
        last = others.pop(edge.record.key, None) or Counts(0, 0, 0, 0, 0)
        rest = list(others.values()) if self.asks_all else [self.sums.rest()]
        users = len(edge.users)
        counts = (min(last.invisible, users), min(last.opers, users), last.unknown, last.channels, self.most)
        return [mine if mine is not None else Counts(users, *counts), *rest]

    def add_up(self, ask: SumAsk) -> Sums:
        """Take the sum of a node below in the tree."""
        return self.sums.asked(ask)

    def uncounted(self) -> int:
        """Return how many living nodes the sum does not have yet."""
        return max(0, 1 + len(self.edge.network.others()) - self.sums.total().nodes)

    def counted(self, counts: Iterable[Counts]) -> None:
        """Take the counts of all nodes at about one moment, and update the most users on the network."""
        found = list(counts)
        self.most = max(self.most, sum(one.users for one in found), *(one.most for one in found))

    def _count(self, mine: Counts) -> None:
        live = dict.fromkeys(record.key for record in self.edge.network.live())
        self.counts = {key: counts for key, counts in self.counts.items() if key in live}
        self.counts[self.edge.record.key] = mine
        round_ = {self.edge.record.key: mine}
        for key in live:
            if key != self.edge.record.key:
                self.edge.network.ask_node(key, CountAsk(), self._counted(key, len(live), round_))

    def _counted(self, key: str, nodes: int, round_: dict[str, Counts]) -> Callable[[Any], None]:
        def arrived(reply: Any) -> None:
            if isinstance(reply, Counts):
                self.counts[key] = round_[key] = reply
                if len(round_) == nodes:
                    self.counted(round_.values())

        return arrived
