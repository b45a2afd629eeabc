"""The links of this node: TLS connections to the nodes that it needs, dialled on demand, one a pair."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import socket
import ssl
import time
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any, Protocol, cast

from ring.ids import Evidence, Incarnation
from ring.links.hello import NONCE, Role, Terms
from ring.links.link import Close, Link, LinkSettings, Received, Requested, Up, Write
from ring.roster import NodeRecord
from ring.shells.certificates import dialler_context, listener_context
from ring.shells.log_limit import LogLimit

STRANGERS = 100
"""At most this many connections may be in their handshake; more are closed at once."""

GUESTS = 16
"""At most this many guests at a time; one more is refused."""

GUEST_IDLE_S = 30.0
"""A guest that asks nothing for so long is closed, and one whose answer takes so long."""

TICK_S = 0.25
LOG_EVERY_S = 10.0


class LinkEvents(Protocol):
    """What the hub tells."""

    def up(self, peer: NodeRecord) -> None:
        """A link is up; the peer has proven the network key, and agrees on the settings."""
        ...

    def down(self, key: str, incarnation: int, evidence: Evidence) -> None:
        """A link is down, or could not be made. evidence: what that says of the peer's death (P18)."""
        ...

    def alive(self, key: str) -> None:
        """Bytes have come from a linked peer."""
        ...

    def received(self, peer: Incarnation, payload: bytes) -> None:
        """What another node's core has sent: a list of messages."""
        ...

    def requested(self, payload: bytes, reply: Callable[[bytes], None]) -> None:
        """A guest, who knows the network key, asks. Call reply once, now or later; a guest that has gone misses it."""
        ...


