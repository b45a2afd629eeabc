"""The links between simulated nodes: the real connector of each node, with sockets of virtual time.

This file does the work of ring.io.links and a kernel. A dial's SYN is lost where the path is cut, and sent again after
1, 3 and 7 s; a port without a process refuses, a machine without power says nothing, a stopped process accepts and then
is silent; each end of a connection finds out for itself when the connection is over. ring.links.connector decides which
peers are dialled, how a result reads and which of two connections stays; ring.links.silence decides when an end is
silent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random
from typing import TYPE_CHECKING

import config.node
from ring.ids import Incarnation
from ring.links import connector
from ring.links.connector import Connector, Dial
from ring.links.hello import Role
from ring.links.silence import Silence
from ring.roster import Range, check_levels
from tests.settings import section

if TYPE_CHECKING:
    from tests.sim.net import Net, Node

SYN_AGAIN_S = (1.0, 2.0, 4.0)
"""How long a kernel waits before the next SYN. Source: tcp(7), tcp_syn_retries."""

AGAIN_S = 0.3
"""How soon TCP repeats a handshake's bytes lost in a cut."""

REDIAL_S = (0.1, 0.4)


class Attempt:
    """A dial under way, as the kernel sees the dial."""

    __slots__ = ("dial", "done", "node")

    def __init__(self, node: Node, dial: Dial) -> None:
        self.node = node
        self.dial = dial
        self.done = False  # the connection is there


class End:
    """One end of a connection. up: the handshake is done here. acting: the feature level in the other side's hello."""

    __slots__ = ("acting", "dial", "node", "number", "opened", "other", "role", "silence", "up", "used")

    def __init__(self, number: int, role: Role, node: Node, other: Node, dial: int, now: float, after_s: float) -> None:
        self.number = number
        self.role: Role = role
        self.node = node
        self.other = other
        self.acting = other.core.engine.level
        self.dial = dial  # the connector's number of the dial
        self.opened = now
        self.silence = Silence(after_s, now)
        self.up = False
        self.used = now  # when something other than a heartbeat last passed


