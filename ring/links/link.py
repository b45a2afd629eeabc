"""One connection between two nodes: handshake, heartbeat, frames. Bytes and time in, effects out.

Or between a node and a guest, who dials, proves the same key, and may only ask: one request at a time, each answered by
one reply.
"""

from __future__ import annotations

from typing import NamedTuple

from ring.features import LEVEL, OLDEST
from ring.links import hello as greeting
from ring.links.framing import (
    BYE,
    DATA,
    HELLO,
    PING,
    PONG,
    PROOF,
    REFUSE,
    REPLY,
    REQUEST,
    BadFrame,
    Deframer,
    frame,
)
from ring.links.hello import Hello, Refused, Role, Terms
from ring.links.silence import Silence
from ring.roster import NodeRecord, Range, check_levels

GUEST_IDLE_S = 30.0
"""A guest that asks nothing for so long is closed, and so is a guest whose answer takes so long."""

MEASURE_EVERY = 5
"""A link that data keeps busy sends no heartbeats, so every so many heartbeats' time one goes out to be measured."""


class LinkSettings(NamedTuple):
    """Times in seconds, sizes in bytes."""

    heartbeat_s: float = 1.0
    dead_after_s: float = 5.0
    idle_close_s: float = 600.0
    queue: int = 16 * 1024 * 1024
    frame_max: int = 4 * 1024 * 1024
    redial_min_s: float = 0.1
    redial_max_s: float = 5.0


class LinkState(NamedTuple):
    """How the link with a peer is. Times in seconds, the rest in bytes. sent, received: since the link is up.

    round_trip_s: of the last heartbeat and its answer, both nodes' event loops included; None before the first answer.
    """

    up_s: float
    round_trip_s: float | None = None
    queued: int = 0  # waits to be sent
    sent: int = 0
    received: int = 0


class Write(NamedTuple):
    data: bytes


class Up(NamedTuple):
    """The handshake is done: the peer knows the key and agrees on the terms. peer: None, it is a guest."""

    peer: NodeRecord | None


class Received(NamedTuple):
    payload: bytes


class Requested(NamedTuple):
    """A guest asks: it waits for one `reply`."""

    payload: bytes


class Replied(NamedTuple):
    """What this guest's request is answered with."""

    payload: bytes


class Close(NamedTuple):
    """reason: "silent", "queue" (the peer does not read), "closed" (a goodbye), or words about a refusal. refused: one
    of us refuses. at_once: drop what waits to be sent, for the peer does not take it."""

    reason: str
    refused: bool = False
    at_once: bool = False


Effect = Write | Up | Received | Requested | Replied | Close


