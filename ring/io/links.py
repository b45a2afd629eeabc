"""Hold the links of this node: TLS connections to the peers in use, dialled on demand, one connection for each pair.

Only sockets are here. ring.links.connector decides the dials, chooses between two connections of a pair, and judges the
results. ring.links.link runs the protocol of a connection. ring.links.door admits connections.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import socket
import time
from collections.abc import Callable, Iterable
from typing import Any, Protocol, cast

from ring.ids import Evidence, Incarnation
from ring.io.accepting import Acceptor
from ring.io.certificates import dialler_context, listener_context
from ring.io.log_limit import LogLimit
from ring.io.source import source_for
from ring.links import connector as wanted
from ring.links.admission import Ticket
from ring.links.connector import Connector, Dial, Outcome
from ring.links.door import Door
from ring.links.hello import NONCE, Role, Terms
from ring.links.link import Close, Link, LinkSettings, LinkState, Received, Requested, Up, Write
from ring.links.refusals import Refusals
from ring.roster import NodeRecord

TICK_S = 0.25
LOG_EVERY_S = 10.0
"""A peer that fails again and again gets one log line in this time."""

EXHAUSTED_EVERY_S = 3600.0
"""A lack of descriptors is logged once in this time."""


class LinkEvents(Protocol):
    """Receive the events of the hub."""

    def up(self, peer: NodeRecord) -> None:
        """A link is up; the peer has proven the network key, and agrees on the settings."""
        ...

    def down(self, key: str, incarnation: int, evidence: Evidence) -> None:
        """A link is down, or could not be made. evidence: the meaning for the peer's death (P18)."""
        ...

    def alive(self, peer: Incarnation) -> None:
        """Bytes have come from a linked peer."""
        ...

    def received(self, peer: Incarnation, payload: bytes) -> None:
        """A payload of another node's core has come: a list of messages."""
        ...

    def requested(self, payload: bytes, reply: Callable[[bytes], None]) -> None:
        """A guest, which knows the network key, asks. Call reply once, now or later; a guest that has gone misses the
        reply."""
        ...


