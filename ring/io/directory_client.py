"""Connect a node to the directories by UDP, and ask the public's questions."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from ipaddress import ip_address
from random import SystemRandom
from typing import Any

import structlog

from ring.durations import ANSWER_LOOK_S, DEPART_WAIT_S, DIRECTORY_LOOK_S, DIRECTORY_WAKE_S
from ring.io.datagram_port import Address, DatagramPort
from ring.io.log_limit import LogLimit
from ring.membership.directory.client import DirectoriesCore, Effect, Lost, Reached, Rejected, Send
from ring.membership.directory.datagrams import Codec, Denial, Listed
from ring.membership.directory.query import DenialQuery, Query
from ring.membership.directory.view import RosterChanged
from ring.roster import NodeRecord

_ANY = {4: "0.0.0.0", 6: "::"}


class DirectoryClient:
    """Announce a node to the directories, and follow the directories' roster."""

    def __init__(
        self,
        directories: Sequence[Address],
        bind_ip: str,
        network_name: str,
        key: bytes,
        record: Callable[[], NodeRecord],
        announce_every_s: float,
        on_change: Callable[[RosterChanged], None],
        log: Any,
        cached: Iterable[NodeRecord] = (),
    ) -> None:
        """directories: (IP, port) each. bind_ip: the node's own. cached: the saved roster, the base for on_change.

        record: returns the own record, called at each turn, so that a change of the record (leaving) is announced
        within half a second; wake() announces at once. The record's ring key and incarnation stay.
        """
        self._directories = [(str(ip_address(host)), port) for host, port in directories]
        self._bind_ip = bind_ip
        self._record = record
        self._on_change = on_change
        self._log = log
        self._limit = LogLimit()
        self._skew = time.time() - time.monotonic()
        codec = Codec(network_name, key)
        self.core = DirectoriesCore(len(directories), codec, record(), announce_every_s, SystemRandom(), cached)
        self._ports: dict[int, DatagramPort] = {}  # by IP version
        self._timer: asyncio.TimerHandle | None = None
        self._departed = asyncio.Event()
        self._departing = False

    @property
    def _now(self) -> float:
        return time.monotonic() + self._skew

    def leases_left(self) -> list[float | None]:
        """Return the seconds until each directory forgets this node if nothing more is heard; None without a lease."""
        return self.core.leases_left(self._now)

    async def start(self) -> None:
        """Open the sockets and begin. Raises OSError if no socket can be had."""
        for version in {ip_address(host).version for host, _ in self._directories}:
            self._ports[version] = await self._open(version)
        self.wake()

    async def stop(self, depart: bool = True) -> None:
        """Stop. depart: tell the directories, and wait up to a second until the answering directories have noted the
        departure."""
        if depart and self._ports:
            self._departing = True
            self.core.depart()
            self.wake()
            try:
                async with asyncio.timeout(DEPART_WAIT_S):
                    await self._departed.wait()
            except TimeoutError:
                self._log.warning("depart_unanswered")
        if self._timer is not None:
            self._timer.cancel()
        for port in self._ports.values():
            await port.close()
        self._ports.clear()

    def wake(self) -> None:
        """Do the due work now, and tell the directories at once if the own record changed."""
        record = self._record()
        if record != self.core.record:
            self.core.announce(record)
        try:
            self._carry_out(self.core.tick(self._now))
        finally:
            if self._timer is not None:
                self._timer.cancel()
            pause = min(DIRECTORY_LOOK_S, max(DIRECTORY_WAKE_S, self.core.due - self._now))
            self._timer = asyncio.get_running_loop().call_later(pause, self.wake)

    async def _open(self, version: int) -> DatagramPort:
        if ip_address(self._bind_ip).version == version:
            try:
                return await DatagramPort.open((self._bind_ip, 0), self._receive, self._log)
            except OSError as error:  # an address that only others see, behind a translator
                self._log.info("own_ip_not_local", ip=self._bind_ip, reason=str(error))
        return await DatagramPort.open((_ANY[version], 0), self._receive, self._log)

    def _receive(self, data: bytes, source: Address) -> None:
        index = self._directories.index(source) if source in self._directories else None
        self._carry_out(self.core.receive(data, index, self._now))

    def _carry_out(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Send(index, data):
                    host, _ = address = self._directories[index]
                    self._ports[ip_address(host).version].send(data, address)
                case RosterChanged():
                    self._on_change(effect)
                case Reached(index):
                    self._say("info", "directory_reached", index)
                case Lost(index):
                    self._say("warning", "directory_lost", index)
                case Rejected(index, reason):
                    self._say("error", "directory_refused", index, reason=reason)
        if self._departing and self.core.departed:
            self._departed.set()

    def _say(self, level: str, event: str, index: int, **facts: Any) -> None:
        if self._limit.allow(event, self._now) is not None:
            host, port = self._directories[index]
            getattr(self._log, level)(event, ip=host, port=port, **facts)


class NoAnswer(Exception):
    """No directory gave a list; the text says why for each directory."""


async def query_nodes(directories: Sequence[Address], timeout_s: float, log: Any = None) -> list[Listed]:
    """Return the live nodes as the directories know them, merged, by ring key. Needs no key of the network.

    directories: (IP, port) each. timeout_s: for all; once one has answered, the others get a quarter of the time.
    Raises NoAnswer if no directory answers in time.
    """
    query = await ask_directories(directories, timeout_s, log)
    if not query.answered:
        raise NoAnswer(
            ", ".join(f"{directories[i][0]} port {directories[i][1]}: {why}" for i, why in query.problems.items())
        )
    return query.nodes()


async def ask_directories(directories: Sequence[Address], timeout_s: float, log: Any = None) -> Query:
    """Ask each directory the public's question. Returns the question with the answers of the time given.

    directories: (IP, port) each. timeout_s: for all; once one has answered, the others get a quarter of the time.
    """
    query = Query(len(directories), SystemRandom())
    await _run(query, directories, timeout_s, log)
    return query


async def query_denials(directories: Sequence[Address], timeout_s: float, log: Any = None) -> set[Denial]:
    """Return the nodes that these directories have refused lately. Needs no key of the network.

    directories: (IP, port) each. timeout_s: for all; directories of older builds do not answer.
    """
    query = DenialQuery(len(directories), SystemRandom())
    await _run(query, directories, timeout_s, log)
    return query.found


async def _run(query: Query | DenialQuery, directories: Sequence[Address], timeout_s: float, log: Any) -> None:
    where = [(str(ip_address(host)), port) for host, port in directories]
    ports = dict[int, DatagramPort]()
    news = asyncio.Event()

    def send(sends: list[Send]) -> None:
        for index, data in sends:
            ports[ip_address(where[index][0]).version].send(data, where[index])

    def receive(data: bytes, source: Address) -> None:
        if source in where:
            send(query.receive(data, where.index(source), time.monotonic()))
            news.set()

    end = time.monotonic() + timeout_s
    try:
        for version in {ip_address(host).version for host, _ in where}:
            ports[version] = await DatagramPort.open((_ANY[version], 0), receive, log or structlog.get_logger())
        hurried = False
        while not query.finished and (left := end - time.monotonic()) > 0:
            if isinstance(query, Query) and query.answered and not hurried:
                hurried, end = True, min(end, time.monotonic() + timeout_s / 4)
                continue
            send(query.tick(time.monotonic()))
            news.clear()
            try:
                async with asyncio.timeout(min(left, ANSWER_LOOK_S)):  # wait_for of Python 3.11 may swallow a Ctrl-C
                    await news.wait()
            except TimeoutError:
                continue
    finally:
        for port in ports.values():
            await port.close()
