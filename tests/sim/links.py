"""The links between simulated nodes: what ring.shells.links does with sockets, done with virtual time.

A pair has one link, up or down. Data crosses only while it is up; silence for dead_after_s takes it down; a link that
is down is dialled again: refused where no process runs, unanswered where the path is cut or the process hangs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ring.ids import Incarnation
from ring.roster import Range, check_levels

if TYPE_CHECKING:
    from tests.sim.net import Net, Node

REFUSED_S = 0.002
REDIAL_S = 0.3


class LinkState:
    """One pair of nodes. heard: ring key of the one who hears -> when it last heard the other."""

    __slots__ = ("dialled", "heard", "life", "up")

    def __init__(self) -> None:
        self.up = False
        self.life = 0  # grows when the link goes down: what was under way is lost with it
        self.heard: dict[str, float] = {}
        self.dialled: dict[str, float] = {}  # who dials -> since when without an answer


class Links:
    """All pairs. cut: directed pairs of ring keys between which nothing passes. dark: machines that refuse nothing."""

    def __init__(self, net: Net) -> None:
        self.net = net
        self.pairs: dict[tuple[str, str], LinkState] = {}  # each both ways round
        self.cut: set[tuple[str, str]] = set()
        self.dark: set[str] = set()

    def pair(self, a: str, b: str) -> LinkState:
        state = self.pairs.get((a, b))
        if state is None:
            state = self.pairs[a, b] = self.pairs[b, a] = LinkState()
        return state

    def open(self, a: str, b: str) -> bool:
        """Whether something that `a` sends arrives at `b`."""
        return (a, b) not in self.cut

    def isolate(self, side: set[str], others: set[str], *, one_way: bool = False) -> None:
        """Nothing passes from one set of ring keys to the other, nor back unless one_way."""
        for a in side:
            for b in others:
                self.cut.add((a, b))
                if not one_way:
                    self.cut.add((b, a))

    def heal(self) -> None:
        self.cut.clear()

    def parts(self, keys: Iterable[str]) -> list[frozenset[str]]:
        """Who reaches whom, maybe through others."""
        parts: list[frozenset[str]] = []
        for key in keys:
            near = [part for part in parts if any(self.open(key, one) and self.open(one, key) for one in part)]
            parts = [part for part in parts if part not in near] + [frozenset({key}).union(*near)]
        return parts

    def life(self, a: str, b: str) -> int:
        """The link's life, for what is sent now; -1 if it is down."""
        pair = self.pair(a, b)
        return pair.life if pair.up else -1

    def of(self, key: str) -> set[str]:
        """The ring keys that the node has links to."""
        return {other for (one, other), state in self.pairs.items() if one == key and state.up}

    def carries(self, a: str, b: str, life: int) -> bool:
        pair = self.pair(a, b)
        return pair.up and pair.life == life and self.open(a, b)

    def hears(self, node: Node, other: Incarnation) -> None:
        self.pair(node.key, other.key).heard[node.key] = self.net.now
        node.core.engine.heard(other)

    def reset(self, a: str, b: str) -> None:
        """The connection breaks; both ends learn so and dial again, unless the path is cut."""
        pair = self.pair(a, b)
        if not pair.up:
            return
        pair.up = False
        pair.life += 1
        pair.dialled.clear()

    def forget(self, key: str) -> None:
        """The process is gone, and its sockets with it."""
        for one, other in self.pairs:
            if one == key:
                self.reset(one, other)

    # Timers ---------------------------------------------------------------------------------------------------------

    def tick(self, node: Node) -> None:
        """One node looks at its links: who is silent, whom to dial."""
        net, me = self.net, node.key
        for record in node.core.engine.roster.records():
            other = record.key
            if other == me:
                continue
            pair = self.pair(me, other)
            if not pair.up:
                self._dial(node, other)
            elif net.now - pair.heard.get(me, net.now) > net.engine.dead_after_s:
                self.reset(me, other)
                if not self.open(me, other):  # the other notices for itself
                    pair.dialled[other] = pair.heard.get(other, net.now)
                net.turn(node, lambda r=record: node.core.engine.lost(r.key, r.incarnation, "silent"))

    def _dial(self, node: Node, other: str) -> None:
        net, me = self.net, node.key
        pair = self.pair(me, other)
        since = pair.dialled.setdefault(me, net.now)
        there = net.running(other)
        record = node.core.engine.roster.get(other)
        assert record is not None
        if self.open(me, other) and self.open(other, me):
            if there is not None and not there.hung:
                self.connect(node, there)
                return
            if there is None and other not in self.dark:
                if net.now - since >= REFUSED_S:
                    pair.dialled[me] = net.now + REDIAL_S
                    net.turn(node, lambda: node.core.engine.lost(other, record.incarnation, "refused"))
                return
        if net.now - since > net.engine.dead_after_s:
            pair.dialled[me] = net.now
            net.turn(node, lambda: node.core.engine.lost(other, record.incarnation, "silent"))

    def refusal(self, a: Node, b: Node) -> str | None:
        """Why the two do not link for their feature levels."""
        one, other = a.core.engine.peers, b.core.engine.peers
        return check_levels(one.me, Range(one.me.level, one.level), other.me, Range(other.me.level, other.level))

    def connect(self, a: Node, b: Node) -> None:
        if self.refusal(a, b) is not None:
            return
        pair = self.pair(a.key, b.key)
        pair.up = True
        pair.dialled.clear()
        pair.heard = {a.key: self.net.now, b.key: self.net.now}
        self.net.turn(a, lambda: a.core.engine.linked(b.core.engine.peers.me))
        self.net.turn(b, lambda: b.core.engine.linked(a.core.engine.peers.me))
