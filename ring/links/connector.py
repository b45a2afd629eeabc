"""Decide which peers a node is linked with and dials, and judge what each result says of a peer's life (P18).

Theory of operation. The connector does no I/O: the shell (ring/io/links.py, or the simulator's tests/sim/links.py)
reports events with the time, and carries out the effects that come back. For each peer, the connector is in one of
these states:

- idle: the peer is in neither `dials` nor `links`. `meet`, `want` or `keep` begin a dial, unless a dial failed a moment
  ago (`_not_before`). A peer in `_missed` is dialled by `tick`.
- dialling: the peer is in `dials`. The dial becomes `answered` when TLS is done. `link_up`, `dial_failed`, the time
  limit in `tick`, or a newer life of the peer in the roster end the dial.
- linked: the peer is in `links`. `link_down` ends the link, or `link_up` with a better connection replaces the link. An
  answered dial may go on beside a link: `link_up` decides which connection stays.

The rules:

- A pair of nodes keeps one link. If both nodes dialled, the link that the smaller ring key dialled stays.
- A lost link is dialled again at once, and then at growing, jittered intervals until the link is up or the roster
  forgets the peer. A farewell (`closed`) is the exception: the next payload dials.
- A refused dial is evidence of death, and so is silence: of a link for dead_after_s, or of a dial for as long.
- A dial that began before the peer was last heard gives no evidence. A dial outlives a cut: the first packets were lost
  in the cut, the next packets come ever later, and meanwhile the peer's own dial has made the link. So a dial that
  fails while a link is up says nothing, and neither does a dial that began before the peer's last word.
- A dial during which this process was stopped says nothing either: the time of the dial begins anew.

Invariants. A peer has at most one dial and at most one link, and no dial begins while a link is up. Payloads wait only
for peers without a link, at most `settings.queue` bytes. `Connector` alone writes the fields; the shell reads `links`
and `waiting`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random
from typing import Literal, NamedTuple

from ring.ids import Evidence, Incarnation
from ring.links.hello import Role
from ring.links.link import LinkSettings
from ring.links.silence import was_stopped
from ring.roster import NodeRecord

Outcome = Literal["refused", "silent", "other"]
"""How a dial failed: the peer's port refuses, no answer came, or another cause (no route, no TLS, a refusal in words, a
reset)."""


class Dial(NamedTuple):
    """Open a connection to the node and shake hands. The shell reports the number with the result."""

    number: int
    record: NodeRecord


class Abandon(NamedTuple):
    """Stop this dial: the result is no longer needed."""

    number: int


class Close(NamedTuple):
    """Close this connection, as the pair has a better connection. The shell reports nothing more of the connection."""

    connection: int


class Probe(NamedTuple):
    """Send a heartbeat on this connection now. A peer that has lost the connection then resets it."""

    connection: int


class Transmit(NamedTuple):
    """Send a payload that waited for the link."""

    connection: int
    payload: bytes


class Linked(NamedTuple):
    """Tell the engine that a link to the peer is up."""

    peer: NodeRecord
    role: Role


class Down(NamedTuple):
    """Tell the engine that a link is lost, or could not be made. up_s: how long the link was up; None: never."""

    peer: Incarnation
    evidence: Evidence
    reason: str
    up_s: float | None


Effect = Dial | Abandon | Close | Probe | Transmit | Linked | Down


class Established:
    """A link that is up. connection: the shell's number of the socket."""

    __slots__ = ("connection", "heard", "peer", "role", "since")

    def __init__(self, connection: int, role: Role, peer: Incarnation, now: float) -> None:
        self.connection = connection
        self.role: Role = role
        self.peer = peer
        self.since = now
        self.heard = now


class Dialling:
    """A dial under way. answered: TLS is done, so the connection's own timers decide from here on."""

    __slots__ = ("answered", "began", "number", "record")

    def __init__(self, number: int, record: NodeRecord, now: float) -> None:
        self.number = number
        self.record = record
        self.began = now
        self.answered = False


