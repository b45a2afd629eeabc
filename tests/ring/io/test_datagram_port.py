"""A UDP socket on loopback that outlives errors of the network and mistakes of its handler."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from ring.io.datagram_port import Address, DatagramPort
from tests.ring.io.hubs import Log, News, run


class Ear:
    """A port with the log and all datagrams heard by the handler."""

    port: DatagramPort

    def __init__(self) -> None:
        self.news = News()
        self.log = Log(self.news)
        self.heard: list[tuple[bytes, Address]] = []

    def handle(self, data: bytes, source: Address) -> None:
        if data == b"mistake":
            raise KeyError("a mistake")
        self.heard.append((data, source))
        self.news.tell()

    async def until(self, true: Any) -> None:
        await self.news.until(true, why=lambda: (self.heard, self.log.lines))


@asynccontextmanager
async def listening(address: Address = ("127.0.0.1", 0)) -> AsyncIterator[Ear]:
    ear = Ear()
    ear.port = await DatagramPort.open(address, ear.handle, ear.log)
    try:
        yield ear
    finally:
        await ear.port.close()


def test_datagrams_are_handed_over_with_their_source() -> None:
    async def tell() -> None:
        async with listening() as a, listening(("127.0.0.2", 0)) as b:
            a.port.send(b"hello", b.port.address)
            await b.until(lambda: b.heard)
            assert b.heard == [(b"hello", a.port.address)] and b.port.address[0] == "127.0.0.2"
            b.port.send(b"", a.port.address)
            await a.until(lambda: a.heard == [(b"", b.port.address)])

    run(tell())


def test_a_mistake_about_one_datagram_is_logged_and_the_next_is_handled() -> None:
    async def tell() -> None:
        async with listening() as a, listening() as b:
            for _ in range(30):
                a.port.send(b"mistake", b.port.address)
            a.port.send(b"hello", b.port.address)
            await b.until(lambda: b.heard)
            bugs = b.log.of("bug")
            assert 1 <= len(bugs) < 30  # repeated datagrams do not fill the log
            assert bugs[0]["ip"] == "127.0.0.1" and bugs[0]["bytes"] == len(b"mistake")
            assert isinstance(bugs[0]["exc_info"], KeyError)

    run(tell())


def test_a_port_that_is_closed_elsewhere_stops_nothing() -> None:
    """The kernel reports the refusal of one datagram at a later call, even a call about another peer."""

    async def tell() -> None:
        async with listening() as a, listening() as b:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
                gone.bind(("127.0.0.1", 0))
                nobody = gone.getsockname()
            for _ in range(5):
                a.port.send(b"anybody?", nobody)
                b.port.send(b"hello", a.port.address)
            await a.until(lambda: a.heard)
            a.port.send(b"still here", b.port.address)
            await b.until(lambda: b.heard == [(b"still here", a.port.address)])

    run(tell())


def test_what_the_system_does_not_send_is_counted() -> None:
    async def tell() -> None:
        async with listening() as a:
            a.port.send(bytes(70_000), a.port.address)  # longer than any datagram
            assert a.port.unsent == 1
            a.port.send(b"short", a.port.address)
            await a.until(lambda: a.heard)
            assert a.port.unsent == 1

    run(tell())


def test_a_port_that_is_taken_is_told_and_leaves_no_socket() -> None:
    async def tell() -> None:
        async with listening() as a:
            with pytest.raises(OSError, match="in use"):
                await DatagramPort.open(a.port.address, a.handle, a.log)
            with pytest.raises(ValueError, match="localhost"):
                await DatagramPort.open(("localhost", 0), a.handle, a.log)

    run(tell())


def test_a_closed_port_is_free_and_hears_nothing() -> None:
    async def tell() -> None:
        async with listening() as a, listening() as b:
            address = a.port.address
            await a.port.close()
            await a.port.close()
            b.port.send(b"too late", address)
            while True:  # the loop closes the socket in one of the next turns
                try:
                    again = await DatagramPort.open(address, b.handle, b.log)
                    break
                except OSError:
                    await asyncio.sleep(0)
            a.port.send(b"from a closed port", b.port.address)
            assert a.port.unsent == 1
            again.send(b"hello", b.port.address)
            await b.until(lambda: b.heard)
            await again.close()
            assert b.heard == [(b"hello", address)] and a.heard == [] and a.log.lines == []

    run(tell())