class LinkHub:
    """The sockets of the links, and the guests'."""

    def __init__(
        self,
        *,
        record: Callable[[], NodeRecord],
        terms: Terms,
        key: bytes,
        host: str,
        port: int,
        settings: LinkSettings,
        events: LinkEvents,
        find: Callable[[str], NodeRecord | None],
        log: Any,
        rng: random.Random,
        acting: Callable[[], int] = lambda: 0,
        prefix6: int = 64,
    ) -> None:
        """find: returns the record of a ring key, for the address. acting: the feature level at which the network acts.
        prefix6: bits of an IPv6 address that make one source of connections."""
        self.record = record
        self.terms = terms
        self.key = key
        self.settings = settings
        self.events = events
        self.acting = acting
        self.log = log
        self.connector = Connector(record().key, find, settings, rng, time.monotonic())
        self.door = Door(prefix6)
        self.refusals = Refusals()
        self._bound = False
        self._host = host
        self._port = port
        self._sockets: dict[int, _Socket] = {}  # by number; from the end of TLS until the connection is lost
        self._number = 0
        self._guests: set[_Socket] = set()
        self._dials: dict[int, asyncio.Task[None]] = {}  # by the connector's number, while TCP and TLS are under way
        self._logged: dict[str, float] = {}
        self._limit = LogLimit()
        self._scarce = LogLimit(burst=1)
        self._listener, self._certificate = listener_context()
        self._dialler = dialler_context()
        self._acceptor = Acceptor(
            admit=self.door.admit,
            protocol=lambda ticket: _Socket(self, "listener", ticket=ticket),
            context=self._listener,
            handshake_s=settings.dead_after_s,
            shutdown_s=settings.dead_after_s,
            exhausted=self._exhausted,
        )
        self._timer: asyncio.TimerHandle | None = None
        self._stopping = False

    async def bind(self) -> None:
        """Hold the port; the kernel refuses connections until start(). Raises OSError if the port is taken."""
        await self._acceptor.bind(self._host, self._port)
        self._port = self._acceptor.port
        self._bound = True

    async def start(self) -> None:
        """Listen. Raises OSError if the port cannot be had."""
        if not self._bound:
            await self.bind()
        self.door.meet([self.record()])
        self._acceptor.open()
        self._tick()

    @property
    def port(self) -> int:
        return self._port

    async def stop(self) -> None:
        self._stopping = True
        if self._timer is not None:
            self._timer.cancel()
        self._acceptor.close()
        self._perform(self.connector.stop())
        await asyncio.gather(*self._dials.values(), return_exceptions=True)
        linked = {link.connection for link in self.connector.links.values()}
        for number, other in list(self._sockets.items()):
            if number in linked:
                other.say_goodbye()
            other.close()

    # What the node wants --------------------------------------------------------------------------------------------

    def send(self, key: str, payload: bytes) -> None:
        """Send the payload, or dial and send then. A lost link's queue is lost: the engine repeats the messages."""
        link = self.connector.links.get(key)
        if link is not None:
            self._sockets[link.connection].send(payload)
        else:
            self._perform(self.connector.keep(key, payload, time.monotonic()))

    def want(self, key: str) -> None:
        """Dial, unless a link is there or under way, or a dial failed a moment ago."""
        self._perform(self.connector.want(key, time.monotonic()))

    def meet(self, records: Iterable[NodeRecord]) -> None:
        """Take the nodes of a changed roster."""
        known = list(records)
        self.door.meet([self.record(), *known])
        self._perform(self.connector.meet(known, time.monotonic()))

    def refuse(self, key: str, reason: str) -> None:
        """Cut the link to a peer, if there is one; both sides log the reason."""
        link = self.connector.links.get(key)
        if link is not None:
            self._sockets[link.connection].refuse(reason)

    def connected(self) -> dict[str, LinkState]:
        """Return the ring key of each linked peer, and the state of the link."""
        now = time.monotonic()
        links = self.connector.links.items()
        return {key: self._sockets[link.connection].state(now - link.since) for key, link in links}

    def waiting_bytes(self) -> int:
        """Return the bytes that wait for peers under dial."""
        return sum(sum(map(len, payloads)) for payloads in self.connector.waiting.values())

    # What the connector wants ---------------------------------------------------------------------------------------

    def _perform(self, effects: list[wanted.Effect]) -> None:
        for effect in effects:
            match effect:
                case wanted.Transmit(connection, payload):
                    if (link := self._sockets.get(connection)) is not None:  # an earlier send may have cut the link
                        link.send(payload)
                case wanted.Dial():
                    self._dials[effect.number] = asyncio.get_running_loop().create_task(self._dial(effect))
                case wanted.Abandon(number):
                    if (task := self._dials.get(number)) is not None:
                        task.cancel()
                case wanted.Close(connection):
                    self._sockets[connection].close()
                case wanted.Probe(connection):
                    self._sockets[connection].probe()
                case wanted.Linked(peer, role):
                    self.log.info("link_up", peer=peer.key, name=peer.name, incarnation=peer.incarnation, role=role)
                    self.events.up(peer)
                case wanted.Down():
                    self._down(effect)

    def _down(self, down: wanted.Down) -> None:
        key = down.peer.key
        if down.up_s is not None:
            # A stopping node loses all links, as the operator wants: a warning would say nothing new.
            say = self.log.info if down.reason == "closed" or self._stopping else self.log.warning
            say("link_lost", peer=key, reason=down.reason, up_s=round(down.up_s, 1))
        elif self._may_log(f"dial {key}"):
            self.log.info("link_dial_failed", peer=key, reason=down.reason)
        self.events.down(key, down.peer.number, down.evidence)

    async def _dial(self, dial: Dial) -> None:
        """Do TCP and TLS of one dial; the socket does the rest. The connector ends a dial that takes too long."""
        record = dial.record
        try:
            await asyncio.get_running_loop().create_connection(
                lambda: _Socket(self, "dialler", dial=dial),
                record.ip,
                record.link_port,
                ssl=self._dialler,
                server_hostname="",
                local_addr=source_for(self.record().ip, record.ip),
                ssl_handshake_timeout=2 * self.settings.dead_after_s,
                ssl_shutdown_timeout=self.settings.dead_after_s,
            )
        except (OSError, TimeoutError) as problem:  # ssl.SSLError is an OSError
            self.dial_failed(dial.number, _outcome(problem), type(problem).__name__)
        finally:
            self._dials.pop(dial.number, None)

    def _tick(self) -> None:
        now = time.monotonic()
        self._perform(self.connector.tick(now))
        for link in list(self._sockets.values()):
            link.tick(now)
        for report in self.door.reports(now):
            self.log.warning("link_connections_refused", **report._asdict())
        self._timer = asyncio.get_running_loop().call_later(TICK_S, self._tick)

    def _may_log(self, what: str, every_s: float = LOG_EVERY_S) -> bool:
        now = time.monotonic()
        if now - self._logged.get(what, float("-inf")) < every_s:
            return False
        if len(self._logged) > 1000:
            self._logged.clear()
        self._logged[what] = now
        return True

    def _exhausted(self, problem: OSError) -> None:
        if self._may_log("descriptors", EXHAUSTED_EVERY_S):
            self.log.error("descriptors_exhausted", port="links", reason=problem.strerror)

    # What sockets tell ----------------------------------------------------------------------------------------------

    def opened(self, link: _Socket) -> int | None:
        """Register a connection after TLS. Returns the connection's number, or None if the connection is no longer
        wanted."""
        if self._stopping or (link.dial is not None and not self.connector.answered(link.dial.number)):
            return None
        self._number += 1
        self._sockets[self._number] = link
        return self._number

    def certificate(self, role: Role, seen: bytes | None) -> bytes:
        return self._certificate if role == "listener" else hashlib.sha256(seen or b"").digest()

    def came_up(self, link: _Socket, peer: NodeRecord) -> None:
        self.refusals.linked(peer, link.address)
        self._perform(self.connector.link_up(link.number, link.role, peer, time.monotonic()))

    def heard(self, link: _Socket, peer: NodeRecord) -> bool:
        """Note bytes of a peer. Returns whether this connection is the link with the peer."""
        if not self.connector.heard(peer.key, link.number, time.monotonic()):
            return False
        self.events.alive(peer.id)
        return True

    def is_link(self, link: _Socket, peer: NodeRecord) -> bool:
        current = self.connector.links.get(peer.key)
        return current is not None and current.connection == link.number

    def guest_came(self, link: _Socket) -> None:
        """Note a guest. A guest is never a peer: a guest takes no part in the ring, and no event tells of the guest."""
        refusal = self.door.refuse_guest(len(self._guests))
        if refusal is not None:
            link.refuse(refusal)
            return
        self._guests.add(link)
        self.log.debug("guest_came", address=link.address)

    def dial_failed(self, number: int, outcome: Outcome, reason: str) -> None:
        self._perform(self.connector.dial_failed(number, outcome, reason, time.monotonic()))

    def went_down(self, link: _Socket, reason: str, *, refused: bool) -> None:
        self._sockets.pop(link.number, None)
        self._guests.discard(link)
        if refused:
            self._log_refusal(link, reason)
        if link.peer is not None:
            self._perform(self.connector.link_down(link.peer.key, link.number, reason, time.monotonic()))
        elif link.dial is not None:
            self.dial_failed(link.dial.number, "silent" if reason == "silent" else "other", reason)

    def _log_refusal(self, link: _Socket, reason: str) -> None:
        """Log a refusal within limits: the words may be a stranger's, ever new."""
        record = link.dial.record if link.dial is not None else link.link.claimed if link.link is not None else None
        if record is not None:
            self.refusals.note(record, link.address, reason, time.time())
        self._may_log(f"dial {link.expected}")  # the refusal says more than the failed dial
        known = f"refused {link.address} {reason}"
        if self._may_log(known) and (held := self._limit.allow("link_refused", time.monotonic())) is not None:
            facts = {"not_logged": held} if held else {}
            self.log.warning("link_refused", peer=link.expected or link.address, reason=reason, **facts)