class LinkHub:
    """Listens, dials, and keeps at most one link up for each peer."""

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
    ) -> None:
        """find: the record of a ring key, for its address. acting: the feature level at which the network acts."""
        self.record = record
        self.terms = terms
        self.key = key
        self.settings = settings
        self.events = events
        self.log = log
        self._host = host
        self._port = port
        self._find = find
        self.acting = acting
        self._rng = rng
        self._links: dict[str, _Socket] = {}
        self._strangers: set[_Socket] = set()
        self._guests: set[_Socket] = set()
        self._dials: dict[str, asyncio.Task[None]] = {}
        self._waiting: dict[str, list[bytes]] = {}
        self._tries: dict[str, int] = {}
        self._missed: dict[str, None] = {}  # peers whose link broke or could not be made: dialled until it is up
        self._not_before: dict[str, float] = {}
        self._logged: dict[str, float] = {}
        self._limit = LogLimit()
        self._server: asyncio.Server | None = None
        self._listener, self._certificate = listener_context()
        self._dialler = dialler_context()
        self._timer: asyncio.TimerHandle | None = None
        self._stopping = False

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Socket(self, "listener"),
            self._host,
            self._port,
            ssl=self._listener,
            ssl_handshake_timeout=5.0,
            ssl_shutdown_timeout=self.settings.dead_after_s,
        )
        self._port = self._server.sockets[0].getsockname()[1]
        self._tick()

    @property
    def port(self) -> int:
        return self._port

    async def stop(self) -> None:
        self._stopping = True
        if self._timer is not None:
            self._timer.cancel()
        if self._server is not None:
            self._server.close()
        for task in list(self._dials.values()):
            task.cancel()
        await asyncio.gather(*self._dials.values(), return_exceptions=True)
        for link in list(self._links.values()):
            link.write(link.link.bye() if link.link is not None else b"")
            link.close()
        for other in [*self._strangers, *self._guests]:
            other.close()

    def send(self, key: str, payload: bytes) -> None:
        """Send, or dial and send then. What a lost link had queued is lost: the engine repeats it."""
        link = self._links.get(key)
        if link is not None:
            link.send(payload)
            return
        waiting = self._waiting.setdefault(key, [])
        waiting.append(payload)
        if sum(map(len, waiting)) > self.settings.queue:
            waiting.clear()
        self.want(key)

    def want(self, key: str) -> None:
        """Dial, unless a link is there, or under way, or was refused a moment ago."""
        if key in self._links or key in self._dials or self._stopping:
            return
        if time.monotonic() < self._not_before.get(key, 0.0):
            self._waiting.pop(key, None)
            return
        record = self._find(key)
        if record is None:
            self._waiting.pop(key, None)
            return
        task = asyncio.get_running_loop().create_task(self._dial(record))
        self._dials[key] = task

    def refuse(self, key: str, reason: str) -> None:
        """Cut the link to a peer, if there is one; both sides log the reason."""
        link = self._links.get(key)
        if link is not None:
            link.refuse(reason)

    def connected(self) -> dict[str, float]:
        """Ring keys of linked peers and for how long, in seconds."""
        now = time.monotonic()
        return {key: now - link.since for key, link in self._links.items()}

    async def _dial(self, record: NodeRecord) -> None:
        """One attempt. A refused connection, or no answer for dead_after_s, is evidence of death (P18)."""
        loop = asyncio.get_running_loop()
        key = record.key
        try:
            connecting = loop.create_connection(
                lambda: _Socket(self, "dialler", record),
                record.ip,
                record.link_port,
                ssl=self._dialler,
                server_hostname="",
                local_addr=_source(self.record().ip, record.ip),
                ssl_handshake_timeout=self.settings.dead_after_s,
                ssl_shutdown_timeout=self.settings.dead_after_s,
            )
            await asyncio.wait_for(connecting, self.settings.dead_after_s)
        except (OSError, TimeoutError, ssl.SSLError) as problem:
            refused = isinstance(problem, ConnectionRefusedError)
            silent = isinstance(problem, TimeoutError)
            self._back_off(key)
            self._waiting.pop(key, None)
            self._missed[key] = None
            if self._may_log(f"dial {key}"):
                self.log.info("link_dial_failed", peer=key, reason=type(problem).__name__)
            self.events.down(key, record.incarnation, "refused" if refused else "silent" if silent else "none")
        finally:
            self._dials.pop(key, None)

    def _back_off(self, key: str) -> None:
        """Jittered and exponential."""
        tries = self._tries[key] = min(self._tries.get(key, 0) + 1, 16)
        most = min(self.settings.redial_min_s * 2**tries, self.settings.redial_max_s)
        self._not_before[key] = time.monotonic() + self._rng.uniform(self.settings.redial_min_s, most)

    def _may_log(self, what: str) -> bool:
        """A peer that fails again and again is one line every few seconds."""
        now = time.monotonic()
        if now - self._logged.get(what, -LOG_EVERY_S) < LOG_EVERY_S:
            return False
        if len(self._logged) > 1000:
            self._logged.clear()
        self._logged[what] = now
        return True

    def _tick(self) -> None:
        now = time.monotonic()
        for key in list(self._missed):
            if self._find(key) is None:
                del self._missed[key]
            else:
                self.want(key)
        for link in [*self._links.values(), *self._strangers, *self._guests]:
            link.tick(now)
        self._timer = asyncio.get_running_loop().call_later(TICK_S, self._tick)

    # What sockets tell ----------------------------------------------------------------------------------------------

    def opened(self, link: _Socket) -> bool:
        """Whether there is room for one more handshake; those that this node began always have it."""
        if self._stopping or (link.role == "listener" and len(self._strangers) >= STRANGERS):
            return False
        self._strangers.add(link)
        return True

    def certificate(self, role: Role, seen: bytes | None) -> bytes:
        return self._certificate if role == "listener" else hashlib.sha256(seen or b"").digest()

    def came_up(self, link: _Socket, peer: NodeRecord) -> None:
        """Of two connections between a pair, the one that the smaller key dialled stays."""
        self._strangers.discard(link)
        other = self._links.get(peer.key)
        if other is not None and other.peer is not None and other.peer.incarnation >= peer.incarnation:
            mine, theirs = self.record().key, peer.key
            wanted = "dialler" if mine < theirs else "listener"
            if link.role != wanted and other.role == wanted:
                link.replaced = True
                link.close()
                return
        if other is not None:
            other.replaced = True
            other.close()
        self._links[peer.key] = link
        self._missed.pop(peer.key, None)
        self._tries.pop(peer.key, None)
        self._not_before.pop(peer.key, None)
        self.log.info("link_up", peer=peer.key, name=peer.name, incarnation=peer.incarnation, role=link.role)
        self.events.up(peer)
        for payload in self._waiting.pop(peer.key, []):
            link.send(payload)

    def guest_came(self, link: _Socket) -> None:
        """A guest is never a peer: it has no part in the ring, and nobody is told of it."""
        if len(self._guests) >= GUESTS:
            link.refuse(f"{GUESTS} guests are here already: try again later")
            return
        self._strangers.discard(link)
        self._guests.add(link)
        self.log.debug("guest_came", address=link.address)

    def went_down(self, link: _Socket, reason: str, *, refused: bool) -> None:
        self._strangers.discard(link)
        self._guests.discard(link)
        if refused:
            self._log_refusal(link, reason)
        peer = link.peer
        if peer is None and link.dialled is not None:
            self._dial_failed(link.dialled, reason, refused=refused)
        if peer is None or self._links.get(peer.key) is not link:
            return
        del self._links[peer.key]
        say = self.log.info if reason == "closed" else self.log.warning
        say("link_lost", peer=peer.key, reason=reason, up_s=round(time.monotonic() - link.since, 1))
        self.events.down(peer.key, peer.incarnation, _evidence(reason))
        if reason != "closed" and not self._stopping:
            self._missed[peer.key] = None
            self.want(peer.key)  # re-dialled at once: refused, it is dead; accepted, it was the path (P18)

    def _log_refusal(self, link: _Socket, reason: str) -> None:
        """The words may be a stranger's, ever new ones."""
        known = f"refused {link.address} {reason}"
        if self._may_log(known) and (held := self._limit.allow("link_refused", time.monotonic())) is not None:
            facts = {"not_logged": held} if held else {}
            self.log.warning("link_refused", peer=link.expected or link.address, reason=reason, **facts)

    def _dial_failed(self, record: NodeRecord, reason: str, *, refused: bool) -> None:
        """TLS was there, the link was not: silence counts here too (P18)."""
        if record.key in self._links:
            return
        self._back_off(record.key)
        self._waiting.pop(record.key, None)
        self._missed[record.key] = None
        if not refused:
            self.events.down(record.key, record.incarnation, _evidence(reason))