class Link:
    """A state machine: hellos cross, then proofs, then data, or a guest's requests and their replies."""

    def __init__(
        self,
        role: Role,
        terms: Terms,
        record: NodeRecord | None,
        key: bytes,
        certificate: bytes,
        nonce: bytes,
        settings: LinkSettings,
        now: float,
        expected: str | None = None,
        acting: int = 0,
    ) -> None:
        """record: this node's; None for a guest. certificate: SHA-256 of the listener's certificate. acting: the
        feature level at which this node's network acts.

        expected: ring key of the node that was dialled.
        """
        self.role: Role = role
        self.is_up = False
        self.peer: NodeRecord | None = None  # once up, unless it is a guest
        self.round_trip_s: float | None = None  # of the last heartbeat that was measured
        self._terms = terms
        self._me = record
        self._key = key
        self._certificate = certificate
        self._settings = settings
        self._expected = expected
        self._levels = Range(record.level if record is not None else LEVEL, acting)
        self._hello = greeting.encode(Hello(greeting.PROTOCOL, terms, record, nonce, acting, OLDEST))
        self._their_hello: tuple[bytes, Hello] | None = None
        self._deframer = Deframer()
        self._silence = Silence(settings.dead_after_s, now)
        self._said = now
        self._pinged = float("-inf")  # when the last heartbeat left
        self._unanswered = 0  # heartbeats; the peer answers them in their order
        self._measured: float | None = None  # when the first of those left; None: an earlier one had no answer yet
        self._opened = now
        self._used = now  # when something other than heartbeats last passed
        self._closed = False
        self._asked = False  # a request waits for its reply

    @property
    def claimed(self) -> NodeRecord | None:
        """What the other side says of itself, proven or not; None for a guest, and before its hello."""
        return self._their_hello[1].record if self._their_hello is not None else None

    def start(self) -> list[Effect]:
        return [Write(frame(HELLO, self._hello))]

    def feed(self, data: bytes, now: float) -> list[Effect]:
        """Bytes of the peer."""
        if self._closed:
            return []
        self._silence.heard = now
        effects: list[Effect] = []
        try:
            for kind, body in self._deframer.feed(data):
                effects += self._frame(kind, body, now)
                if self._closed:
                    break
        except (BadFrame, Refused) as problem:
            effects += self.refuse(str(problem))
        return effects

    def send(self, payload: bytes, now: float) -> bytes:
        """The bytes of a data frame."""
        self._said = self._used = now
        return frame(DATA, payload)

    def request(self, payload: bytes) -> bytes:
        """The bytes of a guest's question; the next one has to wait for its reply."""
        self._asked = True
        return frame(REQUEST, payload)

    def reply(self, payload: bytes, now: float) -> bytes:
        """The bytes of the answer to what was `Requested`."""
        self._asked = False
        self._used = now
        return frame(REPLY, payload)

    def bye(self) -> bytes:
        return frame(BYE)

    def probe(self, now: float) -> bytes:
        """The bytes of a heartbeat, which is measured if all heartbeats before it are answered."""
        self._said = self._pinged = now
        if not self._unanswered:
            self._measured = now
        self._unanswered += 1
        return frame(PING)

    def queued(self, size: int) -> list[Effect]:
        """size: bytes that wait to be sent. A peer that does not keep up is cut, and resynchronised on a new link."""
        if size <= self._settings.queue or self._closed:
            return []
        self._closed = True
        return [Close("queue", at_once=True)]

    def tick(self, now: float) -> list[Effect]:
        """Heartbeats, and what silence means."""
        if self._closed:
            return []
        if self._silence.tick(now):
            self._closed = True
            return [Close("silent", at_once=True)]
        if not self.is_up:
            if now - self._opened > self._settings.dead_after_s:
                return self.refuse("the handshake took too long")
            return []
        if now - self._used > (self._settings.idle_close_s if self.peer is not None else GUEST_IDLE_S):
            self._closed = True
            return [Write(frame(BYE)), Close("closed")]
        beat_s = self._settings.heartbeat_s
        if now - self._said >= beat_s or now - self._pinged >= MEASURE_EVERY * beat_s:
            return [Write(self.probe(now))]
        return []

    def _frame(self, kind: int, body: bytes, now: float) -> list[Effect]:
        if kind == REFUSE:
            self._closed = True
            return [Close(body[:300].decode("utf-8", "replace"), refused=True)]
        if not self.is_up:
            return self._handshake(kind, body, now)
        if kind in (DATA, REQUEST, REPLY):
            self._used = now
        if kind == DATA:
            return self._data(body)
        if kind == REQUEST:
            return self._request(body)
        if kind == REPLY:
            return self._reply(body)
        if kind == PING:
            self._said = now
            return [Write(frame(PONG))]
        if kind == BYE:
            self._closed = True
            return [Close("closed")]
        if kind == PONG:
            self._answered(now)
            return []
        raise Refused("a handshake frame after the handshake")

    def _answered(self, now: float) -> None:
        """The peer has answered a heartbeat; an answer to no heartbeat says nothing."""
        if self._measured is not None:
            self.round_trip_s = now - self._measured
            self._measured = None
        self._unanswered = max(self._unanswered - 1, 0)

    def _data(self, body: bytes) -> list[Effect]:
        if self.peer is None:
            raise Refused("data from a guest, who may only ask")
        if self._me is None:
            raise Refused("data for a guest, who is no node")
        return [Received(body)]

    def _request(self, body: bytes) -> list[Effect]:
        if self.peer is not None:
            raise Refused("a request from a node: only guests ask")
        if self._asked:
            raise Refused("a request before the last one was answered")
        self._asked = True
        return [Requested(body)]

    def _reply(self, body: bytes) -> list[Effect]:
        if self._me is not None or not self._asked:
            raise Refused("a reply to nothing that was asked")
        self._asked = False
        return [Replied(body)]

    def _handshake(self, kind: int, body: bytes, now: float) -> list[Effect]:
        if kind == HELLO and self._their_hello is None:
            theirs = greeting.read(body)
            self._their_hello = (body, theirs)
            self._check(theirs)
            return [Write(frame(PROOF, self._proof(self.role)))]
        if kind == PROOF and self._their_hello is not None:
            other: Role = "listener" if self.role == "dialler" else "dialler"
            if not greeting.is_proof(self._proof(other), body):
                raise Refused("it does not know this network's key: network.key_file differs")
            self.is_up = True
            self._used = now
            self.peer = self._their_hello[1].record
            if self.peer is not None:
                self._deframer.limit = self._settings.frame_max
            return [Up(self.peer)]
        raise Refused("data before the handshake")

    def _check(self, theirs: Hello) -> None:
        mismatches = greeting.compare(self._terms, theirs.terms)
        if mismatches:
            raise Refused("; ".join(mismatches))
        if theirs.record is None:
            if self.role == "dialler":
                raise Refused("it is a guest, and a guest has to dial")
            return
        if self._me is not None and theirs.record.key == self._me.key:
            raise Refused(f"it has the same ring key {self._me.key}: give one of the two its own node.ring_key")
        if self._me is not None and theirs.record.name.casefold() == self._me.name.casefold():
            raise Refused(f"it has the same name {self._me.name}: give one of the two a name of its own (node.name)")
        if self._expected is not None and theirs.record.key != self._expected:
            raise Refused(f"it is {theirs.record.key}, not {self._expected}")
        if self._me is not None:
            there = Range(theirs.record.level, theirs.acting, theirs.oldest)
            problem = check_levels(self._me, self._levels, theirs.record, there)
            if problem is not None:
                raise Refused(problem)

    def _proof(self, role: Role) -> bytes:
        assert self._their_hello is not None
        theirs = self._their_hello[0]
        dialler, listener = (self._hello, theirs) if self.role == "dialler" else (theirs, self._hello)
        return greeting.proof(self._key, role, dialler, listener, self._certificate)

    def refuse(self, reason: str) -> list[Effect]:
        """Said to the peer too, so that both sides log one clear line."""
        self._closed = True
        return [Write(frame(REFUSE, reason.encode()[:300])), Close(reason, refused=True)]
