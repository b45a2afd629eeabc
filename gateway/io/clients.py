"""The sockets of IRC clients: bytes in, bytes out, and a limit on the output that waits for a slow client."""

from __future__ import annotations

import asyncio
import fcntl
import socket
import ssl
import struct
import termios
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, cast

from gateway.edge.client.connection import Connection
from gateway.edge.client.flood import READ_BYTES
from gateway.io.client_tls import fingerprint

if TYPE_CHECKING:
    from gateway.io.process import Process
    from ring.links.admission import Ticket

LINGER_S = 5.0
"""A closed client has this long to read the last lines."""

LOOK_S = 0.02
"""Pause between two looks whether the client's machine has got the last lines: about a round trip."""

SEND_BUFFER = 64 * 1024
"""Bytes of output that the kernel may hold for a client. By default the kernel would hold megabytes."""


RECEIVE_BUFFER = 32 * 1024
"""Bytes of input that the kernel may hold for a slowed client. By default the kernel would hold megabytes."""

_INPUT = memoryview(bytearray(READ_BYTES))
"""A single buffer for all clients: the bytes of each read are copied out before the next read."""


class ClientTransport(Protocol):
    """The node's view of a client's socket, over TCP or WebSocket."""

    ticket: Ticket | None
    written: int

    def arrived(self) -> int: ...
    def waiting(self) -> int: ...
    def write(self, data: bytes, sendq: int) -> bool: ...
    def read_on(self) -> None: ...
    def close(self) -> None: ...
    def abort(self) -> None: ...


