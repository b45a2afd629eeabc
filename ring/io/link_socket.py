"""Carry one TLS connection of a link; `ring.links.link` runs the protocol of the connection."""

from __future__ import annotations

import asyncio
import socket
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import cast

from ring.links.admission import Ticket
from ring.links.connector import Dial
from ring.links.hello import Role
from ring.links.link import Close, Effect, Link, LinkState, Received, Requested, Up, Write
from ring.roster import NodeRecord


class LinkOwner(ABC):
    """Decide about connections, and receive their events. The hub of a node is the owner of its connections."""

    @abstractmethod
    def opened(self, one: LinkSocket, certificate: bytes | None) -> tuple[int, Link] | None:
        """Register a connection after TLS. Returns a number and the protocol; None: the connection is not wanted.

        certificate: of the listener that this node has dialled; None on the listener's side.
        """

    @abstractmethod
    def came_up(self, one: LinkSocket, peer: NodeRecord) -> None:
        """Note a peer, which has proven the network key."""

    @abstractmethod
    def admin_client_came(self, one: LinkSocket) -> None:
        """Note an admin client, which has proven the network key and is no node."""

    @abstractmethod
    def heard(self, one: LinkSocket, peer: NodeRecord) -> None:
        """Note bytes of a peer."""

    @abstractmethod
    def received(self, one: LinkSocket, peer: NodeRecord, payload: bytes) -> None:
        """Take a payload of a peer."""

    @abstractmethod
    def requested(self, payload: bytes, reply: Callable[[bytes], None]) -> None:
        """Take an admin client's request."""

    @abstractmethod
    def went_down(self, one: LinkSocket, reason: str, *, refused: bool) -> None:
        """Note the end of a registered connection. refused: one of the two sides refuses."""


class LinkSocket(asyncio.Protocol):
    """Carry one connection. The owner has a number and a protocol for each connection from the end of TLS on."""

    """Carry one TLS connection; ring.links.link runs the protocol."""

    def __init__(self, owner: LinkOwner, role: Role, *, dial: Dial | None = None, ticket: Ticket | None = None) -> None:
        self._owner = owner
        self.role: Role = role
        self.dial = dial
        self.number = 0  # 0: not open yet
        self.link: Link | None = None
        self.peer: NodeRecord | None = None
        self.address = ""
        self._sent = self._received = 0  # bytes
        self._ticket = ticket  # until the handshake is done
        self._transport: asyncio.Transport | None = None
        self._ended = False  # the owner knows that this connection is over

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
        tls = transport.get_extra_info("ssl_object")
        registered = self._owner.opened(self, tls.getpeercert(binary_form=True) if self.role == "dialler" else None)
        if registered is None:
            self._transport.abort()
            return
        self.number, self.link = registered
        self._perform(self.link.start())

    def data_received(self, data: bytes) -> None:
        if self.link is None:
            return
        self._received += len(data)
        if self.peer is not None:
            self._owner.heard(self, self.peer)
        self._perform(self.link.feed(data, time.monotonic()))

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._release()
        self._end("reset", refused=False)

    def _perform(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Received):
                if self.peer is not None:
                    self._owner.received(self, self.peer, effect.payload)
            elif isinstance(effect, Write):
                self.write(effect.data)
            elif isinstance(effect, Requested):
                self._owner.requested(effect.payload, self.reply)
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
            self._owner.admin_client_came(self)
        else:
            self._owner.came_up(self, peer)

    def _end(self, reason: str, *, refused: bool) -> None:
        """Tell the owner at once: a peer without an answer to TLS's goodbye would seem linked for seconds."""
        if self.number and not self._ended:
            self._ended = True
            self._owner.went_down(self, reason, refused=refused)

    def _release(self) -> None:
        ticket, self._ticket = self._ticket, None
        if ticket is not None:
            ticket.release()

    def send(self, payload: bytes) -> None:
        """Queue a data frame."""
        assert self.link is not None
        self._queue(self.link.send(payload, time.monotonic()))

    def reply(self, payload: bytes) -> None:
        """Queue the reply to an admin client's request."""
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