class Connector:
    """Manage the links of one node: see the docstring of the module."""

    def __init__(
        self, key: str, find: Callable[[str], NodeRecord | None], settings: LinkSettings, rng: Random, now: float
    ) -> None:
        """key: this node's ring key. find: returns the roster's record of a ring key, for the address and the life."""
        self.links: dict[str, Established] = {}
        self.dials: dict[str, Dialling] = {}
        self.waiting: dict[str, list[bytes]] = {}  # payloads for peers that are being dialled
        self.settings = settings
        self._key = key
        self._find = find
        self._rng = rng
        self._number = 0
        self._met: dict[str, int] = {}  # ring key -> newest life dialled because the roster named it
        self._missed: dict[str, None] = {}  # peers whose link was lost or could not be made
        self._tries: dict[str, int] = {}
        self._not_before: dict[str, float] = {}
        self._last_heard: dict[str, tuple[int, float]] = {}  # of peers without a link: (life, when)
        self._ticked = now
        self._stopping = False

    # What the node wants --------------------------------------------------------------------------------------------

    def meet(self, records: Iterable[NodeRecord], now: float) -> list[Effect]:
        """Link with every life of a node that is new in the roster."""
        effects: list[Effect] = []
        for record in records:
            if record.key != self._key and record.incarnation > self._met.get(record.key, -1):
                self._met[record.key] = record.incarnation
                effects += self.want(record.key, now)
        return effects

    def want(self, key: str, now: float) -> list[Effect]:
        """Dial the peer, unless a link is up, a dial is under way, or a dial failed a moment ago."""
        if key in self.links or self._stopping:
            return []
        record = self._find(key)
        dial = self.dials.get(key)
        if dial is not None:
            if record is None or record.incarnation <= dial.record.incarnation or dial.answered:
                return []
            del self.dials[key]
            return [Abandon(dial.number), self._dial(record, now)]
        if record is None or now < self._not_before.get(key, 0.0):
            self.waiting.pop(key, None)
            return []
        return [self._dial(record, now)]

    def keep(self, key: str, payload: bytes, now: float) -> list[Effect]:
        """Keep a payload for a peer without a link, while the peer is dialled, within the limit of a queue.

        The engine repeats messages that do not arrive.
        """
        waiting = self.waiting.setdefault(key, [])
        waiting.append(payload)
        if sum(map(len, waiting)) > self.settings.queue:
            waiting.clear()
        return self.want(key, now)

    def stop(self) -> list[Effect]:
        """Stop all dials, and begin no further dial."""
        self._stopping = True
        dials, self.dials = self.dials, {}
        self.waiting.clear()
        return [Abandon(dial.number) for dial in dials.values()]

    # What happened --------------------------------------------------------------------------------------------------

    def answered(self, number: int) -> bool:
        """Note that a dial's connection is there and TLS is done: the link's handshake begins.

        Returns False for a dial that was abandoned meanwhile: the shell closes the connection.
        """
        dial = self._under_way(number)
        if dial is not None:
            dial.answered = True
        return dial is not None

    def dial_failed(self, number: int, outcome: Outcome, reason: str, now: float) -> list[Effect]:
        """End a dial that made no link."""
        dial = self._under_way(number)
        if dial is None:
            return []
        key = dial.record.key
        del self.dials[key]
        if key in self.links:
            return []
        self._back_off(key, now)
        self.waiting.pop(key, None)
        self._missed[key] = None
        evidence: Evidence = "none" if outcome == "other" or self._heard_since(dial) else outcome
        return [Down(dial.record.id, evidence, reason, None)]

    def link_up(self, connection: int, role: Role, peer: NodeRecord, now: float) -> list[Effect]:
        """Take a connection with a finished handshake as the peer's link, or close it for a better connection.

        Of two connections of a pair, the connection that the smaller key dialled stays.
        """
        effects: list[Effect] = []
        key = peer.key
        dial = self.dials.get(key)
        if dial is not None and (role == "dialler" or not dial.answered):
            del self.dials[key]
            if role == "listener":
                effects.append(Abandon(dial.number))
        other = self.links.get(key)
        if other is not None:
            if self._prefers(other, role, peer):
                return [*effects, Close(connection), Probe(other.connection)]
            effects.append(Close(other.connection))
        self.links[key] = Established(connection, role, peer.id, now)
        self._met[key] = max(self._met.get(key, -1), peer.incarnation)
        self._missed.pop(key, None)
        self._tries.pop(key, None)
        self._not_before.pop(key, None)
        self._last_heard.pop(key, None)
        effects.append(Linked(peer, role))
        return effects + [Transmit(connection, payload) for payload in self.waiting.pop(key, [])]

    def heard(self, key: str, connection: int, now: float) -> bool:
        """Note bytes on a connection. Returns whether the connection is the link with the peer."""
        link = self.links.get(key)
        if link is None or link.connection != connection:
            return False
        link.heard = now
        return True

    def link_down(self, key: str, connection: int, reason: str, now: float) -> list[Effect]:
        """End a link. reason: "silent", "closed" (the peer said goodbye), or any other."""
        link = self.links.get(key)
        if link is None or link.connection != connection:
            return []
        del self.links[key]
        self._last_heard[key] = (link.peer.number, link.heard)
        evidence: Evidence = "silent" if reason == "silent" else "none"
        effects: list[Effect] = [Down(link.peer, evidence, reason, now - link.since)]
        if reason != "closed":
            self._missed[key] = None
            if now - link.since < self.settings.heartbeat_s:
                self._back_off(key, now)  # a peer that ends each link at once is not dialled in a circle
            effects += self.want(key, now)  # a refusal: the peer is dead; an answer: only the path was (P18)
        return effects

    def tick(self, now: float) -> list[Effect]:
        """Run the timers. Call several times in dead_after_s."""
        effects: list[Effect] = []
        after_s = self.settings.dead_after_s
        stopped, self._ticked = was_stopped(self._ticked, now, after_s), now
        for dial in list(self.dials.values()):
            if dial.answered:
                continue
            if stopped:
                dial.began = now
            elif now - dial.began > after_s:
                effects += [Abandon(dial.number), *self.dial_failed(dial.number, "silent", "no answer", now)]
        for key in list(self._missed):
            if self._find(key) is None:
                del self._missed[key]
                self._tries.pop(key, None)
                self._not_before.pop(key, None)
                self._last_heard.pop(key, None)
            else:
                effects += self.want(key, now)
        return effects

    # Inside ---------------------------------------------------------------------------------------------------------

    def _dial(self, record: NodeRecord, now: float) -> Dial:
        self._number += 1
        self.dials[record.key] = Dialling(self._number, record, now)
        return Dial(self._number, record)

    def _under_way(self, number: int) -> Dialling | None:
        return next((dial for dial in self.dials.values() if dial.number == number), None)

    def _heard_since(self, dial: Dialling) -> bool:
        """Tell whether the dialled life of the peer has said anything since the dial began."""
        number, at = self._last_heard.get(dial.record.key, (-1, 0.0))
        return number >= dial.record.incarnation and at > dial.began

    def _prefers(self, other: Established, role: Role, peer: NodeRecord) -> bool:
        """Tell whether the link that is up stays and the new connection goes."""
        if other.peer.number != peer.incarnation:
            return other.peer.number > peer.incarnation
        wanted = "dialler" if self._key < peer.key else "listener"
        return role != wanted and other.role == wanted

    def _back_off(self, key: str, now: float) -> None:
        """Set the earliest time of the next dial: jittered, exponential."""
        least = self.settings.redial_min_s
        tries = self._tries[key] = min(self._tries.get(key, 0) + 1, 16)
        most = min(least * 2**tries, self.settings.redial_max_s)
        self._not_before[key] = now + self._rng.uniform(least, most)
