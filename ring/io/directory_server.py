"""Run a directory: a UDP socket, a clock and a log around the directory's core."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from random import SystemRandom
from typing import Any

from ring.durations import COOKIE_S, DROPS_LOG_EVERY_S
from ring.io.datagram_port import Address, DatagramPort
from ring.io.log_limit import LogLimit
from ring.membership.directory.server import DirectoryCore


class DirectoryServer:
    """Serve one directory. start() raises OSError if the address cannot be had."""

    def __init__(
        self,
        host: str,
        port: int,
        network_name: str,
        key: bytes,
        lease_s: float,
        max_nodes: int,
        log: Any,
        cookie_s: float = COOKIE_S,
    ) -> None:
        """host: IP address to listen on. port: 0 for any. log: a structlog logger."""
        self._where = (host, port)
        self._log = log
        self._skew = time.time() - time.monotonic()
        self.core = DirectoryCore(
            network_name, key, SystemRandom(), self.now, lease_s=lease_s, max_nodes=max_nodes, cookie_s=cookie_s
        )
        self._tick_s = min(1.0, lease_s / 10)
        self._limit = LogLimit()
        self._logged_drops = Counter[str]()
        self._dropped_from: Address | None = None
        self._drops_due = 0.0
        self._port: DatagramPort | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def now(self) -> float:
        """Return Unix seconds that never go back while the process runs."""
        return time.monotonic() + self._skew

    @property
    def address(self) -> Address:
        """Return the address of the started directory."""
        return self._port.address if self._port else self._where

    @property
    def nodes(self) -> int:
        """Return the number of live leases."""
        return len(self.core.leases)

    @property
    def drops(self) -> dict[str, int]:
        """Return the number of datagrams not believed, by reason."""
        return dict(self.core.drops)

    async def start(self) -> None:
        self._port = await DatagramPort.open(self._where, self._receive, self._log)
        self._log.info("directory_started", ip=self.address[0], port=self.address[1], boot=self.core.boot)
        self._tick()

    async def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._port is not None:
            await self._port.close()
            self._port = None
            self._log.info("directory_stopped", nodes=self.nodes)

    def _receive(self, data: bytes, source: Address) -> None:
        drops = self.core.drops.total()
        answer = self.core.receive(data, source, self.now)
        if answer is not None and self._port is not None:
            self._port.send(answer, source)
        if self.core.drops.total() != drops:
            self._dropped_from = source
        self._write_notes()

    def _tick(self) -> None:
        self.core.tick(self.now)
        self._write_notes()
        self._log_drops()
        self._timer = asyncio.get_running_loop().call_later(self._tick_s, self._tick)

    def _write_notes(self) -> None:
        notes, self.core.notes = self.core.notes, []
        for note in notes:
            held = self._limit.allow(note.event, self.now)
            if held is not None:
                facts = note.facts | ({"lines_held_back": held} if held else {})
                level = self._log.warning if note.event == "announce_refused" else self._log.info
                level(note.event, **facts)

    def _log_drops(self) -> None:
        """Log one line a minute for all datagrams that were not believed."""
        new = self.core.drops - self._logged_drops
        if not new or self.now < self._drops_due:
            return
        self._drops_due = self.now + DROPS_LOG_EVERY_S
        self._logged_drops = self.core.drops.copy()
        self._log.warning(
            "datagrams_dropped", reasons=dict(new), last_from=self._dropped_from and self._dropped_from[0]
        )
