"""Answer questions to a node's store in a separate thread, in order."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, TypeVar

from ring.histogram import Histogram
from ring.storage.store import Store, StoreError

T = TypeVar("T")

QUESTIONS_MAX: Final = 1024

_BUSY: Final = "too many questions to the store wait already: ask again later"
_STOPPED: Final = "the store is closed"


class StoreReader:
    """Read the store, which is opened for the first question, and anew after a failed question."""

    def __init__(self, open_store: Callable[[], Store], most: int = QUESTIONS_MAX) -> None:
        self._open_store = open_store
        self._store: Store | None = None
        self._waiting: queue.Queue[tuple[Callable[[Store], Any], Callable[[Any], None]] | None] = queue.Queue()
        self._most = most
        self._closed = False
        self.reads = Histogram()  # seconds of each question; kept by the thread

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._thread = threading.Thread(target=self._run, name="store-reader", daemon=True)
        self._thread.start()

    def read(self, job: Callable[[Store], T], done: Callable[[T | StoreError], None]) -> None:
        """Call `job` in the thread, and `done` on the loop with the result, or with the reason for no answer."""
        if self._closed or self._waiting.qsize() >= self._most:
            self._loop.call_soon(done, StoreError(_STOPPED if self._closed else _BUSY))
        else:
            self._waiting.put((job, done))

    def close(self, within_s: float) -> None:
        """End after the question under way; the other questions get an error."""
        if not self._closed:
            self._closed = True
            self._waiting.put(None)
        self._thread.join(within_s)

    def _run(self) -> None:
        while (question := self._waiting.get()) is not None:
            job, done = question
            began = time.monotonic()
            found = StoreError(_STOPPED) if self._closed else self._answer(job)
            self.reads.observe(time.monotonic() - began)
            with suppress(RuntimeError):  # the loop has ended: nobody waits for the answer
                self._loop.call_soon_threadsafe(done, found)
        self._drop()

    def _answer(self, job: Callable[[Store], Any]) -> Any:
        try:
            if self._store is None:
                self._store = self._open_store()
            return job(self._store)
        except StoreError as problem:
            self._drop()
            return problem
        except Exception as problem:  # after any problem, the next question is answered
            return StoreError(f"the store cannot answer: {problem!r}")

    def _drop(self) -> None:
        if self._store is not None:
            with suppress(StoreError):
                self._store.close()
            self._store = None
