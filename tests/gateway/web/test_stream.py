"""Pages that are open, over real sockets: slow readers, too many of them, mistakes, and the end of the node."""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientResponse, ClientSession, web

from gateway.happenings import Happenings
from gateway.look import Looks
from gateway.status import Around
from gateway.web import feed, pages, stream
from gateway.web.page import Made
from gateway.web.stream import Streams
from ring.replication.application import Note
from tests.gateway.commands.stage import network
from tests.patience import WITHIN_S


class Log:
    def __init__(self) -> None:
        self.bugs: list[str] = []

    def error(self, event: str, where: str, **_: Any) -> None:
        self.bugs.append(f"{event} {where}")


class Open:
    """A node's streams on a port of their own."""

    def __init__(self) -> None:
        self.net = network(1)
        core = self.net.nodes["n1"].core
        self.happenings = Happenings(core)
        self.log = Log()
        self.streams = Streams(core, Looks(core, dict, Around, self.happenings), self.turn, self.log)
        self.port = 0

    def turn(self, job: Callable[[], None]) -> None:
        self.net.run(1.0)
        job()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/events"

    @property
    def listeners(self) -> int:
        return len(self.streams._feed._listeners)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(WITHIN_S):
            while not condition():
                await asyncio.sleep(0.01)


@asynccontextmanager
async def opened() -> AsyncIterator[Open]:
    made, app = Open(), web.Application()
    app.add_routes([web.get("/events", made.streams.events, allow_head=False)])
    runner = web.AppRunner(app, shutdown_timeout=1.0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.port = runner.addresses[0][1]
    try:
        yield made
    finally:
        made.streams.close()
        await runner.cleanup()


def run(story: Callable[[Open, ClientSession], Awaitable[None]]) -> None:
    async def all_of_it() -> None:
        async with opened() as made, ClientSession() as session, asyncio.timeout(WITHIN_S):
            await story(made, session)

    asyncio.run(all_of_it())


async def event(answer: ClientResponse, kind: str) -> bytes:
    """The next event of the kind, as it was sent."""
    while True:
        block = await answer.content.readuntil(b"\n\n")
        if f"event: {kind}\n".encode() in block:
            return block


def test_a_page_is_told_of_its_parts_and_of_what_happens_and_goes_on_where_it_was() -> None:
    async def story(made: Open, session: ClientSession) -> None:
        async with session.get(made.url) as answer:
            assert answer.headers["Content-Type"] == "text/event-stream"
            assert answer.headers["Cache-Control"] == "no-store"
            assert b"The node is alive." in await event(answer, "parts")
            made.happenings.hear(Note("node_alive", None, {"peer": "127.0.0.9"}))
            first = await event(answer, "happening")
            assert b"127.0.0.9 is back" in first
        made.happenings.hear(Note("node_alive", None, {"peer": "127.0.0.8"}))
        number = first.split(b"id: ")[1].split(b"\n")[0].decode()
        async with session.get(made.url, headers={"Last-Event-ID": number}) as answer:
            assert b"127.0.0.8 is back" in await event(answer, "happening")
        async with session.get(made.url, params={"after": "no such id"}) as answer:
            assert b"127.0.0.9 is back" in await event(answer, "happening")

    run(story)


def test_a_reader_that_is_too_slow_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    counter = itertools.count()
    monkeypatch.setattr(stream, "WRITE_S", 0.2)
    monkeypatch.setattr(stream, "TURN_S", 0.01)
    monkeypatch.setattr(pages, "KEPT_S", 0.0)
    monkeypatch.setattr(pages, "make", lambda view: Made(view, {"nodes": f"{next(counter)}" * 1_000_000}))

    async def story(made: Open, session: ClientSession) -> None:
        with socket.socket() as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.setblocking(False)
            await asyncio.get_running_loop().sock_connect(slow, ("127.0.0.1", made.port))
            await asyncio.get_running_loop().sock_sendall(slow, b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
            await made.until(lambda: made.listeners == 1)
            await made.until(lambda: made.listeners == 0)
        assert made.log.bugs == []

    run(story)


def test_as_many_pages_as_may_be_are_served_and_one_more_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "LISTENERS", 2)

    async def story(made: Open, session: ClientSession) -> None:
        async with session.get(made.url) as one, session.get(made.url) as two:
            assert (one.status, two.status) == (200, 200)
            async with session.get(made.url) as three:
                assert three.status == 503 and "close some" in (await three.json())["error"]
        await made.until(lambda: made.listeners == 0)
        async with session.get(made.url) as again:
            assert again.status == 200

    run(story)


def test_a_mistake_of_the_program_ends_the_pages_and_not_the_node(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(view: object) -> Made:
        raise ZeroDivisionError

    monkeypatch.setattr(pages, "make", broken)

    async def story(made: Open, session: ClientSession) -> None:
        async with session.get(made.url) as answer:
            await answer.content.read()
        assert made.log.bugs == ["bug http /events"]
        monkeypatch.setattr(pages, "make", lambda view: Made(view, {"nodes": "well"}))
        async with session.get(made.url) as answer:
            assert b"well" in await event(answer, "parts")

    run(story)


def test_nobody_is_asked_while_no_page_is_open() -> None:
    async def story(made: Open, session: ClientSession) -> None:
        async with session.get(made.url) as answer:
            await event(answer, "parts")
        await made.until(lambda: made.listeners == 0)
        assert made.streams._turns is not None
        await made.streams._turns

    run(story)


def test_a_node_that_stops_ends_the_pages_and_takes_no_new_ones() -> None:
    async def story(made: Open, session: ClientSession) -> None:
        async with session.get(made.url) as answer:
            await event(answer, "parts")
            made.streams.close()
            await answer.content.read()
        async with session.get(made.url) as answer:
            assert answer.status == 503 and "stopping" in (await answer.json())["error"]
        async with session.head(made.url) as answer:
            assert answer.status == 405

    run(story)


def test_a_silent_stream_is_kept_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "KEEP_ALIVE_S", 0.05)
    monkeypatch.setattr(pages, "make", lambda view: Made(view, {}))

    async def story(made: Open, session: ClientSession) -> None:
        async with session.get(made.url) as answer:
            assert await answer.content.readuntil(b"\n\n") == b"retry: 2000\n\n"
            assert await answer.content.readuntil(b"\n\n") == b": nothing new\n\n"

    run(story)