class ClientSocket(asyncio.BufferedProtocol):
    """The socket of one client. The edge has the rules; this class only moves bytes."""

    __slots__ = (
        "_arrived", "_backlog", "_backlog_bytes", "_closing", "_handed", "_node", "_paused", "_secure", "_transport",
        "connection", "ticket", "written",
    )  # fmt: skip

    def __init__(self, node: Process, *, secure: bool, ticket: Ticket | None = None) -> None:
        """ticket: the listener's count of this connection; the edge gives the ticket back."""
        self.ticket = ticket
        self._node = node
        self._secure = secure
        self._transport: asyncio.Transport | None = None
        self._backlog: list[bytes] | None = None  # None: nothing waits
        self._backlog_bytes = 0
        self._handed = 0  # bytes that the kernel has taken
        self._arrived = 0
        self._paused = False
        self._closing = False
        self.written = 0  # bytes written so far, waiting bytes included
        self.connection: Connection | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        raw: socket.socket | None = transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        self._transport.set_write_buffer_limits(high=SEND_BUFFER)
        if self._secure:  # both the encrypted and the decrypted input are limited
            cast(Any, transport).set_read_buffer_limits(high=READ_BYTES)
        peer: Any = transport.get_extra_info("peername")
        certificate = fingerprint(transport.get_extra_info("ssl_object")) if self._secure else None
        address = peer[0] if peer else ""
        self.connection = self._node.connected(self, address, secure=self._secure, certificate=certificate)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return the shared buffer. A read brings at most READ_BYTES; then the flood control judges these bytes."""
        return _INPUT

    def buffer_updated(self, nbytes: int) -> None:
        if self.connection is None or self._closing:
            return
        self._node.received(self.connection, bytes(_INPUT[:nbytes]))
        if self.connection.queue.pending and self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()  # the kernel's window makes the client wait

    def read_on(self) -> None:
        """Resume reading if no line of the client waits."""
        transport = self._transport
        if (
            transport is not None
            and not transport.is_closing()
            and not (self.connection and self.connection.queue.pending)
        ):
            transport.resume_reading()

    def arrived(self) -> int:
        """Return how many of the `written` bytes the client's machine has acknowledged; under TLS a lower bound.

        Source: tcp(7), SIOCOUTQ.
        """
        if self._transport is not None:
            self._count()
            raw = self._transport.get_extra_info("socket")
            try:
                (unacknowledged,) = struct.unpack("i", fcntl.ioctl(raw.fileno(), termios.TIOCOUTQ, b"\0" * 4))
            except OSError:
                return self._arrived
            self._arrived = max(self._arrived, self._handed - unacknowledged)
        return self._arrived

    def _count(self) -> None:
        """Update the bytes handed to the kernel. On a closing connection waiting bytes are lost: keep the count."""
        if self._transport is not None and not self._transport.is_closing():
            self._handed = self.written - self._backlog_bytes - self._transport.get_write_buffer_size()

    def eof_received(self) -> bool:
        """Handle the end of the client's input. A client over plain TCP may still read; TLS has no half-closed
        connections.

        Returns whether the connection stays open.
        """
        self.arrived()
        if self.connection is None or self._secure:
            return False
        self._node.ended(self.connection)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        if self._secure:  # the socket under TLS is closed already
            self._transport = None
        if self.connection is not None:
            reason = "Connection closed" if exc is None else _reason(exc)
            self._node.disconnected(self.connection, reason)
        self._backlog = None
        self._transport = None

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        if self._backlog and self._transport is not None:
            data = b"".join(self._backlog)
            self._backlog = None
            self._backlog_bytes = 0
            self._transport.write(data)
            self._count()
            if self._closing and not self._paused:
                self._transport.close()

    def write(self, data: bytes, sendq: int) -> bool:
        """Send the data, or keep the data until the client reads. Returns False if more than `sendq` bytes wait: then
        the node cuts the client.
        """
        transport = self._transport
        if transport is None:
            return True
        self.written += len(data)
        if not self._paused:
            transport.write(data)
            if not transport.is_closing():
                self._handed = self.written - transport.get_write_buffer_size()  # as in `_count`: nothing else waits
            return True
        if self._backlog is None:
            self._backlog = []
        self._backlog.append(data)
        self._backlog_bytes += len(data)
        return self._backlog_bytes <= sendq

    def waiting(self) -> int:
        """Return the number of bytes that the client has not read yet, apart from bytes in the kernel."""
        return self._backlog_bytes + (self._transport.get_write_buffer_size() if self._transport is not None else 0)

    def close(self) -> None:
        """Close after all written bytes are sent, or at once if the client does not read."""
        self._closing = True
        if self._transport is None:
            return
        if self._paused:
            self._transport.abort()
        else:
            asyncio.get_running_loop().call_later(LINGER_S, self.abort)
            self._end()

    def _end(self) -> None:
        """Close the transport. If the client's last lines count, first wait until the client's machine has acknowledged
        all bytes; the kernel reports no event for this, so look again after LOOK_S.
        """
        if self._transport is None:
            return
        matters = self.connection is not None and self.connection.delivery.farewell is not None
        if matters and self.arrived() < self.written:
            asyncio.get_running_loop().call_later(LOOK_S, self._end)
        else:
            self._transport.close()

    def abort(self) -> None:
        self._closing = True
        if self._transport is not None:
            self._transport.abort()


def write_all(
    outputs: Iterable[tuple[Connection, bytes]], sockets: Mapping[int, ClientTransport], sendq: int
) -> list[Connection]:
    """Write the output of a turn to the sockets, and close the sockets of closed connections. sockets: by the number of
    the connection. Returns the connections with more than `sendq` waiting bytes."""
    full = []
    for connection, data in outputs:
        client = sockets.get(connection.socket.number)
        if client is None:
            continue
        if data and not client.write(data, sendq):
            full.append(connection)
        elif connection.closed is not None:
            client.close()
    return full


def _reason(exc: Exception) -> str:
    if isinstance(exc, ssl.SSLError):
        return "TLS error"
    if isinstance(exc, ConnectionResetError):
        return "Connection reset by peer"
    if isinstance(exc, TimeoutError):
        return "Connection timed out"
    return exc.strerror if isinstance(exc, OSError) and exc.strerror else "Connection lost"
