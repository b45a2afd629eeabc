"""The WebSocket clients of a node: /irc on the HTTP listener, with the same limits, flood control and queues as over
TCP.

Each client has two tasks. The reading task stops, and with it the socket, while the flood control delays lines of the
client. The writing task stops while the client does not read; `sendq` limits the waiting output.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import socket
import struct
import sys
import termios
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Final, cast

from aiohttp import WSMsgType, web

from gateway.edge.client.admission import Banned, words
from gateway.edge.client.flood import READ_BYTES
from gateway.io.clients import LINGER_S, RECEIVE_BUFFER, SEND_BUFFER
from gateway.web.connections import hand_over
from gateway.web.forwarded import Client
from gateway.web.irc_frames import (
    BINARY,
    GOING_AWAY,
    MAX_MESSAGE,
    PROTOCOLS,
    UNSUPPORTED,
    WORDS,
    Ledger,
    Refused,
    line_of,
    message_of,
    reason_of,
)
from gateway.web.server import error
from gateway.web.source import readiness
from gateway.web.visitors import Visitors
from ring.links.admission import Ticket

if TYPE_CHECKING:
    from gateway.edge.client.connection import Connection
    from gateway.io.process import Process

ABNORMAL: Final = 1006
NORMAL: Final = 1000

# A client without a known subprotocol is served, too, so aiohttp's warning is of no use.
logging.getLogger("aiohttp.websocket").setLevel(logging.ERROR)


class WebSockets:
    """Accepts WebSocket clients."""

    def __init__(self, node: Process, visitors: Visitors) -> None:
        self._node = node
        self._visitors = visitors

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/irc", self._open, allow_head=False)]

    async def _open(self, request: web.Request) -> web.StreamResponse:
        node = self._node
        if not self._visitors.may_open(request):
            return error(
                403,
                "pages of this origin may not open a WebSocket here: the node's operator can add the origin to "
                "http.origins",
            )
        response = _Response(
            timeout=LINGER_S, autoping=False, protocols=PROTOCOLS, compress=False, max_msg_size=MAX_MESSAGE
        )
        if request.headers.get("Upgrade", "").lower() != "websocket":
            upgrade = {"Upgrade": "websocket", "Connection": "upgrade"}
            return error(426, "IRC over WebSocket is spoken here: open /irc with a WebSocket client", upgrade)
        if not response.can_prepare(request):
            return error(400, "the request is no valid WebSocket handshake (RFC 6455, section 4.2.1)")
        ready, why = readiness(node.core)
        if not ready:
            return error(503, why)
        client = self._visitors.client(request)
        verdict = node.core.edge.admit(client.address, time.monotonic())
        if not isinstance(verdict, Ticket):
            status = 403 if isinstance(verdict, Banned) else 503 if verdict == "total" else 429
            return error(status, words(verdict))
        try:
            await response.prepare(request)
        except BaseException:
            verdict.release()
            raise
        hand_over(request)
        await WebSocketClient(node, request, response, verdict).run(client)
        return response


class _Response(web.WebSocketResponse):
    """Adds a reason in words to the close frame."""

    async def close(self, *, code: int = NORMAL, message: bytes = b"", drain: bool = True) -> bool:
        return await super().close(code=code, message=message or WORDS.get(code, b""), drain=drain)


class WebSocketClient:
    """One client. The edge has the rules; this class moves lines, as ClientSocket does over TCP."""

    def __init__(self, node: Process, request: web.Request, response: web.WebSocketResponse, ticket: Ticket) -> None:
        self.ticket: Ticket | None = ticket
        self.written = 0  # bytes of lines written so far, waiting lines included
        self._node = node
        self._response = response
        self._protocol = request.protocol
        self._is_binary = response.ws_protocol == BINARY
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._ledger = Ledger()
        self._descriptor = -1  # of the socket: counts acknowledged bytes, even after aiohttp has closed it
        self._news = asyncio.Event()  # set when there is output, or the client has to go
        self._relieved = asyncio.Event()  # set when no line of the client waits
        self._closing = False

    async def run(self, client: Client) -> None:
        """Serve the client until the connection ends."""
        self._prepare_socket()
        connection = self._node.connected(self, client.address, secure=client.secure, certificate=None)
        reading, writing = asyncio.create_task(self._read(connection)), asyncio.create_task(self._write())
        try:
            await asyncio.wait((reading, writing), return_when=asyncio.FIRST_COMPLETED)
            if reading.done():
                self._closing = True
            await _end(reading, writing)
            await self._say_goodbye(connection)
        except Exception as problem:
            self._node.crash.bug("websocket", problem)
            raise
        finally:
            reading.cancel()
            writing.cancel()
            lost = not reading.done() or reading.cancelled() or reading.exception() is not None
            self._node.disconnected(connection, "Connection closed" if lost else reading.result())
            self._forget_socket()

    # Client to node --------------------------------------------------------------------------------------------------

    async def _read(self, connection: Connection) -> str:
        """Read lines until the client goes; return the reason."""
        response = self._response
        while True:
            message = await response.receive()
            if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                try:
                    line = line_of(message.data, response.ws_protocol)
                except Refused as problem:
                    await response.close(code=problem.code, message=problem.reason)
                    return self._refuse(connection, problem.code)
                if line and not self._closing:
                    await self._take(connection, line)
                    continue
            elif message.type is WSMsgType.PING:
                await response.pong(message.data)
                self._ledger.frame(len(message.data))
            elif message.type is WSMsgType.ERROR:
                return self._refuse(connection, getattr(message.data, "code", ABNORMAL))
            elif message.type is not WSMsgType.PONG:
                return "Connection closed"
            await asyncio.sleep(0)  # flood control counts lines only: other frames must let other clients go first

    async def _take(self, connection: Connection, line: bytes) -> None:
        """Give a line to the edge. While lines of the client wait, stop reading: the kernel's window holds the
        client.
        """
        self._relieved.clear()
        self._node.received(connection, line + b"\r\n")
        if connection.queue.pending:
            self._pause(True)
            await self._relieved.wait()
            self._pause(False)

    def read_on(self) -> None:
        """Resume reading, since no line of the client waits."""
        self._relieved.set()

    def _pause(self, paused: bool) -> None:
        transport = self._protocol.transport
        if transport is not None and not transport.is_closing():
            transport.pause_reading() if paused else transport.resume_reading()

    def _refuse(self, connection: Connection, code: int) -> str:
        if code not in WORDS and code != UNSUPPORTED:
            return "Connection reset by peer"
        self._node.log.info("websocket_refused", client=connection.number, code=code)
        return "WebSocket error"

    # Node to client --------------------------------------------------------------------------------------------------

    def write(self, data: bytes, sendq: int) -> bool:
        """Send the data, or keep the data until the client reads. Returns False if more than `sendq` bytes wait: then
        the node cuts the client.
        """
        if self._protocol.transport is None:
            return True
        self.written += len(data)
        lines = data.split(b"\r\n")
        self._waiting.extend(lines[:-1])
        self._waiting_bytes += len(data)
        self._news.set()
        return not self._protocol.writing_paused or self._waiting_bytes <= sendq

    async def _write(self) -> None:
        """Write lines until the client has to go and all lines are sent."""
        opcode = WSMsgType.BINARY if self._is_binary else WSMsgType.TEXT
        while self._waiting or not self._closing:
            await self._news.wait()
            self._news.clear()
            while self._waiting:
                line = self._waiting.popleft()
                self._waiting_bytes -= len(line) + 2
                payload = message_of(line, self._response.ws_protocol)
                await self._response.send_frame(payload, opcode)  # waits while the client does not read
                self._ledger.frame(len(payload), len(line) + 2)
                if self._ledger.is_full:
                    self.arrived()
            self._count()

    def close(self) -> None:
        """Close after all written lines are sent, or at once if the client does not read."""
        self._closing = True
        self._news.set()
        if self._protocol.writing_paused:
            self.abort()
        else:
            asyncio.get_running_loop().call_later(LINGER_S, self.abort)

    def abort(self) -> None:
        self._closing = True
        if self._protocol.transport is not None:
            self._protocol.transport.abort()

    async def _say_goodbye(self, connection: Connection) -> None:
        """Close as RFC 6455 requires: send a close frame with the reason, and wait for the client's close frame."""
        code = GOING_AWAY if self._node.core.engine.peers.me.leaving else NORMAL
        try:
            async with asyncio.timeout(LINGER_S):
                await self._response.close(code=code, message=reason_of(connection.closed or ""))
        except TimeoutError:
            self.abort()

    # The socket ------------------------------------------------------------------------------------------------------

    def _prepare_socket(self) -> None:
        """Set the same limits as for a client over TCP."""
        transport = self._protocol.transport
        raw: socket.socket | None = transport.get_extra_info("socket") if transport is not None else None
        if transport is None or raw is None:
            return
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        transport.set_write_buffer_limits(high=SEND_BUFFER)
        if transport.get_extra_info("sslcontext") is not None:
            cast(Any, transport).set_read_buffer_limits(high=READ_BYTES)
        with contextlib.suppress(OSError):
            self._descriptor = os.dup(raw.fileno())

    def _forget_socket(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def waiting(self) -> int:
        """Return the number of bytes that the client has not read yet, apart from bytes in the kernel."""
        transport = self._protocol.transport
        return self._waiting_bytes + (transport.get_write_buffer_size() if transport is not None else 0)

    def _count(self) -> None:
        transport = self._protocol.transport
        if transport is not None and not transport.is_closing():
            self._ledger.hand(transport.get_write_buffer_size())

    def arrived(self) -> int:
        """Return how many of the `written` bytes the client's machine has acknowledged. Source: tcp(7), SIOCOUTQ."""
        self._count()
        unacknowledged = sys.maxsize
        with contextlib.suppress(OSError, ValueError):  # the descriptor is gone, or there was none left
            (unacknowledged,) = struct.unpack("i", fcntl.ioctl(self._descriptor, termios.TIOCOUTQ, b"\0" * 4))
        return self._ledger.arrived(unacknowledged)


async def _end(*tasks: asyncio.Task[Any]) -> None:
    """Cancel the tasks. Raise a task's exception if the program made a mistake; a broken connection is no mistake."""
    for task in tasks:
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(result, Exception) and not isinstance(result, OSError):
            raise result
