"""The sockets of IRC clients: bytes in, bytes out, and the limit on what waits for a client that does not read."""

from __future__ import annotations

import asyncio
import fcntl
import socket
import ssl
import struct
import termios
from typing import TYPE_CHECKING, Any, Protocol, cast

from gateway.edge.client.connection import Connection
from gateway.edge.client.flood import READ_BYTES
from gateway.io.client_tls import fingerprint

if TYPE_CHECKING:
    from gateway.io.node_process import NodeProcess
    from ring.links.admission import Ticket

LINGER_S = 5.0
"""How long a closed client may take to read its last lines."""

LOOK_S = 0.02
"""A client's machine takes its last lines in about a round trip."""

SEND_BUFFER = 64 * 1024
"""The kernel would take megabytes for a reader that stands still (bytes)."""


RECEIVE_BUFFER = 32 * 1024
"""And it would keep megabytes for a client that is not read (bytes)."""

_INPUT = memoryview(bytearray(READ_BYTES))
"""What was read last, of whichever client: each read is taken out of it before the next."""


class ClientTransport(Protocol):
    """What a node asks of the socket of a client, be it TCP or a WebSocket."""

    ticket: Ticket | None
    written: int

    def arrived(self) -> int: ...
    def waiting(self) -> int: ...
    def write(self, data: bytes, sendq: int) -> bool: ...
    def read_on(self) -> None: ...
    def close(self) -> None: ...
    def abort(self) -> None: ...


class ClientSocket(asyncio.BufferedProtocol):
    """One client's socket. The rules are the edge's; this only moves bytes."""

    __slots__ = (
        "_arrived", "_backlog", "_backlog_bytes", "_closing", "_handed", "_node", "_paused", "_secure", "_transport",
        "connection", "ticket", "written",
    )  # fmt: skip

    def __init__(self, node: NodeProcess, *, secure: bool, ticket: Ticket | None = None) -> None:
        """ticket: the port has counted this connection; the edge gives the ticket back."""
        self.ticket = ticket
        self._node = node
        self._secure = secure
        self._transport: asyncio.Transport | None = None
        self._backlog: list[bytes] = []
        self._backlog_bytes = 0
        self._handed = 0  # bytes that the kernel has taken
        self._arrived = 0
        self._paused = False
        self._closing = False
        self.written = 0  # bytes, those that wait included
        self.connection: Connection | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        raw: socket.socket | None = transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        self._transport.set_write_buffer_limits(high=SEND_BUFFER)
        if self._secure:  # what TLS has decrypted, or will, waits in the kernel, too
            cast(Any, transport).set_read_buffer_limits(high=READ_BYTES)
        peer: Any = transport.get_extra_info("peername")
        certificate = fingerprint(transport.get_extra_info("ssl_object")) if self._secure else None
        address = peer[0] if peer else ""
        self.connection = self._node.connected(self, address, secure=self._secure, certificate=certificate)

    def get_buffer(self, sizehint: int) -> memoryview:
        """A client cannot make its node read more than READ_BYTES before the flood control has judged them."""
        return _INPUT

    def buffer_updated(self, nbytes: int) -> None:
        if self.connection is None or self._closing:
            return
        self._node.received(self.connection, bytes(_INPUT[:nbytes]))
        if self.connection.pending and self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()  # the kernel's window makes the client wait

    def read_on(self) -> None:
        """None of the client's lines waits any more."""
        transport = self._transport
        if transport is not None and not transport.is_closing() and not (self.connection and self.connection.pending):
            transport.resume_reading()

    def arrived(self) -> int:
        """How many of the bytes `written` the client's machine has acknowledged; under TLS at least so many.

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
        """What a broken connection was given last went nowhere, and what had waited is gone."""
        if self._transport is not None and not self._transport.is_closing():
            self._handed = self.written - self._backlog_bytes - self._transport.get_write_buffer_size()

    def eof_received(self) -> bool:
        """The client says no more, and may still read: only TLS cannot be half closed. Returns whether to stay open."""
        self.arrived()
        if self.connection is None or self._secure:
            return False
        self._node.ended(self.connection)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        if self._secure:  # the socket under TLS is gone already
            self._transport = None
        if self.connection is not None:
            reason = "Connection closed" if exc is None else _reason(exc)
            self._node.disconnected(self.connection, reason)
        self._backlog.clear()
        self._transport = None

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        if self._backlog and self._transport is not None:
            data = b"".join(self._backlog)
            self._backlog.clear()
            self._backlog_bytes = 0
            self._transport.write(data)
            self._count()
            if self._closing and not self._paused:
                self._transport.close()

    def write(self, data: bytes, sendq: int) -> bool:
        """Send, or keep until the client reads. Returns False once more than `sendq` bytes wait: it is cut."""
        if self._transport is None:
            return True
        self.written += len(data)
        if not self._paused:
            self._transport.write(data)
            self._count()
            return True
        self._backlog.append(data)
        self._backlog_bytes += len(data)
        return self._backlog_bytes <= sendq

    def waiting(self) -> int:
        """Bytes that the client has not read yet, beside those in the kernel."""
        return self._backlog_bytes + (self._transport.get_write_buffer_size() if self._transport is not None else 0)

    def close(self) -> None:
        """End after what was written has left, or right away if the client does not read."""
        self._closing = True
        if self._transport is None:
            return
        if self._paused:
            self._transport.abort()
        else:
            asyncio.get_running_loop().call_later(LINGER_S, self.abort)
            self._end()

    def _end(self) -> None:
        """Where it matters how much has come to the client, only a look now and then tells."""
        if self._transport is None:
            return
        matters = self.connection is not None and self.connection.farewell is not None
        if matters and self.arrived() < self.written:
            asyncio.get_running_loop().call_later(LOOK_S, self._end)
        else:
            self._transport.close()

    def abort(self) -> None:
        self._closing = True
        if self._transport is not None:
            self._transport.abort()


def _reason(exc: Exception) -> str:
    if isinstance(exc, ssl.SSLError):
        return "TLS error"
    if isinstance(exc, ConnectionResetError):
        return "Connection reset by peer"
    if isinstance(exc, TimeoutError):
        return "Connection timed out"
    return exc.strerror if isinstance(exc, OSError) and exc.strerror else "Connection lost"
