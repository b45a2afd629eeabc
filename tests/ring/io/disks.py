"""A store that can be held and made to refuse, and a shell that waits for reports of the store's threads."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from functools import wraps
from typing import Any

from ring.ids import GroupId, Term
from ring.io.store_writer import Pace, StoreWriter
from ring.storage.store import Batch, Line, Range, Store
from tests.patience import WITHIN_S
from tests.sim.stores import MemoryStore

NEVER_S = 3600.0

ERLANG = GroupId("channel", "#erlang")
JOE = GroupId("account", "joe")


def line(seq: int, group: GroupId = ERLANG, event: bytes = b"hi") -> Line:
    return Line(group, Term(1, "127.0.0.1", 5), seq, seq, f"id-{seq}", event)


def batch(number: int, *, replicas: dict[GroupId, bytes | None] | None = None) -> Batch:
    return Batch(number, replicas or {}, {}, [line(number)])


EVERYTHING = Range(ERLANG, None, None, 10**6, False)


class Disk(MemoryStore):
    """A store open to being held, and made to refuse."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[list[int]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.began = threading.Event()
        self.problem: Exception | None = None
        self.tried = threading.Semaphore(0)
        self.closed = False

    def write(self, batches: Sequence[Batch]) -> None:
        self.began.set()
        assert self.gate.wait(WITHIN_S)
        self.tried.release()
        if self.problem is not None:
            raise self.problem
        super().write(batches)
        self.writes.append([batch.number for batch in batches])

    def close(self) -> None:
        self.closed = True

    @property
    def said(self) -> list[int]:
        return [line.seq for line in self.lines(EVERYTHING)]


class Shell:
    """A writer, and the writer's reports to the loop."""

    def __init__(self, disk: Store | None = None, **pace: Any) -> None:
        self.disk = disk or Disk()
        self.written: list[int] = []
        self.troubles: list[str | None] = []
        self._told = asyncio.Event()
        self.writer = StoreWriter(
            lambda: self.disk,
            lambda: self.disk,
            lambda number: self.tell(self.written, number),
            lambda words: self.tell(self.troubles, words),
            Pace(**{"retry_s": 0.001, **pace}),
        )

    def tell(self, told: list[Any], fact: Any) -> None:
        told.append(fact)
        self._told.set()

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(WITHIN_S):
            while not true():
                self._told.clear()
                await self._told.wait()


def story(test: Callable[[Any], Awaitable[None]]) -> Callable[[], None]:
    """Run the test on a loop."""

    @wraps(test)
    def run(**fixtures: Any) -> None:
        asyncio.run(test(**fixtures))  # type: ignore[arg-type]

    return run


async def began(disk: Disk) -> None:
    """The writing thread is inside the store, held by the gate."""
    assert await asyncio.to_thread(disk.began.wait, WITHIN_S)


def held() -> Disk:
    disk = Disk()
    disk.gate.clear()
    return disk