def _evidence(reason: str) -> Evidence:
    return "silent" if reason == "silent" else "none"


def _source(own_ip: str, peer_ip: str) -> tuple[str, int] | None:
    """Where to dial from: the own address, if it is this machine's (not behind a translator) and of the peer's kind."""
    version = ip_address(own_ip).version
    if version != ip_address(peer_ip).version:
        return None
    try:
        with socket.socket(socket.AF_INET6 if version == 6 else socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((own_ip, 0))
    except OSError:
        return None
    return own_ip, 0


class _Socket(asyncio.Protocol):
    """One TLS connection; the rules are in ring.links.link."""

    def __init__(self, hub: LinkHub, role: Role, dialled: NodeRecord | None = None) -> None:
        self.hub = hub
        self.role: Role = role
        self.dialled = dialled
        self.expected = dialled.key if dialled is not None else None
        self.link: Link | None = None
        self.peer: NodeRecord | None = None
        self.address = ""
        self.since = time.monotonic()
        self.replaced = False
        self._transport: asyncio.Transport | None = None
        self._out: list[bytes] = []
        self._used = self.since
        self._reason = "reset"
        self._refused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        peername = transport.get_extra_info("peername")
        self.address = peername[0] if peername else ""
        raw = transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not self.hub.opened(self):
            self._transport.abort()
            return
        tls = transport.get_extra_info("ssl_object")
        seen = tls.getpeercert(binary_form=True) if self.role == "dialler" else None
        hub = self.hub
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
        if self.peer is not None and not self.replaced:
            self.hub.events.alive(self.peer.key)
        self._perform(self.link.feed(data, time.monotonic()))

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if not self.replaced:
            self.hub.went_down(self, self._reason, refused=self._refused)
        else:
            self.hub._strangers.discard(self)

    def _perform(self, effects: list[Any]) -> None:
        for effect in effects:
            if isinstance(effect, Received):
                self._used = time.monotonic()
                if self.peer is not None and not self.replaced:
                    self.hub.events.received(self.peer.id, effect.payload)
            elif isinstance(effect, Write):
                self.write(effect.data)
            elif isinstance(effect, Requested):
                self._used = time.monotonic()
                self.hub.events.requested(effect.payload, self.reply)
            elif isinstance(effect, Up):
                self._up(effect.peer)
            elif isinstance(effect, Close):
                self._reason, self._refused = effect.reason, effect.refused
                if effect.reason == "silent":
                    self.abort()
                else:
                    self.close()

    def _up(self, peer: NodeRecord | None) -> None:
        self.peer = peer
        self._used = time.monotonic()
        if peer is None:
            self.hub.guest_came(self)
        else:
            self.hub.came_up(self, peer)

    def send(self, payload: bytes) -> None:
        """Queue a data frame; a peer that does not keep up is cut and resynchronised later."""
        assert self.link is not None
        self._used = time.monotonic()
        self._queue(self.link.send(payload, self._used))

    def reply(self, payload: bytes) -> None:
        """Queue what a guest's request is answered with."""
        assert self.link is not None
        self._used = time.monotonic()
        self._queue(self.link.reply(payload))

    def refuse(self, reason: str) -> None:
        assert self.link is not None
        self._perform(self.link.refuse(reason))

    def _queue(self, data: bytes) -> None:
        self.write(data)
        transport = self._transport
        if transport is not None and transport.get_write_buffer_size() > self.hub.settings.queue:
            self._reason = "queue"
            self.abort()

    def write(self, data: bytes) -> None:
        if self._transport is not None and data:
            self._transport.write(data)

    def tick(self, now: float) -> None:
        if self.link is None:
            return
        self._perform(self.link.tick(now))
        idle_s = self.hub.settings.idle_close_s if self.peer is not None else GUEST_IDLE_S
        if self.link.is_up and now - self._used > idle_s and not self._refused:
            self.write(self.link.bye())
            self._reason = "closed"
            self.close()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()
