"""A port that judges connections at accept, over real sockets and TLS."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Any

import pytest

from ring.io import accepting
from ring.io.accepting import Acceptor
from ring.io.certificates import dialler_context, listener_context
from ring.links.admission import Admission, Limits, Refusal, Ticket
from tests.ring.io.hubs import News, run

HERE = "127.0.0.1"


class Echo(asyncio.Protocol):
    def __init__(self, port: Port, ticket: Ticket) -> None:
        self.port = port
        self.ticket = ticket

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        self.port.made.append(self)
        self.port.news.tell()

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.ticket.release()
        self.port.news.tell()


class Port:
    """An acceptor that echoes; `shortages`: how often it was told that descriptors were scarce."""

    def __init__(self, limits: Limits, **changes: Any) -> None:
        self.news = News()
        self.made: list[Echo] = []
        self.shortages = 0
        self.admission = Admission(limits)
        facts: dict[str, Any] = {
            "admit": self.admission.admit,
            "protocol": lambda ticket: Echo(self, ticket),
            "exhausted": self._exhausted,
        }
        self.acceptor = Acceptor(**{**facts, **changes})

    def _exhausted(self, problem: OSError) -> None:
        assert problem.errno == errno.EMFILE
        self.shortages += 1
        self.news.tell()

    async def until(self, true: Callable[[], Any]) -> None:
        await self.news.until(true, why=lambda: (self.admission.open, self.acceptor.handshakes))


async def echo(port: Port, tls: ssl.SSLContext | None = None) -> asyncio.StreamWriter:
    names = {"server_hostname": ""} if tls is not None else {}
    reader, writer = await asyncio.open_connection(HERE, port.acceptor.port, ssl=tls, **names)
    writer.write(b"hello")
    assert await reader.readexactly(5) == b"hello"
    return writer


def story(limits: Limits, tell: Callable[[Port], Any], **changes: Any) -> None:
    async def told() -> None:
        port = Port(limits, **changes)
        await port.acceptor.start(HERE, 0)
        try:
            await tell(port)
        finally:
            port.acceptor.close()
            for one in port.made:
                one.transport.abort()

    run(told())


@pytest.mark.parametrize("secure", [False, True])
def test_connections_are_served_and_counted_until_they_close(secure: bool) -> None:
    async def tell(port: Port) -> None:
        writers = [await echo(port, dialler_context() if secure else None) for _ in range(3)]
        assert port.admission.total == 3
        for writer in writers:
            writer.close()
        await port.until(lambda: not port.admission.total and not port.acceptor.handshakes)

    story(Limits(per_source=3), tell, context=listener_context()[0] if secure else None)


def test_silent_connections_are_refused_before_tls_and_let_go_in_time() -> None:
    async def tell(port: Port) -> None:
        with ExitStack() as stack:
            silent = [stack.enter_context(socket.create_connection((HERE, port.acceptor.port))) for _ in range(20)]
            await port.until(lambda: port.admission.refused.total() == 15)
            assert port.acceptor.handshakes == port.admission.total == 5 and not port.made
            for one in silent[5:]:
                one.settimeout(5)
                with suppress(ConnectionResetError):
                    assert one.recv(1) == b""
            await port.until(lambda: not port.admission.total and not port.acceptor.handshakes)
        (await echo(port, dialler_context())).close()

    story(Limits(per_source=5), tell, context=listener_context()[0], handshake_s=0.5)


def test_what_is_not_tls_and_a_hang_up_leave_nothing() -> None:
    async def tell(port: Port) -> None:
        for words in (b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x00", b""):
            with socket.create_connection((HERE, port.acceptor.port)) as one:
                one.sendall(words)
        await port.until(lambda: not port.admission.total and not port.acceptor.handshakes)
        assert not port.made

    story(Limits(), tell, context=listener_context()[0])


def test_a_refused_plain_connection_may_be_told_why() -> None:
    def words(why: Refusal, address: str) -> bytes:
        return f"ERROR :{address} {why}\r\n".encode()

    async def tell(port: Port) -> None:
        first = await echo(port)
        reader, writer = await asyncio.open_connection(HERE, port.acceptor.port)
        assert await reader.read() == f"ERROR :{HERE} per_source\r\n".encode()
        writer.close()
        first.close()

    story(Limits(per_source=1), tell, farewell=words)


def test_without_descriptors_the_port_waits_says_so_and_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accepting, "ACCEPT_PAUSE_S", 0.05)

    class Poor(socket.socket):
        left = 3

        def accept(self) -> Any:
            if Poor.left:
                Poor.left -= 1
                raise OSError(errno.EMFILE, "Too many open files")
            return super().accept()

    monkeypatch.setattr(accepting.socket, "socket", Poor)

    async def tell(port: Port) -> None:
        (await echo(port)).close()
        assert port.shortages == 3

    story(Limits(), tell)


def test_closing_ends_handshakes_and_keeps_connections() -> None:
    async def tell(port: Port) -> None:
        writer = await echo(port, dialler_context())
        with socket.create_connection((HERE, port.acceptor.port)):
            await port.until(lambda: port.acceptor.handshakes == 1)
            address = (HERE, port.acceptor.port)
            port.acceptor.close()
            await port.until(lambda: port.admission.total == 1 and not port.acceptor.handshakes)
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(address)
        assert not port.made[0].transport.is_closing()
        writer.close()

    story(Limits(), tell, context=listener_context()[0])


def test_a_port_that_is_taken_is_an_error_and_leaves_nothing() -> None:
    async def tell(port: Port) -> None:
        other = Port(Limits())
        with pytest.raises(OSError, match=r"[Aa]ddress already in use"):
            await other.acceptor.start(HERE, port.acceptor.port)

    story(Limits(), tell)


def test_a_port_that_is_held_refuses_until_it_is_opened() -> None:
    async def tell(port: Port) -> None:
        held = Port(Limits())
        await held.acceptor.bind(HERE, 0)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(HERE, held.acceptor.port)
        held.acceptor.open()
        (await echo(held)).close()
        held.acceptor.close()

    story(Limits(), tell)


def test_a_held_port_that_another_took_meanwhile_is_an_error_when_it_is_opened() -> None:
    async def tell(port: Port) -> None:
        held = Port(Limits())
        await held.acceptor.bind(HERE, 0)
        other = Port(Limits())
        await other.acceptor.start(HERE, held.acceptor.port)  # the kernel lets two bind while neither listens
        with pytest.raises(OSError, match=r"[Aa]ddress already in use"):
            held.acceptor.open()
        other.acceptor.close()

    story(Limits(), tell)
