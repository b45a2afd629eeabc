"""Link hubs on loopback, each with an ear for its events and log, and strangers at their ports."""

from __future__ import annotations

import asyncio
import random
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

import msgspec
import uvloop

from config.node import Links
from ring.ids import Evidence, Incarnation
from ring.io.certificates import dialler_context
from ring.io.links import LinkHub
from ring.links.hello import Terms
from ring.roster import NodeRecord
from tests.patience import WITHIN_S
from tests.settings import section

TERMS = Terms("Circlet", "irc.circlet.local", "absolute", 1, 1, "rfc1459", {"nick_len": 30})
KEY = bytes(range(32))
FAST = section(Links, heartbeat_s=0.1, dead_after_s=0.5, redial_min_s=0.01, redial_max_s=0.05)
CALM = FAST.model_copy(update={"dead_after_s": 30.0})
"""For strangers' tests: no timer of the hub is due in these tests."""

Logged = tuple[str, str, dict[str, Any]]  # level, event, facts


def run(story: Coroutine[Any, Any, None]) -> None:
    """Run on the nodes' kind of loop; an uncaught exception fails the test."""
    unhandled: list[dict[str, Any]] = []

    async def watched() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: unhandled.append(context))
        await asyncio.wait_for(story, WITHIN_S)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(watched())
    assert unhandled == []


class News:
    """Wakes waiters for a condition; changes without an event (a closed socket) are looked at now and then."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def tell(self) -> None:
        self._event.set()

    async def until(self, true: Callable[[], Any], within_s: float = WITHIN_S, why: Callable[[], Any] = str) -> None:
        try:
            async with asyncio.timeout(within_s):
                while not true():
                    self._event.clear()
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._event.wait(), 0.02)
        except TimeoutError:
            raise AssertionError(f"did not happen within {within_s} s: {why()}") from None


class Log:
    """Keeps the log."""

    def __init__(self, news: News) -> None:
        self._news = news
        self.lines: list[Logged] = []

    def __getattr__(self, level: str) -> Callable[..., None]:
        def write(event: str, **facts: Any) -> None:
            self.lines.append((level, event, facts))
            self._news.tell()

        return write

    def of(self, event: str) -> list[dict[str, Any]]:
        return [facts for _, name, facts in self.lines if name == event]


class Peer:
    """A hub and its events: `ups`, `downs` as (key, incarnation, dead), `heard` as (sender, payload).

    `asked`: questions of admin clients, as (payload, reply).
    """

    def __init__(self, number: int, roster: dict[str, NodeRecord], news: News, **changes: Any) -> None:
        self.key = changes.pop("ring_key", f"127.0.0.{number}")
        self.ip = changes.pop("ip", f"127.0.0.{number}")
        self.roster = roster
        self.news = news
        self.log = Log(news)
        self.ups: list[NodeRecord] = []
        self.levels: list[int] = []
        self.downs: list[tuple[str, int, bool]] = []
        self.heard: list[tuple[Incarnation, bytes]] = []
        self.asked: list[tuple[bytes, Callable[[bytes], None]]] = []
        incarnation = changes.pop("incarnation", 1)
        self.record = NodeRecord(self.key, incarnation, f"n{number}.test", self.ip, 1, "", "1", 0)
        facts: dict[str, Any] = {"terms": TERMS, "key": KEY, "settings": FAST, "port": 0, **changes}
        self.hub = LinkHub(
            record=lambda: self.record,
            host=f"127.0.0.{number}",
            events=self,
            find=roster.get,
            log=self.log,
            rng=random.Random(number),
            **facts,
        )

    async def start(self) -> None:
        await self.hub.start()
        self.record = msgspec.structs.replace(self.record, link_port=self.hub.port)
        self.roster[self.key] = self.record

    @property
    def address(self) -> tuple[str, int]:
        return self.hub._host, self.hub.port

    def linked(self, *others: Peer) -> bool:
        return set(self.hub.connected()) == {other.key for other in others}

    @property
    def strangers(self) -> int:
        """Return accepted connections with an unfinished handshake."""
        return self.hub.door.strangers.total + self.hub.door.members.total

    @property
    def dials(self) -> int:
        """Return the dials under way, the handshakes of links begun by this hub included."""
        return len(self.hub.connector.dials)

    def link(self, other: Peer) -> Any:
        """The socket of the link with another peer."""
        return self.hub._sockets[self.hub.connector.links[other.key].connection]

    def payloads(self) -> list[bytes]:
        return [payload for _, payload in self.heard]

    def reasons(self, event: str = "link_refused") -> list[str]:
        return [facts["reason"] for facts in self.log.of(event)]

    async def until(self, true: Callable[[], Any], within_s: float = WITHIN_S) -> None:
        await self.news.until(true, within_s, lambda: (self.key, self.log.lines, self.ups, self.downs))

    # LinkEvents

    def up(self, peer: NodeRecord) -> None:
        self.ups.append(peer)
        self.news.tell()

    def acts_at(self, level: int) -> None:
        self.levels.append(level)

    def down(self, key: str, incarnation: int, evidence: Evidence) -> None:
        self.downs.append((key, incarnation, evidence))
        self.news.tell()

    def alive(self, peer: Incarnation) -> None:
        self.last_alive = peer

    def received(self, peer: Incarnation, payload: bytes) -> None:
        self.heard.append((peer, payload))
        self.news.tell()

    def requested(self, payload: bytes, reply: Callable[[bytes], None]) -> None:
        self.asked.append((payload, reply))
        self.news.tell()


class Town:
    """Peers that know each other's addresses."""

    def __init__(self) -> None:
        self.roster: dict[str, NodeRecord] = {}
        self.news = News()
        self.peers: list[Peer] = []

    async def peer(self, number: int, **changes: Any) -> Peer:
        peer = Peer(number, self.roster, self.news, **changes)
        await peer.start()
        self.peers.append(peer)
        return peer

    async def pair(self, **changes: Any) -> tuple[Peer, Peer]:
        """Two peers; `changes` are of the second."""
        return await self.peer(1), await self.peer(2, **changes)

    async def linked_pair(self, **settings: Any) -> tuple[Peer, Peer]:
        a, b = await self.peer(1, **settings), await self.peer(2, **settings)
        a.hub.want(b.key)
        await a.until(lambda: a.linked(b) and b.linked(a))
        return a, b


@asynccontextmanager
async def town() -> AsyncIterator[Town]:
    place = Town()
    try:
        yield place
    finally:
        for peer in place.peers:
            await peer.hub.stop()


def story(tell: Callable[[Town], Awaitable[None]]) -> Callable[[], None]:
    """A test: an async function over a fresh town."""

    def test() -> None:
        async def told() -> None:
            async with town() as place:
                await tell(place)

        run(told())

    test.__name__, test.__doc__ = tell.__name__, tell.__doc__
    return test


class Stranger:
    """A TLS connection to a hub, free to say anything."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def knock(cls, peer: Peer) -> Stranger:
        return cls(*await asyncio.open_connection(*peer.address, ssl=dialler_context(), server_hostname=""))

    def say(self, data: bytes) -> None:
        self.writer.write(data)

    async def hears(self) -> bytes:
        """Everything until the hub hangs up."""
        got = b""
        try:
            async with asyncio.timeout(WITHIN_S):
                while data := await self.reader.read(65536):
                    got += data
        except (OSError, ssl.SSLError):
            pass
        self.writer.close()
        return got


@asynccontextmanager
async def mute_server() -> AsyncIterator[tuple[str, int]]:
    """A port that takes connections and says nothing, like a stopped process."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.9", 0))
        listener.listen(8)
        yield listener.getsockname()
