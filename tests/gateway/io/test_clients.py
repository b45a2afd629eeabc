"""A client's socket: output for a slow reader, input, and the end."""

from __future__ import annotations

import asyncio
import socket
import struct
from types import SimpleNamespace
from typing import Any, cast

import pytest
import uvloop

from gateway.edge.client.connection import Connection
from gateway.edge.cursors.delivery import Delivery
from gateway.io import clients
from gateway.io.clients import ClientSocket
from gateway.io.node_process import NodeProcess


class Sink:
    """In a node's place: knows the one socket and why the socket ended."""

    def __init__(self) -> None:
        self.client: ClientSocket | None = None
        self.ended = asyncio.Event()
        self.reason = ""

    def connected(self, client: ClientSocket, address: str, *, secure: bool, certificate: str | None) -> Connection:
        self.client = client
        return cast(Connection, SimpleNamespace(address=address, delivery=Delivery()))

    def received(self, _connection: Connection, _data: bytes) -> None: ...

    def disconnected(self, _connection: Connection, reason: str) -> None:
        self.reason = reason
        self.ended.set()


async def client_of(sink: Sink) -> tuple[asyncio.Server, socket.socket, ClientSocket]:
    """Make a server, a blocking reader that does not read yet, and the node's side of the connection."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: ClientSocket(cast(NodeProcess, sink), secure=False), "127.0.0.1", 0)
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    reader.setblocking(False)
    await loop.sock_connect(reader, server.sockets[0].getsockname())
    while sink.client is None:
        await asyncio.sleep(0.001)
    return server, reader, sink.client


def on_the_loop(story: Any) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(asyncio.wait_for(story, 10))


def test_what_waited_for_a_slow_reader_comes_whole_and_in_order() -> None:
    async def tell() -> None:
        sink = Sink()
        server, reader, client = await client_of(sink)
        sent = [f"{number:07}\n".encode() * 1000 for number in range(200)]
        for data in sent:
            assert client.write(data, sendq=10 << 20)
        loop, got = asyncio.get_running_loop(), b""
        while len(got) < sum(map(len, sent)):
            got += await loop.sock_recv(reader, 1 << 20)
        assert got == b"".join(sent)
        assert client.write(b"and more", sendq=0) and await loop.sock_recv(reader, 100) == b"and more"
        server.close()
        reader.close()
        await sink.ended.wait()

    on_the_loop(tell())


@pytest.mark.parametrize("resets", [False, True])
def test_what_its_machine_did_not_take_has_not_arrived(resets: bool) -> None:
    """resets: the client's machine no longer knows the connection."""

    async def tell() -> None:
        sink = Sink()
        server, reader, client = await client_of(sink)
        loop = asyncio.get_running_loop()
        client.write(b"hello", sendq=0)
        assert await loop.sock_recv(reader, 100) == b"hello"
        while client.arrived() < 5:  # the client's machine may take a moment to say so
            await asyncio.sleep(0.001)
        for _ in range(100):
            client.write(bytes(10_000), sendq=1 << 20)
        if resets:
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            reader.shutdown(socket.SHUT_RDWR)
        reader.close()
        await sink.ended.wait()
        assert client.written == 1_000_005
        assert 5 <= client.arrived() < 500_000  # the part that fits into the buffers
        server.close()

    on_the_loop(tell())


def test_what_a_socket_is_given_that_closes_has_not_arrived() -> None:
    async def tell() -> None:
        sink = Sink()
        server, reader, client = await client_of(sink)
        client.write(b"hello", sendq=0)
        while client.arrived() < 5:
            await asyncio.sleep(0.001)
        assert client._transport is not None
        client._transport.close()  # as the transport does when the other side has closed
        client.write(b"late", sendq=0)
        assert client.arrived() == 5
        await sink.ended.wait()
        assert client.arrived() == 5
        server.close()
        reader.close()

    on_the_loop(tell())


def test_who_is_cut_is_closed_once_its_machine_has_all_where_that_is_to_be_known() -> None:
    async def tell() -> None:
        sink = Sink()
        server, reader, client = await client_of(sink)
        assert client._transport is not None and client.connection is not None
        client.connection.delivery.farewell = lambda: None
        while not client._transport.get_write_buffer_size():
            client.write(bytes(5_000), sendq=1 << 20)
            await asyncio.sleep(0)
        client.close()
        read = 0
        while data := await asyncio.get_running_loop().sock_recv(reader, 1000):
            read += len(data)
        await sink.ended.wait()
        assert read == client.arrived() == client.written
        server.close()
        reader.close()

    on_the_loop(tell())


def test_past_sendq_write_says_so_and_abort_ends_it() -> None:
    async def tell() -> None:
        sink = Sink()
        server, reader, client = await client_of(sink)
        writes = 0
        while client.write(bytes(10_000), sendq=50_000):
            writes += 1
            assert writes < 1000
        client.abort()
        await sink.ended.wait()
        assert client.write(b"late", sendq=0)
        server.close()
        reader.close()

    on_the_loop(tell())


def test_a_close_does_not_wait_for_ever_for_a_reader_that_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few kilobytes wait in the socket, too few to count as a stop: the peer may never take the bytes."""
    monkeypatch.setattr(clients, "LINGER_S", 0.2)

    async def tell() -> None:
        sink = Sink()
        server, reader, client = await client_of(sink)
        transport = client._transport
        assert transport is not None
        while not transport.get_write_buffer_size():
            client.write(bytes(5_000), sendq=1 << 20)
            await asyncio.sleep(0)
        assert not client._paused
        client.close()
        await asyncio.wait_for(sink.ended.wait(), 2)
        server.close()
        reader.close()

    on_the_loop(tell())


class Transport:
    """A client's transport for the output of one turn. full: more output waits than the client may leave unread."""

    ticket = None

    def __init__(self, *, full: bool = False) -> None:
        self.written = 0
        self.did: list[object] = []
        self.full = full

    def write(self, data: bytes, sendq: int) -> bool:
        self.did.append((data, sendq))
        return not self.full

    def close(self) -> None:
        self.did.append("close")


def test_a_turns_output_goes_to_every_socket_and_the_full_are_named() -> None:
    there, slow, leaving, silent = Transport(), Transport(full=True), Transport(), Transport()
    numbers: dict[int, Any] = {1: there, 2: slow, 3: leaving, 5: silent}
    one, two, three, gone, five = (
        cast(Connection, SimpleNamespace(socket=SimpleNamespace(number=number), closed="Quit" if number == 3 else None))
        for number in (1, 2, 3, 4, 5)
    )
    outputs = [(one, b"a\r\n"), (two, b"b\r\n"), (three, b"c\r\n"), (gone, b"d\r\n"), (five, b"")]
    assert clients.write_all(outputs, numbers, 7) == [two]
    assert there.did == [(b"a\r\n", 7)] and leaving.did == [(b"c\r\n", 7), "close"]
    assert slow.did == [(b"b\r\n", 7)] and silent.did == []
