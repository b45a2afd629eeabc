"""Open a UDP socket that survives the errors of the network."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

import asyncio_dgram

from ring.io.log_limit import LogLimit

Address = tuple[str, int]  # IP, port

_RECEIVE_BUFFER = 1 << 20


class DatagramPort:
    """An unconnected socket: one peer's ICMP errors cannot stop the socket, and no datagram waits without limit.

    asyncio-dgram queues received datagrams without limit, so the handler must be quick and nothing is awaited between
    two datagrams. For the same reason answers are written to the socket at once or not at all: UDP may lose answers
    anyway.
    """

    def __init__(self, sock: socket.socket, handler: Callable[[bytes, Address], None], log: Any) -> None:
        self.errors = 0  # socket errors survived
        self.unsent = 0  # datagrams that the system refused
        self._sock = sock
        self._handler = handler
        self._log = log
        self._limit = LogLimit()
        self._task: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, address: Address, handler: Callable[[bytes, Address], None], log: Any) -> DatagramPort:
        """Bind to `address` (port 0: any) and hand each datagram to `handler`. Raises OSError."""
        family = socket.AF_INET6 if ip_address(address[0]).version == 6 else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_DGRAM)
        try:
            sock.setblocking(False)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
            sock.bind(address)
            port = cls(sock, handler, log)
            stream = await asyncio_dgram.from_socket(sock)
        except BaseException:
            sock.close()
            raise
        port._task = asyncio.create_task(port._receive(stream))
        return port

    @property
    def address(self) -> Address:
        host, port = self._sock.getsockname()[:2]
        return host, port

    def send(self, data: bytes, address: Address) -> None:
        """Send now, or lose the datagram."""
        try:
            self._sock.sendto(data, address)
        except OSError:
            self.unsent += 1

    def _say_bug(self, problem: Exception, host: str, size: int) -> None:
        """Log a mistake, within a few lines a minute: anybody can send the datagram again and again."""
        held = self._limit.allow("bug", time.monotonic())
        if held is not None:
            facts = {"lines_held_back": held} if held else {}
            self._log.error("bug", where="datagram", ip=host, bytes=size, exc_info=problem, **facts)

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _receive(self, stream: Any) -> None:
        try:
            while True:
                try:
                    data, (host, port, *_) = await stream.recv()
                except asyncio_dgram.TransportClosed:
                    self._log.error("datagram_socket_closed")
                    return
                except OSError:  # an earlier datagram's error, raised here
                    self.errors += 1
                    continue
                try:
                    self._handler(data, (host, port))
                except Exception as problem:  # one sender's datagram ends alone, as does one client's line
                    self._say_bug(problem, host, len(data))
        finally:
            stream.close()
