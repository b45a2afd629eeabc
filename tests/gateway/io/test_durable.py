"""When what a node's journal has is handed to its store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.io import durable
from gateway.io.durable import Durable
from ring.agenda import NEVER
from ring.storage.store import Batch
from tests.patience import WITHIN_S

NEVER_S = 3600.0


class Journal:
    """Batches with the number of changes so far."""

    on = has_news = urgent = False
    changes = 0

    @property
    def next_at(self) -> float:
        return 0.0 if self.has_news else NEVER

    def change(self, *, urgent: bool = False) -> None:
        self.changes += 1
        self.has_news, self.urgent = True, self.urgent or urgent

    def take(self) -> Batch | None:
        news, self.has_news, self.urgent = self.has_news, False, False
        return Batch(self.changes, {}, {}, []) if news else None

    def hurry(self) -> None:
        pass


class Writer:
    """In the place of the thread."""

    def __init__(self, *_: object) -> None:
        self.handed: asyncio.Queue[int] = asyncio.Queue()

    def start(self) -> list[Any]:
        return []

    def retain(self, _: object) -> None:
        pass

    def read(self, _: object, done: Callable[[Any], None]) -> None:
        done({})

    def chore(self, *_: object) -> None:
        self.handed.put_nowait(0)

    def write(self, batch: Batch) -> None:
        self.handed.put_nowait(batch.number)

    def close(self) -> bool:
        return True

    async def next(self) -> int:
        async with asyncio.timeout(WITHIN_S):
            return await self.handed.get()


async def started(monkeypatch: pytest.MonkeyPatch, delay_s: float) -> tuple[Durable, Journal, Writer]:
    monkeypatch.setattr(durable, "DELAY_S", delay_s)
    monkeypatch.setattr(durable, "StoreWriter", Writer)
    journal = Journal()
    process: Any = SimpleNamespace(
        core=SimpleNamespace(engine=SimpleNamespace(journal=journal, now=0.0)),
        config=SimpleNamespace(node=SimpleNamespace(state_dir=Path())),
        log=SimpleNamespace(info=lambda *_, **__: None),
        crash=SimpleNamespace(),
        begin=lambda: None,
    )
    shell = Durable(process)
    process.touched = shell.flush
    await shell.start()
    writer: Any = shell.writer
    return shell, journal, writer


def test_what_nobody_waits_for_is_gathered_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        shell, journal, writer = await started(monkeypatch, 0.02)
        for last in (3, 6):
            for _ in range(3):
                journal.change()
                shell.flush()
            assert await writer.next() == last

    asyncio.run(story())


@pytest.mark.parametrize("how", ["urgent", "chore", "close"])
def test_what_somebody_waits_for_takes_along_what_was_gathered(monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    async def story() -> None:
        shell, journal, writer = await started(monkeypatch, NEVER_S)
        journal.change()
        shell.flush()
        assert writer.handed.empty()
        if how == "urgent":
            journal.change(urgent=True)
            shell.flush()
        elif how == "chore":
            shell._work(lambda _: iter(()), lambda _: None)
        else:
            shell.close()
        assert await writer.next() == journal.changes

    asyncio.run(story())


def test_what_is_not_due_yet_is_handed_over_when_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        shell, journal, writer = await started(monkeypatch, 0.001)
        due = iter((None, None, Batch(7, {}, {}, [])))

        def take() -> Batch | None:
            batch = next(due)
            journal.has_news = batch is None
            return batch

        monkeypatch.setattr(journal, "take", take)
        journal.change()
        shell.flush()
        assert await writer.next() == 7

    asyncio.run(story())
