"""Keeps the node's data on disk: runs the store beside the loop, feeds it from the engine's journal, reads history."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from gateway.io.memory import pause
from gateway.io.settings import own_histories
from gateway.irc.times import DAY_S
from ring.agenda import NEVER
from ring.ids import UNREADABLE, GroupId
from ring.io.crash import crash_only
from ring.io.store_limit import shorten
from ring.io.store_writer import Chore, StoreWriter
from ring.replication.guarded import GroupBroken
from ring.storage.sqlite.file import STORE
from ring.storage.sqlite.store import SqliteStore
from ring.storage.store import Line, Store, StoreError

if TYPE_CHECKING:
    from gateway.io.process import Process

DELAY_S: Final = 0.05
"""Changes that nobody waits for are gathered for this long: to hand over each line alone costs more time."""

TURN_S: Final = 0.002
"""Replicas are restored for so long in a turn of the loop (P23)."""

FIT_EVERY_S: Final = 20.0
"""The time between two looks at the size of the store."""

KINDS: Final = ("channel", "conversation")
"""The kinds of groups with a kept history."""

FOREVER: Final = 2**62
"""Unix ms, later than any line."""


class Durable:
    """The store of one node."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.crash = process.crash
        self._engine = process.core.engine
        path = self._path = process.config.node.state_dir / STORE
        self.writer = StoreWriter(
            lambda: SqliteStore(path), lambda: SqliteStore(path, reading=True), self._written, self._trouble
        )
        self._started = False
        self._later: asyncio.TimerHandle | None = None
        self._later_at = NEVER  # when `_later` runs, by the engine's clock
        self._fit: asyncio.TimerHandle | None = None
        self._is_too_large = False

    async def start(self) -> None:
        """Load the data of earlier lives. Raises StoreError."""
        replicas = self.writer.start()
        self._started = True
        journal = self._engine.journal
        journal.on = True
        self._engine.read_store = self._read
        self._engine.work_store = self._work
        self.writer.retain(self._retain)
        last = await self._last_lines([group for group, _ in replicas])
        with pause():
            await self._load(replicas, last)
        self._process.log.info("store_opened", groups=len(replicas))
        self._fit = asyncio.get_running_loop().call_later(FIT_EVERY_S, self._look_at_size)

    async def _load(self, replicas: list[tuple[GroupId, bytes]], last: dict[GroupId, Line]) -> None:
        """Restore the replicas, in slices of TURN_S. last: the newest line of each group with lines."""
        until = time.monotonic() + TURN_S
        for group, data in replicas:
            try:
                self._engine.journal.load(group, data, last.get(group))
            except GroupBroken as broken:
                self._engine.stopped.stop(group, broken.mistake)
            except (*UNREADABLE, KeyError) as problem:
                self._process.log.error("copy_unreadable", group=f"{group.kind}:{group.name}", reason=str(problem))
            if time.monotonic() >= until:
                await asyncio.sleep(0)
                self._process.begin()
                until = time.monotonic() + TURN_S

    async def _last_lines(self, groups: list[GroupId]) -> dict[GroupId, Line]:
        """Read the newest line of each group; groups without lines are left out."""
        asked: asyncio.Future[dict[GroupId, Line] | StoreError] = asyncio.get_running_loop().create_future()

        self.writer.read(lambda store: store.newest(groups), asked.set_result)
        result = await asked
        if isinstance(result, StoreError):
            raise result
        return result

    def size(self) -> int:
        """Return the size of the store's files in bytes, with the log that SQLite has not merged yet."""
        found = 0
        for path in (self._path, self._path.with_name(f"{self._path.name}-wal")):
            with suppress(OSError):
                found += path.stat().st_size
        return found

    def flush(self) -> None:
        """Write changes: at once if somebody waits for a change, and otherwise within DELAY_S."""
        if self._started and self._engine.journal.urgent:
            self._write()
        elif self._started:
            self._plan()

    def _plan(self) -> None:
        """Write when the next change is due, and after DELAY_S at the earliest. An earlier plan stays."""
        now = self._engine.now
        at = max(self._engine.journal.next_at, now + DELAY_S)
        if at >= self._later_at or at == NEVER:
            return
        if self._later is not None:
            self._later.cancel()
        self._later_at = at
        self._later = asyncio.get_running_loop().call_later(at - now, self._gathered)

    @crash_only
    def _gathered(self) -> None:
        self._later, self._later_at = None, NEVER
        self._process.begin()
        self._write()
        self._plan()

    def _write(self) -> None:
        batch = self._engine.journal.take()
        if batch is not None:
            self.writer.write(batch)

    @crash_only
    def _look_at_size(self) -> None:
        """Check the size of the store. Over the limit, drop the oldest lines, even lines within the retention."""
        limit, now_ms = self._process.config.history.max_size, int(self._process.now * 1000)
        if limit:
            self.writer.chore(lambda store: self._shorten(store, limit, now_ms), self._shortened)
        else:
            self._fit = asyncio.get_running_loop().call_later(FIT_EVERY_S, self._look_at_size)

    def _shorten(self, store: Store, limit: int, now_ms: int) -> Iterator[int]:
        """Drop old lines, in the writer's thread."""
        yield from shorten(store, limit, KINDS, now_ms)
        self._is_too_large = store.size() > limit

    @crash_only
    def _shortened(self, lines: int | StoreError) -> None:
        limit = self._process.config.history.max_size
        if isinstance(lines, int) and lines:
            self._process.log.warning("history_shortened", lines=lines, limit=limit, setting="history.max_size")
        elif isinstance(lines, int) and self._is_too_large:
            self._process.log.error(
                "store_too_large", limit=limit, reason="accounts and channels alone need more than history.max_size"
            )
        self._fit = asyncio.get_running_loop().call_later(FIT_EVERY_S, self._look_at_size)

    def close(self) -> None:
        """Write the remaining changes and close the store."""
        if self._fit is not None:
            self._fit.cancel()
        if self._started:
            self._engine.journal.hurry()
            self._write()
            if not self.writer.close():
                self._process.log.error("store_not_closed", reason="what was said last may not be on disk")

    @crash_only
    def _written(self, number: int) -> None:
        self._process.begin()
        self._engine.journal.written(number)
        self._process.touched()

    @crash_only
    def _trouble(self, words: str | None) -> None:
        self._engine.journal.trouble = words or ""
        if words is None:
            self._process.log.info("store_works_again", lines_dropped=self.writer.dropped)
        else:
            self._process.log.error("store_refuses", reason=words)

    def _read(self, job: Callable[[Store], Any], done: Callable[[Any], None]) -> None:
        def arrived(result: Any) -> None:
            self._process.begin()
            done(result)
            self._process.touched()

        self.writer.read(job, arrived)

    def _work(self, job: Chore, done: Callable[[int | StoreError], None]) -> None:
        def ended(result: int | StoreError) -> None:
            self._process.begin()
            done(result)
            self._process.touched()

        self._write()  # the job has to see all lines so far
        self.writer.chore(job, ended)

    def _retain(self, store: Store) -> Iterator[int]:
        """Drop lines that are too old or too many, in the writer's thread."""
        config = self._process.config
        history = config.history

        def before(days: int) -> int:
            return int((self._process.now - days * DAY_S) * 1000) if history.enabled else FOREVER

        own = {GroupId("channel", name): one for name, one in own_histories(config).items()}
        for group, one in own.items():
            yield from store.prune(group.kind, before(one.keep_days), one.keep_lines, [group])
        for kind in KINDS:
            yield from store.prune(kind, before(history.keep_days), history.keep_lines, skip=[*own])