def _outcome(problem: BaseException) -> Outcome:
    if isinstance(problem, ConnectionRefusedError):
        return "refused"
    return "silent" if isinstance(problem, TimeoutError) else "other"


class _Socket(asyncio.Protocol):
    """Carry one TLS connection; ring.links.link runs the protocol."""

    def __init__(self, hub: LinkHub, role: Role, *, dial: Dial | None = None, ticket: Ticket | None = None) -> None:
        self.hub = hub
        self.role: Role = role
        self.dial = dial
        self.number = 0  # 0: not open yet
        self.link: Link | None = None
        self.peer: NodeRecord | None = None
        self.address = ""
        self._sent = self._received = 0  # bytes
        self._ticket = ticket  # until the handshake is done
        self._transport: asyncio.Transport | None = None
        self._ended = False  # the hub knows that this connection is over

    @property
    def expected(self) -> str | None:
        """Return the ring key that was dialled."""
        return self.dial.record.key if self.dial is not None else None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        peername = transport.get_extra_info("peername")
        self.address = peername[0] if peername else ""
        raw = transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        hub = self.hub
        number = hub.opened(self)
        if number is None:
            self._transport.abort()
            return
        self.number = number
        tls = transport.get_extra_info("ssl_object")
        seen = tls.getpeercert(binary_form=True) if self.role == "dialler" else None
        self.link = Link(
            self.role,
            hub.terms,
            hub.record(),
            hub.key,
            hub.certificate(self.role, seen),
            os.urandom(NONCE),
            hub.settings,
            time.monotonic(),
            self.expected,
            hub.acting(),
        )
        self._perform(self.link.start())

    def data_received(self, data: bytes) -> None:
        if self.link is None:
            return
        self._received += len(data)
        if self.peer is not None:
            self.hub.heard(self, self.peer)
        self._perform(self.link.feed(data, time.monotonic()))

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._release()
        self._end("reset", refused=False)

    def _perform(self, effects: list[Any]) -> None:
        for effect in effects:
            if isinstance(effect, Received):
                if self.peer is not None and self.hub.is_link(self, self.peer):
                    self.hub.events.received(self.peer.id, effect.payload)
            elif isinstance(effect, Write):
                self.write(effect.data)
            elif isinstance(effect, Requested):
                self.hub.events.requested(effect.payload, self.reply)
            elif isinstance(effect, Up):
                self._up(effect.peer)
            elif isinstance(effect, Close):
                if effect.at_once:
                    self.abort()
                else:
                    self.close()
                self._end(effect.reason, refused=effect.refused)

    def _up(self, peer: NodeRecord | None) -> None:
        self._release()
        self.peer = peer
        if peer is None:
            self.hub.guest_came(self)
        else:
            self.hub.came_up(self, peer)

    def _end(self, reason: str, *, refused: bool) -> None:
        """Tell the hub at once: a peer without an answer to TLS's goodbye would seem linked for seconds."""
        if self.number and not self._ended:
            self._ended = True
            self.hub.went_down(self, reason, refused=refused)

    def _release(self) -> None:
        ticket, self._ticket = self._ticket, None
        if ticket is not None:
            ticket.release()

    def send(self, payload: bytes) -> None:
        """Queue a data frame."""
        assert self.link is not None
        self._queue(self.link.send(payload, time.monotonic()))

    def reply(self, payload: bytes) -> None:
        """Queue the reply to a guest's request."""
        assert self.link is not None
        self._queue(self.link.reply(payload, time.monotonic()))

    def refuse(self, reason: str) -> None:
        assert self.link is not None
        self._perform(self.link.refuse(reason))

    def probe(self) -> None:
        assert self.link is not None
        self.write(self.link.probe(time.monotonic()))

    def say_goodbye(self) -> None:
        assert self.link is not None
        self.write(self.link.bye())

    def _queue(self, data: bytes) -> None:
        self.write(data)
        if self._transport is not None and self.link is not None:
            self._perform(self.link.queued(self._transport.get_write_buffer_size()))

    def write(self, data: bytes) -> None:
        if self._transport is not None and data:
            self._sent += len(data)
            self._transport.write(data)

    def tick(self, now: float) -> None:
        if self.link is not None:
            self._perform(self.link.tick(now))

    def state(self, up_s: float) -> LinkState:
        round_trip_s = self.link.round_trip_s if self.link is not None else None
        queued = self._transport.get_write_buffer_size() if self._transport is not None else 0
        return LinkState(up_s, round_trip_s, queued, self._sent, self._received)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()
