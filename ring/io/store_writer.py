"""Write a node's store in a thread beside the loop; another thread reads (store_reader).

Batches that come during a write are written together next. While the disk refuses, the newest replica of each group and
the last lines wait in memory, and are tried again.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Final, NamedTuple, TypeVar

from ring.batches import merged, shortened, size
from ring.durations import CLOSE_S, RETAIN_EVERY_S, WRITE_RETRY_MAX_S, WRITE_RETRY_S
from ring.histogram import Histogram
from ring.ids import GroupId
from ring.io.store_reader import StoreReader
from ring.storage.store import Batch, Store, StoreError

T = TypeVar("T")

WAITING_BYTES: Final = 64 * 1024 * 1024
"""At most this many bytes wait to be written. Beyond the limit the oldest lines are dropped."""

CHORES_MAX: Final = 1024

Chore = Callable[[Store], Iterator[int]]
"""Work on the store in short steps, between which batches are written. Each step yields the number of lines handled."""


class Pace(NamedTuple):
    retry_s: float = WRITE_RETRY_S  # after the first failure; doubled each time, up to WRITE_RETRY_MAX_S
    retain_every_s: float = RETAIN_EVERY_S
    waiting_bytes: int = WAITING_BYTES


class StoreWriter:
    """Write batches and do chores in a thread. All methods are for the loop's thread, which runs the callbacks, too.

    on_written(number): this batch and all earlier batches are on disk. on_trouble(words): the store refuses; None: no
    more.
    """

    def __init__(
        self,
        open_store: Callable[[], Store],
        open_reader: Callable[[], Store],
        on_written: Callable[[int], None],
        on_trouble: Callable[[str | None], None],
        pace: Pace = Pace(),  # noqa: B008
    ) -> None:
        self._open_store = open_store
        self._reader = StoreReader(open_reader)
        self._on_written = on_written
        self._on_trouble = on_trouble
        self._pace = pace
        self.dropped = 0  # lines never written
        self.writes = Histogram()  # seconds of each transaction, until on disk; kept by the writing thread
        # Shared by both threads, under this lock:
        self._news = threading.Condition()
        self._waiting: list[Batch] = []
        self._bytes = 0  # of the waiting batches
        self._limit = pace.waiting_bytes  # of _bytes; beyond this limit lines are dropped
        self._chores: deque[tuple[Chore, Callable[[int | StoreError], None]]] = deque()
        self._retention: Chore | None = None
        self._retain_at = 0.0
        self._closing = False
        # The writing thread's own:
        self._trouble: str | None = None
        self._pause_s = 0.0
        self._retry_at = 0.0
        self._steps: Iterator[int] | None = None  # of the first chore
        self._sum = 0

    def start(self) -> list[tuple[GroupId, bytes]]:
        """Open the store; returns the replicas in it. Blocks. Raises StoreError."""
        self._loop = asyncio.get_running_loop()
        self._store = self._open_store()
        try:
            replicas = list(self._store.replicas())
        except BaseException:
            self._store.close()
            raise
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()
        self._reader.start(self._loop)
        return replicas

    @property
    def reads(self) -> Histogram:
        """Return the seconds of each question to the store, without the wait before."""
        return self._reader.reads

    @property
    def waiting_bytes(self) -> int:
        """Return the bytes handed over and not being written yet."""
        return self._bytes

    def write(self, batch: Batch) -> None:
        with self._news:
            if not self._waiting:
                self._news.notify()
            self._waiting.append(batch)
            self._bytes += size(batch)
            self._shorten()

    def read(self, job: Callable[[Store], T], done: Callable[[T | StoreError], None]) -> None:
        """Call `job` in the reading thread, and `done` with the result, or with the reason for no answer."""
        self._reader.read(job, done)

    def chore(self, job: Chore, done: Callable[[int | StoreError], None]) -> None:
        """Do a chore between batches; `done` gets the sum of the steps' numbers."""
        with self._news:
            if self._closing or len(self._chores) >= CHORES_MAX:
                self._loop.call_soon(done, StoreError("the store has too much to do: try again later"))
                return
            self._chores.append((job, done))
            self._news.notify()

    def retain(self, job: Chore | None) -> None:
        """Forget old lines by `job`: now, and from time to time."""
        with self._news:
            self._retention, self._retain_at = job, time.monotonic()
            self._news.notify()

    def close(self, within_s: float = CLOSE_S) -> bool:
        """Write the waiting batches, and end. Blocks. Returns whether all is on disk."""
        until = time.monotonic() + within_s
        with self._news:
            self._closing = True
            self._news.notify()
        self._thread.join(within_s)
        self._reader.close(max(until - time.monotonic(), 0.0))
        return not self._thread.is_alive() and not self._waiting

    def _shorten(self) -> None:
        """Drop lines if too much waits, and enough lines that the next batch need not drop lines again."""
        if self._bytes > self._limit:
            whole = merged(self._waiting)
            kept = shortened(whole, self._pace.waiting_bytes * 3 // 4)
            self.dropped += len(whole.lines) - len(kept.lines)
            self._waiting, self._bytes = [kept], size(kept)
            self._limit = max(self._pace.waiting_bytes, self._bytes * 5 // 4)

    # The writing thread ---------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while (work := self._next()) is not None:
            work()
        for _, done in self._chores:
            self._tell(done, StoreError("the store is closed"))
        self._steps = None
        with suppress(StoreError):
            self._store.close()

    def _next(self) -> Callable[[], None] | None:
        """Wait for work and return the work; None: end."""
        with self._news:
            while True:
                now, due = time.monotonic(), self._due()
                if due <= now:
                    return self._write
                if self._closing:
                    return None
                if self._trouble is None and self._retention is not None and self._retain_at <= now:
                    self._retain_at = now + self._pace.retain_every_s
                    self._chores.append((self._retention, _nobody))
                if self._trouble is None and self._chores:
                    return self._step
                if self._trouble is None and self._retention is not None:
                    due = min(due, self._retain_at)
                self._news.wait(None if due == _NEVER else due - now)

    def _due(self) -> float:
        """Return when the waiting batches are to be written."""
        if not self._waiting:
            return _NEVER
        if self._closing:
            return _NEVER if self._retry_at == _NEVER else 0.0
        return 0.0 if self._trouble is None else self._retry_at

    def _write(self) -> None:
        with self._news:
            batches, self._waiting = self._waiting, []
            self._bytes = 0
            last = self._closing
        began = time.monotonic()
        try:
            self._store.write(batches)
        except Exception as problem:  # after any problem, the batches are tried again
            self._failed(batches, str(problem) if isinstance(problem, StoreError) else repr(problem))
            if last:
                self._retry_at = _NEVER
            return
        self.writes.observe(time.monotonic() - began)
        with self._news:
            self._limit = self._pace.waiting_bytes
        self._tell(self._on_written, max(batch.number for batch in batches))
        self._pause_s = 0.0
        if self._trouble is not None:
            self._trouble = None
            self._tell(self._on_trouble, None)
        with suppress(Exception):  # the next batch reports a problem
            self._store.tend()

    def _failed(self, batches: list[Batch], words: str) -> None:
        with self._news:
            again = merged(batches)
            self._waiting.insert(0, again)
            self._bytes += size(again)
            self._shorten()
        self._pause_s = min(max(2 * self._pause_s, self._pace.retry_s), WRITE_RETRY_MAX_S)
        self._retry_at = time.monotonic() + self._pause_s
        if words != self._trouble:
            self._trouble = words
            self._tell(self._on_trouble, words)

    def _step(self) -> None:
        """Do a step of the first chore."""
        job, done = self._chores[0]
        result: int | StoreError
        try:
            if self._steps is None:
                self._steps, self._sum = job(self._store), 0
            self._sum += next(self._steps)
            return
        except StopIteration:
            result = self._sum
        except StoreError as problem:
            result = problem
        except Exception as problem:  # a mistake in the job ends the job alone
            result = StoreError(repr(problem))
        self._steps = None
        self._chores.popleft()
        self._tell(done, result)

    def _tell(self, what: Callable[[Any], None], fact: Any) -> None:
        with suppress(RuntimeError):  # the loop has ended: nobody waits
            self._loop.call_soon_threadsafe(what, fact)


_NEVER: Final = float("inf")


def _nobody(_: int | StoreError) -> None:
    """Ignore the result of retention: the next batch reports a problem of the disk."""
