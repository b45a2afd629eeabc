"""Directories and their nodes on loopback, each with a log."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from ring.io.datagram_port import Address
from ring.io.directory_client import DirectoryClient
from ring.io.directory_server import DirectoryServer
from ring.membership.directory.view import RosterChanged
from ring.roster import NodeRecord
from tests.ring.io.hubs import KEY, Log, News

NETWORK = "Circlet"


def record(number: int, **changes: Any) -> NodeRecord:
    ip = f"127.0.0.{number}"
    facts: dict[str, Any] = {"key": ip, "incarnation": 1, "name": f"n{number}.test", "ip": ip, "irc": "", **changes}
    return NodeRecord(link_port=7600, version="1", started=0, **facts)


class Directory:
    """A directory and its log."""

    def __init__(self, news: News, port: int = 0, **changes: Any) -> None:
        self.log = Log(news)
        facts: dict[str, Any] = {"network_name": NETWORK, "key": KEY, "lease_s": 30.0, "max_nodes": 100, **changes}
        self.server = DirectoryServer("127.0.0.1", port, log=self.log, **facts)


class Member:
    """A node with a log and the known other nodes."""

    def __init__(self, news: News, directories: list[Address], node: NodeRecord, **changes: Any) -> None:
        self.news = news
        self.log = Log(news)
        self.record = node
        self.known: dict[str, NodeRecord] = {}
        self.departed: set[str] = set()
        facts: dict[str, Any] = {"bind_ip": node.ip, "network_name": NETWORK, "key": KEY, "announce_every_s": 0.2}
        self.client = DirectoryClient(
            directories,
            record=lambda: self.record,
            on_change=self._changed,
            log=self.log,
            **{**facts, **changes},
        )

    def _changed(self, news: RosterChanged) -> None:
        self.known.update((one.key, one) for one in (*news.added, *news.changed))
        for one in news.removed:
            del self.known[one.key]
        self.departed |= news.departed
        self.news.tell()


class Place:
    """Everything running on this machine; `until` waits for any report."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self.news = News()
        self.directories: list[Directory] = []
        self._stack = stack

    @property
    def addresses(self) -> list[Address]:
        return [one.server.address for one in self.directories]

    async def directory(self, **changes: Any) -> Directory:
        made = Directory(self.news, **changes)
        await made.server.start()
        self._stack.push_async_callback(made.server.stop)
        self.directories.append(made)
        return made

    async def member(self, node: NodeRecord, **changes: Any) -> Member:
        made = Member(self.news, changes.pop("directories", self.addresses), node, **changes)
        await made.client.start()
        self._stack.push_async_callback(made.client.stop, False)
        return made

    async def until(self, true: Any) -> None:
        await self.news.until(true, why=lambda: [one.log.lines for one in self.directories])


@asynccontextmanager
async def place() -> AsyncIterator[Place]:
    async with AsyncExitStack() as stack:
        yield Place(stack)


def unused() -> Address:
    """An address at which nobody answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
        gone.bind(("127.0.0.1", 0))
        ip, port = gone.getsockname()
    return ip, port
