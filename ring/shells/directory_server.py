"""The process side of a directory: a UDP socket, a clock and a log around its core."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from random import SystemRandom
from typing import Any

from ring.directory.server import DirectoryCore
from ring.shells.datagram_port import Address, DatagramPort
from ring.shells.log_limit import LogLimit

_DROPS_LOGGED_S = 60.0


class DirectoryServer:
    """Serves one directory. start() raises OSError if the address cannot be had."""

    def __init__(
        self,
        host: str,
        port: int,
        network_name: str,
        key: bytes,
        lease_s: float,
        max_nodes: int,
        log: Any,
        cookie_s: float = 60.0,
    ) -> None:
        """host: IP address to listen on. port: 0 for any. log: a structlog logger."""
        self._where = (host, port)
        self._log = log
        self._skew = time.time() - time.monotonic()
        self._core = DirectoryCore(
            network_name, key, SystemRandom(), self._now, lease_s=lease_s, max_nodes=max_nodes, cookie_s=cookie_s
        )
        self._tick_s = min(1.0, lease_s / 10)
        self._limit = LogLimit()
        self._logged_drops = Counter[str]()
        self._dropped_from: Address | None = None
        self._drops_due = 0.0
        self._port: DatagramPort | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def _now(self) -> float:
        """Unix seconds that never go back while the process runs."""
        return time.monotonic() + self._skew

    @property
    def address(self) -> Address:
        """Where it listens, once started."""
        return self._port.address if self._port else self._where

    @property
    def nodes(self) -> int:
        """Live leases."""
        return len(self._core.leases)

    @property
    def drops(self) -> dict[str, int]:
        """Datagrams not believed, by reason."""
        return dict(self._core.drops)

    async def start(self) -> None:
        self._port = await DatagramPort.open(self._where, self._receive, self._log)
        self._log.info("directory_started", ip=self.address[0], port=self.address[1], boot=self._core.boot)
        self._tick()

    async def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._port is not None:
            await self._port.close()
            self._port = None
            self._log.info("directory_stopped", nodes=self.nodes)

    def _receive(self, data: bytes, source: Address) -> None:
        drops = self._core.drops.total()
        answer = self._core.receive(data, source, self._now)
        if answer is not None and self._port is not None:
            self._port.send(answer, source)
        if self._core.drops.total() != drops:
            self._dropped_from = source
        self._write_notes()

    def _tick(self) -> None:
        self._core.tick(self._now)
        self._write_notes()
        self._log_drops()
        self._timer = asyncio.get_running_loop().call_later(self._tick_s, self._tick)

    def _write_notes(self) -> None:
        notes, self._core.notes = self._core.notes, []
        for note in notes:
            held = self._limit.allow(note.event, self._now)
            if held is not None:
                facts = note.facts | ({"lines_held_back": held} if held else {})
                level = self._log.warning if note.event == "announce_refused" else self._log.info
                level(note.event, **facts)

    def _log_drops(self) -> None:
        """One line a minute for all that was not believed."""
        new = self._core.drops - self._logged_drops
        if not new or self._now < self._drops_due:
            return
        self._drops_due = self._now + _DROPS_LOGGED_S
        self._logged_drops = self._core.drops.copy()
        self._log.warning(
            "datagrams_dropped", reasons=dict(new), last_from=self._dropped_from and self._dropped_from[0]
        )
