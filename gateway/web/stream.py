"""Sends server-sent events to open pages: happenings, and the changed parts of the page."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from aiohttp import web

from gateway.look import Looks
from gateway.node import NodeCore
from gateway.web.connections import HEADERS
from gateway.web.feed import Feed, Full, Listener
from gateway.web.lookout import Lookout
from gateway.web.overview import glimpse, overview
from gateway.web.pages import Pages, View
from gateway.web.server import error
from gateway.web.telling import Retold, told

TURN_S: Final = 1.0
"""While a page is open, the nodes are asked at this interval."""

PATIENCE_S: Final = 1.0
"""A new page waits this long for the answers of the nodes."""

KEEP_ALIVE_S: Final = 15.0
"""After this long without news the node sends a comment, so that no proxy takes the connection for dead."""

WRITE_S: Final = 20.0
"""A listener that has not read for this long is dropped."""

RETRY_MS: Final = 2000
"""A browser that has lost the node tries again after this time."""


Turn = Callable[[Callable[[], None]], None]


class Streams:
    """The open pages of a node."""

    def __init__(self, core: NodeCore, looks: Looks, turn: Turn, log: Any) -> None:
        """turn: runs a function on the core, in a turn of its own."""
        self._core = core
        self._turn = turn
        self._log = log
        self._feed = Feed(str(core.engine.me.number))
        self._lookout = Lookout(core, looks)
        self._retold = Retold()
        self._turns: asyncio.Task[None] | None = None
        self.pages = Pages(self._look)

    async def _look(self) -> View:
        """Ask the nodes for the data of a new page."""
        await self._ask(PATIENCE_S)
        seen, happenings = glimpse(self._core, self._lookout), self._feed.latest
        return lambda: {**overview(seen), "happenings": happenings, "operators": True}

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Serve the stream. `Last-Event-ID` or `after`: the last happening that the page knows."""
        if self._feed.is_closed:
            return error(503, "the node is stopping: ask another node of the network")
        news = asyncio.Event()
        listener = Listener(news.set)
        after = request.headers.get("Last-Event-ID") or request.query.get("after", "")
        try:
            self._feed.join(listener, after)
        except Full:
            return error(503, "as many pages as a node serves at once are open: close some, or ask another node")
        try:
            if self._turns is None or self._turns.done():
                self._turns = asyncio.create_task(self._take_turns())
            return await self._serve(request, listener, news)
        finally:
            self._feed.leave(listener)

    def close(self) -> None:
        """Send no more to the pages, because the node stops."""
        self._feed.close()
        if self._turns is not None:
            self._turns.cancel()

    async def _serve(self, request: web.Request, listener: Listener, news: asyncio.Event) -> web.StreamResponse:
        response = web.StreamResponse(headers={**HEADERS, "Content-Type": "text/event-stream"})
        await response.prepare(request)
        data = f"retry: {RETRY_MS}\n\n".encode()
        try:
            while not listener.ended:
                async with asyncio.timeout(WRITE_S):
                    await response.write(data)
                data = await _next(listener, news)
        except (TimeoutError, ConnectionError):  # the reader is too slow, or gone
            if request.transport is not None:
                request.transport.abort()
        return response

    async def _take_turns(self) -> None:
        """Ask the nodes and update the pages while pages are open. A mistake here ends only the pages."""
        loop = asyncio.get_running_loop()
        try:
            while self._feed.is_watched:
                began = loop.time()
                self._feed.show((await self.pages.latest()).parts)
                await asyncio.sleep(max(began + TURN_S, self.pages.old_at) - loop.time())
        except Exception:
            self._log.error("bug", where="http /events", exc_info=True)
            self._feed.end()

    async def _ask(self, patience_s: float) -> None:
        """Ask the nodes, and wait for the answers. A late node is shown with its last status."""
        answered = asyncio.Event()
        self._turn(lambda: self._lookout.ask(answered.set))
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await answered.wait()
        for key, happening in self._lookout.take_news():
            if not self._retold.is_known(happening):
                self._feed.happened(told(key, happening, self._core.name_of))


async def _next(listener: Listener, news: asyncio.Event) -> bytes:
    """Wait for the listener's next data; return a comment after KEEP_ALIVE_S without data."""
    while not listener.ended:
        news.clear()
        if data := listener.take():
            return data
        try:
            async with asyncio.timeout(KEEP_ALIVE_S):
                await news.wait()
        except TimeoutError:
            return b": nothing new\n\n"
    return b""
