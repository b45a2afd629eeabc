"""Listen on a port, and judge each connection before anything else: refused connections cost no TLS and no Python
object."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Generic, TypeVar

from ring.durations import ACCEPT_PAUSE_S, HANDSHAKE_S, SHUTDOWN_S
from ring.links.admission import Ticket

BATCH = 32
"""Connections accepted in one turn of the loop. Further connections wait in the kernel until the next turn."""

BACKLOG = 1024

SCARCE = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER with no time: the kernel forgets the connection at once. Source: socket(7)."""


Why = TypeVar("Why", bound=str)
"""The reason for refusing a connection."""


class Acceptor(Generic[Why]):
    """Listen on a host and port. Each new connection is judged by address before anything else happens."""

    def __init__(
        self,
        *,
        admit: Callable[[str, float], Ticket | Why],
        protocol: Callable[[Ticket], asyncio.BaseProtocol],
        context: ssl.SSLContext | None = None,
        handshake_s: float = HANDSHAKE_S,
        shutdown_s: float = SHUTDOWN_S,
        farewell: Callable[[Why, str], bytes] | None = None,
        exhausted: Callable[[OSError], None] = lambda problem: None,
    ) -> None:
        """admit: Admission.admit, or a choice between several; called with the address and time.monotonic().

        protocol: makes the protocol of a connection that was let in. The protocol releases the ticket when the
        connection is lost; where TLS fails, the ticket is released here. farewell: the bytes for a refused connection,
        as far as the kernel takes the bytes; without a farewell, or under TLS, a refused connection is reset.
        exhausted: called when the process has no descriptor left.
        """
        self._admit = admit
        self._protocol = protocol
        self._context = context
        self._handshake_s = handshake_s
        self._shutdown_s = shutdown_s
        self._farewell = farewell if context is None else None
        self._exhausted = exhausted
        self._listening: list[socket.socket] = []
        self._taking: set[asyncio.Task[None]] = set()
        self._resume: asyncio.TimerHandle | None = None

    async def start(self, host: str, port: int) -> None:
        """Bind and listen. Raises OSError."""
        await self.bind(host, port)
        self.open()

    async def bind(self, host: str, port: int) -> None:
        """Hold the port; the kernel refuses connections until open(). Raises OSError if the port is taken."""
        self._listening = await hold(host, port)

    def open(self) -> None:
        """Accept connections from now on. Raises OSError if another process has begun to listen on the port."""
        try:
            for listener in self._listening:
                listener.listen(BACKLOG)
        except OSError:
            self.close()
            raise
        self._listen()

    @property
    def port(self) -> int:
        return int(self._listening[0].getsockname()[1])

    @property
    def handshakes(self) -> int:
        """Return the number of connections under way to the protocol's `connection_made`."""
        return len(self._taking)

    def close(self) -> None:
        """Accept no more. Connections with a protocol stay; TLS handshakes under way end."""
        if self._resume is not None:
            self._resume.cancel()
        listening, self._listening = self._listening, []
        for listener in listening:
            asyncio.get_running_loop().remove_reader(listener)
            listener.close()
        for task in self._taking:
            task.cancel()

    def _listen(self) -> None:
        self._resume = None
        for listener in self._listening:
            asyncio.get_running_loop().add_reader(listener, self._accept, listener)

    def _accept(self, listener: socket.socket) -> None:
        for _ in range(BATCH):
            try:
                accepted, address = listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as problem:
                if problem.errno not in SCARCE:
                    continue  # the connection ended before the accept: accept(2)
                self._pause(problem)
                return
            host = address[0] if isinstance(address, tuple) else ""
            verdict = self._admit(host, time.monotonic())
            if isinstance(verdict, Ticket):
                self._take(accepted, verdict)
            else:
                self._refuse(accepted, verdict, host)

    def _pause(self, problem: OSError) -> None:
        loop = asyncio.get_running_loop()
        for listener in self._listening:
            loop.remove_reader(listener)
        if self._resume is None:
            self._resume = loop.call_later(ACCEPT_PAUSE_S, self._listen)
        self._exhausted(problem)

    def _refuse(self, accepted: socket.socket, why: Why, address: str) -> None:
        accepted.setblocking(False)
        with suppress(OSError):
            if self._farewell is not None:
                accepted.send(self._farewell(why, address))
            else:
                accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        accepted.close()

    def _take(self, accepted: socket.socket, ticket: Ticket) -> None:
        accepted.setblocking(False)
        task = asyncio.get_running_loop().create_task(self._connect(accepted, ticket))
        self._taking.add(task)
        task.add_done_callback(self._taken)

    async def _connect(self, accepted: socket.socket, ticket: Ticket) -> None:
        tls: dict[str, Any] = {}
        if self._context is not None:
            tls = {"ssl_handshake_timeout": self._handshake_s, "ssl_shutdown_timeout": self._shutdown_s}
        try:
            loop = asyncio.get_running_loop()
            await loop.connect_accepted_socket(lambda: self._protocol(ticket), accepted, ssl=self._context, **tls)
        except (OSError, TimeoutError):  # no TLS, a hang-up, or silence (ssl.SSLError is an OSError)
            ticket.release()
            accepted.close()
        except BaseException:
            ticket.release()
            accepted.close()
            raise

    def _taken(self, task: asyncio.Task[None]) -> None:
        self._taking.discard(task)
        if not task.cancelled():
            task.result()  # a fault of this program goes to the loop's exception handler


async def hold(host: str, port: int) -> list[socket.socket]:
    """Bind sockets that do not listen: the kernel refuses connections. Raises OSError if the port is taken."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    held: list[socket.socket] = []
    try:
        for family, _, _, _, address in dict.fromkeys(found):
            held.append(_listener(family, address))
    except OSError:
        for listener in held:
            listener.close()
        raise
    return held


def _listener(family: int, address: Any) -> socket.socket:
    """Make a listening socket as asyncio.create_server does."""
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.setblocking(False)
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener
