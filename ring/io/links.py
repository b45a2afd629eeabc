"""Hold the links of this node: TLS connections to the peers in use, dialled on demand, one connection for each pair.

Only sockets are here. ring.links.connector decides the dials, chooses between two connections of a pair, and judges the
results. ring.links.link runs the protocol of a connection. ring.links.door admits connections.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import time
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from ring.durations import LINK_TICK_S
from ring.ids import Evidence, Incarnation
from ring.io.accepting import Acceptor
from ring.io.certificates import dialler_context, listener_context
from ring.io.link_log import LinkLog
from ring.io.link_socket import LinkOwner, LinkSocket
from ring.io.source import source_for
from ring.links import connector as wanted
from ring.links.connector import Connector, Dial, Outcome
from ring.links.door import Door
from ring.links.hello import NONCE, Terms
from ring.links.link import Link, LinkSettings, LinkState
from ring.links.refusals import Refusals
from ring.roster import NodeRecord


class LinkEvents(Protocol):
    """Receive the events of the hub."""

    def up(self, peer: NodeRecord) -> None:
        """A link is up; the peer has proven the network key, and agrees on the settings."""
        ...

    def acts_at(self, level: int) -> None:
        """The network acts at this feature level, or above: a peer says so, before the link to the peer is up (P42)."""
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
        """An admin client, which knows the network key, asks. Call reply once, now or later; an admin client that has
        gone misses the reply."""
        ...


class LinkHub(LinkOwner):
    """The sockets of the links, and the admin clients'."""

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
        self.log = LinkLog(log)
        self.connector = Connector(record().key, find, settings, rng, time.monotonic())
        self.door = Door(prefix6)
        self.refusals = Refusals()
        self._bound = False
        self._host = host
        self._port = port
        self._sockets: dict[int, LinkSocket] = {}  # by number; from the end of TLS until the connection is lost
        self._number = 0
        self._admin_clients: set[LinkSocket] = set()
        self._dials: dict[int, asyncio.Task[None]] = {}  # by the connector's number, while TCP and TLS are under way
        self._listener, self._certificate = listener_context()
        self._dialler = dialler_context()
        self._acceptor = Acceptor(
            admit=self.door.admit,
            protocol=lambda ticket: LinkSocket(self, "listener", ticket=ticket),
            context=self._listener,
            handshake_s=settings.dead_after_s,
            shutdown_s=settings.dead_after_s,
            exhausted=lambda problem: self.log.exhausted(problem, time.monotonic()),
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
                    self.log.up(peer, role)
                    self.events.up(peer)
                case wanted.Down():
                    self._down(effect)

    def _down(self, down: wanted.Down) -> None:
        if down.up_s is not None:
            # A stopping node loses all links, as the operator wants: a warning would say nothing new.
            self.log.lost(down.peer.key, down.reason, down.up_s, wanted=down.reason == "closed" or self._stopping)
        else:
            self.log.dial_failed(down.peer.key, down.reason, time.monotonic())
        self.events.down(down.peer.key, down.peer.number, down.evidence)

    async def _dial(self, dial: Dial) -> None:
        """Do TCP and TLS of one dial; the socket does the rest. The connector ends a dial that takes too long."""
        record = dial.record
        try:
            await asyncio.get_running_loop().create_connection(
                lambda: LinkSocket(self, "dialler", dial=dial),
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
            self.log.connections_refused(report)
        self._timer = asyncio.get_running_loop().call_later(LINK_TICK_S, self._tick)

    # What sockets tell ----------------------------------------------------------------------------------------------

    def opened(self, one: LinkSocket, certificate: bytes | None) -> tuple[int, Link] | None:
        if self._stopping or (one.dial is not None and not self.connector.answered(one.dial.number)):
            return None
        self._number += 1
        self._sockets[self._number] = one
        return self._number, Link(
            one.role,
            self.terms,
            self.record(),
            self.key,
            self._certificate if one.role == "listener" else hashlib.sha256(certificate or b"").digest(),
            os.urandom(NONCE),
            self.settings,
            time.monotonic(),
            one.expected,
            self.acting(),
        )

    def came_up(self, one: LinkSocket, peer: NodeRecord) -> None:
        self.refusals.linked(peer, one.address)
        if one.link is not None:
            self.events.acts_at(one.link.acting)
        self._perform(self.connector.link_up(one.number, one.role, peer, time.monotonic()))

    def heard(self, one: LinkSocket, peer: NodeRecord) -> None:
        if self.connector.heard(peer.key, one.number, time.monotonic()):
            self.events.alive(peer.id)

    def received(self, one: LinkSocket, peer: NodeRecord, payload: bytes) -> None:
        current = self.connector.links.get(peer.key)
        if current is not None and current.connection == one.number:  # the pair may have a better connection by now
            self.events.received(peer.id, payload)

    def requested(self, payload: bytes, reply: Callable[[bytes], None]) -> None:
        self.events.requested(payload, reply)

    def admin_client_came(self, one: LinkSocket) -> None:
        """Note an admin client. An admin client is never a peer: the client takes no part in the ring, and no event
        tells of the client."""
        refusal = self.door.refuse_admin_client(len(self._admin_clients))
        if refusal is not None:
            one.refuse(refusal)
            return
        self._admin_clients.add(one)
        self.log.admin_client_came(one.address)

    def dial_failed(self, number: int, outcome: Outcome, reason: str) -> None:
        self._perform(self.connector.dial_failed(number, outcome, reason, time.monotonic()))

    def went_down(self, one: LinkSocket, reason: str, *, refused: bool) -> None:
        self._sockets.pop(one.number, None)
        self._admin_clients.discard(one)
        if refused:
            self._note_refusal(one, reason)
        if one.peer is not None:
            self._perform(self.connector.link_down(one.peer.key, one.number, reason, time.monotonic()))
        elif one.dial is not None:
            self.dial_failed(one.dial.number, "silent" if reason == "silent" else "other", reason)

    def _note_refusal(self, one: LinkSocket, reason: str) -> None:
        record = one.dial.record if one.dial is not None else one.link.claimed if one.link is not None else None
        if record is not None:
            self.refusals.note(record, one.address, reason, time.time())
        self.log.refused(one.expected, one.address, reason, time.monotonic())


def _outcome(problem: BaseException) -> Outcome:
    if isinstance(problem, ConnectionRefusedError):
        return "refused"
    return "silent" if isinstance(problem, TimeoutError) else "other"