class Links:
    """All links. cut: directed pairs of ring keys between which nothing passes. dark: machines that refuse nothing.
    unanswered: directed pairs whose dials get no answer, though all else passes.
    """

    def __init__(self, net: Net) -> None:
        self.net = net
        self.cut: set[tuple[str, str]] = set()
        self.dark: set[str] = set()
        self.unanswered: set[tuple[str, str]] = set()
        self._chance = Random(net.rng.random())
        self._connectors: dict[Incarnation, Connector] = {}
        self._ends: dict[Incarnation, dict[int, End]] = {}
        self._versions: dict[Incarnation, int] = {}  # of the rosters met by connectors
        self._attempts: list[Attempt] = []  # dials under way, and some dials already over
        self._number = 0

    def attach(self, node: Node) -> None:
        """A node starts, without any links."""
        net, peers = self.net, node.core.engine.peers
        settings = section(
            config.node.Links,
            heartbeat_s=net.engine.heartbeat_s,
            dead_after_s=net.engine.dead_after_s,
            redial_min_s=REDIAL_S[0],
            redial_max_s=REDIAL_S[1],
        )
        chance = Random(self._chance.random())
        self._connectors[node.id] = Connector(node.key, peers.known, settings, chance, net.now)
        self._ends[node.id] = {}

    # Paths ----------------------------------------------------------------------------------------------------------

    def open(self, a: str, b: str) -> bool:
        """Return whether a payload from `a` arrives at `b`."""
        return (a, b) not in self.cut

    def isolate(self, side: set[str], others: set[str], *, one_way: bool = False) -> None:
        """Let nothing pass from one set of ring keys to the other, nor back unless one_way."""
        for a in side:
            for b in others:
                self.cut.add((a, b))
                if not one_way:
                    self.cut.add((b, a))

    def heal(self, *, at_once: bool = True) -> None:
        """Open all paths again. at_once: every dial under way is answered now, so all links come up together; otherwise
        each kernel sends its SYN again in its own time, as after a real cut.
        """
        self.cut.clear()
        self.unanswered.clear()
        attempts, self._attempts = self._attempts, []
        for attempt in attempts if at_once else ():
            self._syn(attempt, len(SYN_AGAIN_S))
        self._attempts += attempts

    def parts(self, keys: Iterable[str]) -> list[frozenset[str]]:
        """Return the groups of nodes that reach each other, maybe through others."""
        parts: list[frozenset[str]] = []
        for key in keys:
            near = [part for part in parts if any(self.open(key, one) and self.open(one, key) for one in part)]
            parts = [part for part in parts if part not in near] + [frozenset({key}).union(*near)]
        return parts

    def _delay(self, node: Node) -> float:
        return node.slow_s + self._chance.uniform(*self.net.delay_s)

    def _passes(self, a: str, b: str) -> bool:
        """Return whether one packet arrives, if nobody sends the packet again."""
        return self.open(a, b) and self._chance.random() >= self.net.loss

    # What is up -----------------------------------------------------------------------------------------------------

    def life(self, node: Node, key: str) -> int:
        """Return the number of the node's link with a peer, for payloads sent now; -1 without a link."""
        link = self._connectors[node.id].links.get(key)
        return link.connection if link is not None else -1

    def of(self, node: Node) -> set[str]:
        """Return the ring keys of the nodes linked with the node."""
        return set(self._connectors[node.id].links)

    def linked(self) -> list[tuple[str, str]]:
        """Return the pairs of ring keys with a connection, in order."""
        ends = [end for ends in self._ends.values() for end in ends.values()]
        return sorted({(min(e.node.key, e.other.key), max(e.node.key, e.other.key)) for e in ends})

    def ends(self, node: Node) -> list[End]:
        """Return the node's ends of the connections that are its links."""
        ends = self._ends[node.id]
        links = self._connectors[node.id].links.values()
        return [end for link in links if (end := ends.get(link.connection)) is not None]

    def beat(self, end: End) -> None:
        """Let a heartbeat of this end arrive now."""
        other, here = end.other, end.node
        there = self._ends[other.id].get(end.number)
        if there is not None and there.up and self._connectors[other.id].heard(here.key, end.number, self.net.now):
            there.silence.heard = self.net.now
            other.core.engine.heard(here.id)

    def use(self, node: Node, number: int) -> None:
        """Note that a payload passes this end of a connection."""
        if (end := self._ends[node.id].get(number)) is not None:
            end.used = self.net.now

    def arrives(self, sender: Incarnation, node: Node, number: int) -> bool:
        """Deliver a payload of a connection. Return whether the node takes the payload for its peer's words."""
        if not self.open(sender.key, node.key):
            return False
        end = self._ends[node.id].get(number)
        if end is None:  # the kernel resets an unknown connection
            other = self.net.running(sender.key)
            if other is not None and other.id == sender:
                self.net.at(self._delay(node), lambda: self._reset(node, other, number))
            return False
        if not end.up:  # the handshake's last words came before the payload
            self._perform(node, self._finish(end))
        end.silence.heard = self.net.now
        if not self._connectors[node.id].heard(sender.key, number, self.net.now):
            return False
        node.core.engine.heard(sender)
        return True

    def keep(self, node: Node, key: str, payload: bytes) -> None:
        """A payload for a peer without a link."""
        self._perform(node, self._connectors[node.id].keep(key, payload, self.net.now))

    # Faults ---------------------------------------------------------------------------------------------------------

    def reset(self, a: str, b: str) -> None:
        """The connections of a pair break, and both ends learn so."""
        for ends in list(self._ends.values()):
            for end in [end for end in ends.values() if (end.node.key, end.other.key) in ((a, b), (b, a))]:
                self._event(end.node, lambda e=end: self._over(e, "reset"))

    def forget(self, node: Node, *, dark: bool) -> None:
        """Forget a process and its sockets. dark: nobody is told."""
        for end in list(self._ends[node.id].values()):
            self._close(end, tell=not dark)

    # Effects --------------------------------------------------------------------------------------------------------

    def _event(self, node: Node, job: Callable[[], list[connector.Effect]]) -> None:
        """Run an event of the process, once the process runs."""
        if node.up and node.hung:
            node.waiting.append(lambda: self._event(node, job))
        elif node.up:
            self._perform(node, job())

    def _perform(self, node: Node, effects: list[connector.Effect]) -> None:
        net, engine = self.net, node.core.engine
        for effect in effects:
            match effect:
                case Dial():
                    attempt = Attempt(node, effect)
                    self._attempts = [*filter(self._is_wanted, self._attempts), attempt]
                    self._syn(attempt, 0)
                case connector.Close(number):
                    if (end := self._ends[node.id].get(number)) is not None:
                        self._close(end)
                case connector.Probe(number):
                    if (end := self._ends[node.id].get(number)) is not None:
                        net.transmit(node, end.other.key, None, number)
                case connector.Transmit(number, payload):
                    if (end := self._ends[node.id].get(number)) is not None:
                        net.transmit(node, end.other.key, payload, number)
                case connector.Linked(peer):
                    self._tell(node, f"has a link with {peer.key}")
                    net.turn(node, lambda p=peer: engine.linked(p))
                case connector.Down(peer, evidence, reason):
                    self._tell(node, f"has no link with {peer.key}: {reason}, evidence: {evidence}")
                    net.turn(node, lambda p=peer, e=evidence: engine.lost(p.key, p.number, e))

    def _tell(self, node: Node, text: str) -> None:
        if self.net.trace is not None:
            self.net.trace(f"{node.key} {text}")

    # Dials ----------------------------------------------------------------------------------------------------------

    def _syn(self, attempt: Attempt, sent: int) -> None:
        """The kernel asks for a connection, for the first time or again."""
        node, key = attempt.node, attempt.dial.record.key
        if not self._is_wanted(attempt):
            return
        if sent < len(SYN_AGAIN_S):
            self.net.at(SYN_AGAIN_S[sent], lambda: self._syn(attempt, sent + 1))
        if (node.key, key) not in self.unanswered and self._passes(node.key, key):
            self.net.at(self._delay(node), lambda: self._syn_arrives(attempt))

    def _is_wanted(self, attempt: Attempt) -> bool:
        dial = self._connectors[attempt.node.id].dials.get(attempt.dial.record.key)
        return attempt.node.up and not attempt.done and dial is not None and dial.number == attempt.dial.number

    def _syn_arrives(self, attempt: Attempt) -> None:
        net, node, key = self.net, attempt.node, attempt.dial.record.key
        there = net.running(key)
        if (there is None and key in self.dark) or not self._passes(key, node.key):
            return
        if there is not None:
            net.at(self._delay(there), lambda: self._answered(attempt, there))
        else:
            net.at(self._chance.uniform(*net.delay_s), lambda: self._failed(attempt, "refused"))

    def _failed(self, attempt: Attempt, outcome: connector.Outcome) -> None:
        core, dial = self._connectors[attempt.node.id], attempt.dial
        if not attempt.done:
            attempt.done = True
            self._event(attempt.node, lambda: core.dial_failed(dial.number, outcome, outcome, self.net.now))

    def _answered(self, attempt: Attempt, there: Node) -> None:
        """Make the connection on both sides: a kernel accepts for a stopped process."""
        if attempt.done or not attempt.node.up:
            return
        if not there.up:
            self._failed(attempt, "other")
            return
        attempt.done = True
        self._event(attempt.node, lambda: self._open(attempt, there))

    def _open(self, attempt: Attempt, there: Node) -> list[connector.Effect]:
        net, node, number = self.net, attempt.node, attempt.dial.number
        if not self._connectors[node.id].answered(number):
            return []
        if not there.up:
            return self._connectors[node.id].dial_failed(number, "other", "reset", net.now)
        for end in self._ends_of(node, there, number):
            # Two crossings: hellos, then proofs.
            net.at(self._delay(end.other) + self._delay(end.node), lambda e=end: self._proof(e))
        return []

    def _ends_of(self, dialler: Node, listener: Node, dial: int) -> tuple[End, End]:
        self._number += 1
        now, after_s = self.net.now, self.net.engine.dead_after_s
        one = End(self._number, "dialler", dialler, listener, dial, now, after_s)
        other = End(self._number, "listener", listener, dialler, 0, now, after_s)
        self._ends[dialler.id][self._number] = one
        self._ends[listener.id][self._number] = other
        return one, other

    # Connections ----------------------------------------------------------------------------------------------------

    def _proof(self, end: End) -> None:
        """The other side's hello and proof are due: both arrive once the path is open and the other process runs."""
        if not end.node.up or not end.other.up or self._ends[end.node.id].get(end.number) is not end:
            return
        if end.other.hung or not self.open(end.other.key, end.node.key):
            self.net.at(AGAIN_S, lambda: self._proof(end))
        else:
            self._event(end.node, lambda: self._finish(end))

    def _finish(self, end: End) -> list[connector.Effect]:
        """Finish the handshake here, or let one side refuse."""
        if end.up or self._ends[end.node.id].get(end.number) is not end:
            return []
        if self.refusal(end.node, end.other) is not None:
            return self._over(end, "refused", tell=True)
        end.up = True
        end.silence.heard = self.net.now
        self.net.turn(end.node, lambda: end.node.core.engine.levels.rise(end.acting))
        peer = end.other.core.engine.peers.me
        return self._connectors[end.node.id].link_up(end.number, end.role, peer, self.net.now)

    def _close(self, end: End, *, tell: bool = True, reason: str = "reset") -> None:
        """This end is closed. tell: the other end reads so, if the path is open then."""
        if self._ends[end.node.id].pop(end.number, None) is not None and tell:
            delay = self._chance.uniform(*self.net.delay_s)
            self.net.at(delay, lambda: self._reset(end.node, end.other, end.number, reason))

    def _reset(self, by: Node, node: Node, number: int, reason: str = "reset") -> None:
        end = self._ends[node.id].get(number)
        if end is not None and self.open(by.key, node.key):
            self._event(node, lambda: self._over(end, reason))

    def _over(self, end: End, reason: str, *, tell: bool = False, farewell: bool = False) -> list[connector.Effect]:
        """Tell the node that the connection is over. farewell: the other side reads a goodbye."""
        if self._ends[end.node.id].get(end.number) is not end:
            return []
        self._close(end, tell=tell or farewell, reason="closed" if farewell else "reset")
        core, now = self._connectors[end.node.id], self.net.now
        if end.up:
            return core.link_down(end.other.key, end.number, reason, now)
        if end.role == "dialler":
            return core.dial_failed(end.dial, "silent" if reason == "silent" else "other", reason, now)
        return []

    # Timers ---------------------------------------------------------------------------------------------------------

    def tick(self, node: Node) -> None:
        """Let the node look at its connections and dials, and link with new nodes of the roster."""
        net, core, peers = self.net, self._connectors[node.id], node.core.engine.peers
        effects: list[connector.Effect] = []
        for end in list(self._ends[node.id].values()):
            if end.silence.tick(net.now):
                effects += self._over(end, "silent", tell=True)
            elif not end.up and net.now - end.opened > net.engine.dead_after_s:
                effects += self._over(end, "the handshake took too long", tell=True)
            elif net.now - end.used > net.idle_close_s:
                effects += self._over(end, "closed", farewell=True)
        effects += core.tick(net.now)
        if self._versions.get(node.id) != peers.version:
            self._versions[node.id] = peers.version
            effects += core.meet([*peers.roster.records(), *peers.too_old.values()], net.now)
        self._perform(node, effects)

    def refusal(self, a: Node, b: Node) -> str | None:
        """Return why the two do not link for their feature levels."""
        one, other = a.core.engine.peers, b.core.engine.peers
        return check_levels(one.me, Range(one.me.level, one.level), other.me, Range(other.me.level, other.level))

    def connect(self, a: Node, b: Node) -> None:
        """Link the two at once."""
        for end in self._ends_of(a, b, 0):
            self._perform(end.node, self._finish(end))
