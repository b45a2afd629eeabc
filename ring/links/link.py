"""Run one connection between two nodes: handshake, heartbeats, frames.

Theory of operation. A link does no I/O: bytes and time come in, effects go out. A link connects two nodes, or a node
and an admin client. An admin client dials, proves the same key, and may only ask: one request at a time, each answered
by one reply. The states:

- greeting: `start` sends this side's hello. The peer's hello is checked (settings, names, levels) and answered with a
  proof of the network key.
- proving: the peer's hello is known (`_their_hello`). A valid proof of the peer brings the link up.
- up (`is_up`): data between nodes; requests and replies with an admin client; heartbeats after `heartbeat_s` in which
  this side sent nothing.
- closed (`_closed`): after a refusal of either side, a goodbye, dead_after_s of silence, idle_close_s without use, a
  handshake that took too long, or a queue over the limit. A closed link ignores bytes and timers; the shell closes the
  socket on the effect Close.

Invariants. No data, request or reply passes before both proofs. `_asked` is true exactly while an admin client's
request has no reply. `_measured` is the time of the oldest unanswered heartbeat, if no heartbeat was unanswered before.
`Link` alone writes all fields.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from ring.durations import ADMIN_CLIENT_IDLE_S
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

MEASURE_EVERY = 5
"""A link busy with data sends no heartbeats, so a heartbeat is sent every so many heartbeat intervals to measure."""


class LinkSettings(Protocol):
    """The limits of a link, which the configuration owns (config/node.py). Times in seconds, sizes in bytes. Read
    only."""

    heartbeat_s: float
    dead_after_s: float
    idle_close_s: float
    queue: int
    frame_max: int
    redial_min_s: float
    redial_max_s: float


class LinkState(NamedTuple):
    """Describe the link with a peer. Times in seconds, sizes in bytes. sent, received: since the link is up.

    round_trip_s: from the last heartbeat to the answer, both nodes' event loops included; None before the first answer.
    """

    up_s: float
    round_trip_s: float | None = None
    queued: int = 0  # waits to be sent
    sent: int = 0
    received: int = 0


class Write(NamedTuple):
    """Write the bytes to the connection."""

    data: bytes


class Up(NamedTuple):
    """Report that the handshake is done: the peer knows the key and agrees on the terms. peer: None for an admin
    client."""

    peer: NodeRecord | None


class Received(NamedTuple):
    """Report a payload of the peer."""

    payload: bytes


class Requested(NamedTuple):
    """Report an admin client's request. The admin client waits for one `reply`."""

    payload: bytes


class Replied(NamedTuple):
    """Report the reply to this admin client's request."""

    payload: bytes


class Close(NamedTuple):
    """Close the connection.

    reason: "silent", "queue" (the peer does not read), "closed" (a goodbye), or words about a refusal. refused: one of
    the two sides refuses. at_once: drop the bytes that wait to be sent, as the peer does not take them.
    """

    reason: str
    refused: bool = False
    at_once: bool = False


Effect = Write | Up | Received | Requested | Replied | Close


class Link:
    """Run the protocol of one connection: see the docstring of the module."""

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
        """record: this node's record; None for an admin client. certificate: SHA-256 of the listener's certificate.
        acting: the feature level at which this node's network acts. expected: ring key of the dialled node."""
        self.role: Role = role
        self.is_up = False
        self.peer: NodeRecord | None = None  # set once up; None for an admin client
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
        self._unanswered = 0  # heartbeats; the peer answers in their order
        self._measured: float | None = None  # when the first unanswered heartbeat left; None: not to be measured
        self._opened = now
        self._used = now  # when a frame other than a heartbeat last passed
        self._closed = False
        self._asked = False  # a request waits for its reply

    @property
    def claimed(self) -> NodeRecord | None:
        """Return the other side's record, proven or not; None for an admin client, and before the hello."""
        return self._their_hello[1].record if self._their_hello is not None else None

    @property
    def acting(self) -> int:
        """Return the feature level at which the other side's network acts, by the hello; 0 before the hello."""
        return self._their_hello[1].acting if self._their_hello is not None else 0

    def start(self) -> list[Effect]:
        """Greet the peer. Call first."""
        return [Write(frame(HELLO, self._hello))]

    def feed(self, data: bytes, now: float) -> list[Effect]:
        """Take bytes of the peer."""
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
        """Return the bytes of a data frame."""
        self._said = self._used = now
        return frame(DATA, payload)

    def request(self, payload: bytes) -> bytes:
        """Return the bytes of an admin client's request. The next request has to wait for the reply."""
        self._asked = True
        return frame(REQUEST, payload)

    def reply(self, payload: bytes, now: float) -> bytes:
        """Return the bytes of the reply to a `Requested`."""
        self._asked = False
        self._used = now
        return frame(REPLY, payload)

    def bye(self) -> bytes:
        """Return the bytes of a goodbye."""
        return frame(BYE)

    def probe(self, now: float) -> bytes:
        """Return the bytes of a heartbeat, measured if all earlier heartbeats are answered."""
        self._said = self._pinged = now
        if not self._unanswered:
            self._measured = now
        self._unanswered += 1
        return frame(PING)

    def queued(self, size: int) -> list[Effect]:
        """Cut a peer that does not keep up; a new link resynchronises the peer. size: bytes that wait to be sent."""
        if size <= self._settings.queue or self._closed:
            return []
        self._closed = True
        return [Close("queue", at_once=True)]

    def tick(self, now: float) -> list[Effect]:
        """Send a due heartbeat, and close a link that is silent, unused or slow in the handshake."""
        if self._closed:
            return []
        if self._silence.tick(now):
            self._closed = True
            return [Close("silent", at_once=True)]
        if not self.is_up:
            if now - self._opened > self._settings.dead_after_s:
                return self.refuse("the handshake took too long")
            return []
        if now - self._used > (self._settings.idle_close_s if self.peer is not None else ADMIN_CLIENT_IDLE_S):
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
        """Note the answer to a heartbeat. An answer to no heartbeat is ignored."""
        if self._measured is not None:
            self.round_trip_s = now - self._measured
            self._measured = None
        self._unanswered = max(self._unanswered - 1, 0)

    def _data(self, body: bytes) -> list[Effect]:
        if self.peer is None:
            raise Refused("data from an admin client, who may only ask")
        if self._me is None:
            raise Refused("data for an admin client, who is no node")
        return [Received(body)]

    def _request(self, body: bytes) -> list[Effect]:
        if self.peer is not None:
            raise Refused("a request from a node: only admin clients ask")
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
                raise Refused("it is an admin client, and an admin client has to dial")
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
        """Refuse the peer, and tell the peer why, so that both sides log one clear line."""
        self._closed = True
        return [Write(frame(REFUSE, reason.encode()[:300])), Close(reason, refused=True)]
