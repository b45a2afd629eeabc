"""Counts people and channels: all nodes count every few seconds, for LUSERS and metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, cast

from gateway.edge.ports import CensusPort, EdgePort
from gateway.edge.rpc.answers import count
from gateway.edge.rpc.asks import CountAsk, Counts
from gateway.state.channel.channel import Channel

COUNT_S = 10.0


class Census(CensusPort):
    def __init__(self, edge: EdgePort) -> None:
        self.edge = edge
        self.counts = {}
        self.most = 0
        self.next_at = 0.0  # when the next count is due
        self._channels = (-1, 0)  # `Network.changes` at the last count, and the channels with members

    def tick(self, now: float) -> bool:
        """Count if a count is due. Returns whether a count was due."""
        if now < self.next_at:
            return False
        self.next_at = now + COUNT_S
        self._count()
        return True

    def channels(self) -> int:
        """Count the channels with members that this node serves. An idle node does not count again."""
        network = self.edge.network
        if self._channels[0] != network.changes:
            states = (cast(Channel, state) for _, state, _ in network.mastered("channel"))
            self._channels = (network.changes, sum(bool(state.members) for state in states))
        return self._channels[1]

    def _count(self) -> None:
        live = dict.fromkeys(record.key for record in self.edge.network.live())
        self.counts = {key: counts for key, counts in self.counts.items() if key in live}
        mine = self.counts[self.edge.record.key] = count(self.edge)
        self.most = max(self.most, mine.users)
        round_ = {self.edge.record.key: mine}
        for key in live:
            if key != self.edge.record.key:
                self.edge.network.ask_node(key, CountAsk(), self._counted(key, len(live), round_))

    def counted(self, counts: Iterable[Counts]) -> None:
        """Take the counts of all nodes at about one moment, and update the most users on the network."""
        found = list(counts)
        self.most = max(self.most, sum(one.users for one in found), *(one.most for one in found))

    def _counted(self, key: str, nodes: int, round_: dict[str, Counts]) -> Callable[[Any], None]:
        def arrived(reply: Any) -> None:
            if isinstance(reply, Counts):
                self.counts[key] = round_[key] = reply
                if len(round_) == nodes:
                    self.counted(round_.values())

        return arrived
