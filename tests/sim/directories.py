"""Simulated directories, and the nodes' side: the real cores, with datagrams lost and doubled by a seed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random
from typing import TYPE_CHECKING

from ring.membership.directory.client import DirectoriesCore, Effect, Send
from ring.membership.directory.datagrams import Codec
from ring.membership.directory.server import DirectoryCore
from ring.membership.directory.view import RosterChanged
from ring.roster import NodeRecord

if TYPE_CHECKING:
    from tests.sim.net import Net, Node

NETWORK, KEY = "sim", bytes(32)
LEASE_S = 6.0
EVERY_S = 2.0
FIND_S = 3.0
SETTLE_S = 0.3


class Directories:
    """Directories d1, d2, ...: the names stand for addresses where paths are cut."""

    def __init__(self, net: Net, count: int) -> None:
        self.net = net
        self.names = [f"d{number}" for number in range(1, count + 1)]
        self.up: dict[str, DirectoryCore] = {}
        self._chance = Random(net.rng.random())
        for name in self.names:
            self.start(name)

    def start(self, name: str) -> None:
        """A directory begins with nothing."""
        chance = Random(self._chance.random())
        self.up[name] = DirectoryCore(NETWORK, KEY, chance, self.net.now, lease_s=LEASE_S)

    def kill(self, name: str) -> None:
        del self.up[name]

    # The nodes' side ------------------------------------------------------------------------------------------------

    def meet(self, node: Node, saved: Iterable[NodeRecord]) -> None:
        """The node starts, and attends once the node knows the network, or has asked for long enough."""
        chance, record = Random(self._chance.random()), node.core.engine.peers.me
        node.listing = DirectoriesCore(len(self.names), Codec(NETWORK, KEY), record, EVERY_S, chance, saved)
        self._find(node, self.net.now + FIND_S)

    def _find(self, node: Node, limit: float) -> None:
        def look() -> None:
            if node.up and (self._listing(node).listed or self.net.now >= limit):
                self.net.at(SETTLE_S, lambda: self.net.turn(node, node.core.attend))
            elif node.up:
                self.net.at(0.05, look)

        look()

    def _listing(self, node: Node) -> DirectoriesCore:
        assert node.listing is not None
        return node.listing

    def tick(self, node: Node) -> None:
        """Send the node's due messages."""
        listing, record = self._listing(node), node.core.engine.peers.me
        if record != listing.record:
            listing.announce(record)
        self._carry_out(node, listing.tick(self._clock(node)))

    def depart(self, node: Node) -> None:
        self._listing(node).depart()
        self.tick(node)

    def _clock(self, node: Node) -> float:
        return self.net.now + node.ahead_s

    def _carry_out(self, node: Node, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Send(index, data):
                    self._send(node, self.names[index], data)
                case RosterChanged():
                    linked = self.net.links.of(node)
                    self.net.turn(node, lambda e=effect, li=linked: node.core.roster_changed(e, li))

    # Datagrams ------------------------------------------------------------------------------------------------------

    def _pass(self, source: str, to: str, data: bytes, arrive: Callable[[], None]) -> None:
        """Send a datagram: lost, doubled, overtaken or late as any payload."""
        net = self.net
        if net.meter is not None:
            net.meter.datagram(source, to, len(data))
        if not net.links.open(source, to):
            return
        for _ in range(2 if self._chance.random() < net.double else 1):
            if self._chance.random() >= net.loss:
                net.at(self._chance.uniform(*net.delay_s), arrive)

    def _send(self, node: Node, name: str, data: bytes) -> None:
        def arrive() -> None:
            directory = self.up.get(name)
            answer = directory.receive(data, (node.key, 1), self.net.now) if directory is not None else None
            if answer is not None:
                self._pass(name, node.key, answer, lambda: self._answer(node, name, answer))

        self._pass(node.key, name, data, arrive)

    def _answer(self, node: Node, name: str, data: bytes) -> None:
        if node.up and node.hung:
            node.waiting.append(lambda: self._answer(node, name, data))
        elif node.up:
            index = self.names.index(name)
            self._carry_out(node, self._listing(node).receive(data, index, self._clock(node)))
