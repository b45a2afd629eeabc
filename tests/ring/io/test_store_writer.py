"""The store beside the loop: what is written when, what happens while the disk refuses, and how it ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ring.ids import GroupId
from ring.io.store_writer import CHORES_MAX, StoreWriter
from ring.storage.sqlite.store import SqliteStore
from ring.storage.store import Store, StoreError
from tests.patience import WITHIN_S
from tests.ring.io.disks import ERLANG, EVERYTHING, JOE, NEVER_S, Disk, Shell, batch, began, held, line, story
from tests.sim.stores import MemoryStore

# When it is written ---------------------------------------------------------------------------------------------------


@story
async def test_what_comes_while_one_is_written_is_written_together() -> None:
    shell = Shell(disk := held())
    shell.writer.start()
    shell.writer.write(batch(1))
    await began(disk)
    for number in range(2, 6):
        shell.writer.write(batch(number))
    disk.gate.set()
    await shell.until(lambda: shell.written == [1, 5])
    assert disk.writes == [[1], [2, 3, 4, 5]]
    assert shell.writer.close()


@story
async def test_the_replicas_of_the_last_life_are_there_at_the_start() -> None:
    disk = Disk()
    disk.write([batch(1, replicas={JOE: b"joe"})])
    shell = Shell(disk)
    assert shell.writer.start() == [(JOE, b"joe")]
    assert shell.writer.close()


@story
async def test_a_store_that_cannot_be_opened_is_told_to_who_starts() -> None:
    def damaged() -> Store:
        raise StoreError("circlet.db: is damaged")

    writer = StoreWriter(damaged, damaged, lambda _: None, lambda _: None)
    with pytest.raises(StoreError, match="is damaged"):
        writer.start()


@story
async def test_a_store_whose_replicas_cannot_be_read_is_closed_and_told() -> None:
    class Torn(Disk):
        def replicas(self) -> Iterator[tuple[GroupId, bytes]]:
            raise StoreError("torn")

    disk = Torn()
    with pytest.raises(StoreError, match="torn"):
        Shell(disk).writer.start()
    assert disk.closed


# Trouble --------------------------------------------------------------------------------------------------------------


@story
async def test_trouble_is_told_once_tried_again_and_told_to_be_over() -> None:
    shell = Shell(disk := Disk())
    disk.problem = StoreError("the disk is full")
    shell.writer.start()
    shell.writer.write(batch(1, replicas={JOE: b"old"}))
    await shell.until(lambda: shell.troubles != [])
    shell.writer.write(batch(2, replicas={JOE: b"new"}))
    assert await asyncio.to_thread(disk.tried.acquire, timeout=WITHIN_S)
    assert await asyncio.to_thread(disk.tried.acquire, timeout=WITHIN_S)
    assert shell.troubles == ["the disk is full"] and shell.written == [] and disk.said == []
    disk.problem = None
    await shell.until(lambda: shell.written == [2])
    await shell.until(lambda: shell.troubles == ["the disk is full", None])
    assert disk.said == [1, 2] and dict(disk.replicas()) == {JOE: b"new"}
    assert shell.writer.dropped == 0 and shell.writer.close()


@story
async def test_upkeep_comes_after_a_write_was_told_and_harms_none_when_it_fails() -> None:
    class Unkempt(Disk):
        def tend(self) -> None:
            assert gate.wait(WITHIN_S)
            raise StoreError("the disk is full")

    gate = threading.Event()
    shell = Shell(disk := Unkempt())
    shell.writer.start()
    shell.writer.write(batch(1))
    await shell.until(lambda: shell.written == [1])
    gate.set()
    shell.writer.write(batch(2))
    await shell.until(lambda: shell.written == [1, 2])
    assert disk.said == [1, 2] and shell.troubles == []
    assert shell.writer.close()


@story
async def test_another_trouble_is_told_too() -> None:
    shell = Shell(disk := Disk())
    disk.problem = StoreError("the disk is full")
    shell.writer.start()
    shell.writer.write(batch(1))
    await shell.until(lambda: shell.troubles == ["the disk is full"])
    disk.problem = ValueError("what the store never says")
    await shell.until(lambda: len(shell.troubles) == 2)
    assert "what the store never says" in str(shell.troubles[1])
    disk.problem = None
    await shell.until(lambda: shell.troubles[2:] == [None])
    assert disk.said == [1] and shell.writer.close()


@story
async def test_beyond_the_bound_the_oldest_lines_go_and_never_a_replica() -> None:
    shell = Shell(disk := held(), waiting_bytes=100_000)
    shell.writer.start()
    shell.writer.write(batch(1, replicas={JOE: b"oldest"}))
    await began(disk)
    disk.problem = StoreError("full")
    for number in range(2, 1001):
        replicas: dict[GroupId, bytes | None] = {GroupId("account", f"a{number % 20}"): b"%d" % number, ERLANG: None}
        shell.writer.write(batch(number, replicas=replicas))
    disk.gate.set()
    await shell.until(lambda: shell.troubles == ["full"])
    disk.problem = None
    await shell.until(lambda: shell.written[-1:] == [1000])
    gone = shell.writer.dropped
    assert 600 < gone < 900 and disk.said == [1, *range(gone + 2, 1001)]  # the first was being written
    assert dict(disk.replicas()) == {
        JOE: b"oldest",
        **{GroupId("account", f"a{n % 20}"): b"%d" % n for n in range(981, 1001)},
    }
    assert shell.writer.close()


@story
async def test_replicas_beyond_the_bound_stay() -> None:
    shell = Shell(disk := held(), waiting_bytes=1000)
    shell.writer.start()
    many = {GroupId("account", f"a{n}"): bytes(100) for n in range(100)}
    for number, (group, replica) in enumerate(many.items(), 1):
        shell.writer.write(batch(number, replicas={group: replica}))
    disk.gate.set()
    await shell.until(lambda: shell.written[-1:] == [100])
    assert dict(disk.replicas()) == many and disk.said[-1:] != [1]
    assert shell.writer.close()


# Questions ------------------------------------------------------------------------------------------------------------


@story
async def test_questions_are_answered_beside_a_write_that_takes_long() -> None:
    shell = Shell(disk := held())
    MemoryStore.write(disk, [batch(7)])
    shell.writer.start()
    shell.writer.write(batch(8))
    await began(disk)
    answers: list[Any] = []
    shell.writer.read(lambda store: store.lines(EVERYTHING), lambda found: shell.tell(answers, found))
    shell.writer.read(lambda store: store.find(ERLANG, "id-7"), lambda found: shell.tell(answers, found))
    await shell.until(lambda: len(answers) == 2)
    assert answers == [[line(7)], line(7)]
    disk.gate.set()
    assert shell.writer.close() and disk.said == [7, 8]


# Chores ---------------------------------------------------------------------------------------------------------------


@story
async def test_batches_are_written_between_the_steps_of_a_chore() -> None:
    shell = Shell(disk := Disk())
    shell.writer.start()
    at_step, go_on = threading.Event(), threading.Event()
    sums: list[Any] = []
    seen: list[list[int]] = []

    def chore(_: Store) -> Iterator[int]:
        at_step.set()
        assert go_on.wait(WITHIN_S)
        yield 1
        seen.append(disk.said)
        yield 2

    shell.writer.chore(chore, lambda found: shell.tell(sums, found))
    await asyncio.to_thread(at_step.wait, WITHIN_S)
    shell.writer.write(batch(1))
    go_on.set()
    await shell.until(lambda: sums == [3])
    assert seen == [[1]] and shell.written == [1]
    assert shell.writer.close()


@story
async def test_a_chore_sees_what_came_before_it() -> None:
    shell = Shell(Disk())
    shell.writer.start()
    sums: list[Any] = []
    shell.writer.write(batch(1))
    shell.writer.chore(lambda store: store.erase(ERLANG, [1]), lambda found: shell.tell(sums, found))
    await shell.until(lambda: sums != [])
    assert sums == [1] and shell.written == [1]
    assert shell.writer.close()


@story
async def test_a_chore_that_fails_is_told_and_the_next_is_done() -> None:
    shell = Shell()
    shell.writer.start()
    sums: list[Any] = []

    def fails(_: Store) -> Iterator[int]:
        yield 1
        raise StoreError("the disk is full")

    def mistaken(_: Store) -> Iterator[int]:
        yield 1 // 0

    for job in (fails, mistaken, lambda store: store.erase(ERLANG, None)):
        shell.writer.chore(job, lambda found: shell.tell(sums, found))
    await shell.until(lambda: len(sums) == 3)
    assert str(sums[0]) == "the disk is full" and "ZeroDivision" in str(sums[1]) and sums[2] == 0
    assert shell.writer.close()


@story
async def test_chores_have_a_bound_and_end_with_the_writer() -> None:
    shell = Shell(disk := held())
    shell.writer.start()
    shell.writer.write(batch(1))
    await began(disk)
    sums: list[Any] = []
    for _ in range(CHORES_MAX + 1):
        shell.writer.chore(lambda store: store.erase(ERLANG, None), lambda found: shell.tell(sums, found))
    await shell.until(lambda: len(sums) == 1)
    assert "too much" in str(sums[0])
    assert not shell.writer.close(0.01)
    disk.gate.set()
    assert shell.writer.close()
    await shell.until(lambda: len(sums) == CHORES_MAX + 1)
    assert {str(found) for found in sums[1:]} == {"the store is closed"} and disk.said == [1]


@story
async def test_retention_runs_at_once_and_again_and_until_it_is_changed() -> None:
    shell = Shell(Disk(), retain_every_s=0.002)
    shell.writer.start()
    ran: list[int] = []

    def job(_: Store) -> Iterator[int]:
        shell.writer._tell(lambda n: shell.tell(ran, n), 1)
        yield 0

    shell.writer.retain(job)
    await shell.until(lambda: len(ran) >= 3)
    shell.writer.retain(None)
    assert shell.writer.close()


# The end --------------------------------------------------------------------------------------------------------------


@story
async def test_closing_writes_what_waits() -> None:
    shell = Shell(disk := Disk())
    shell.writer.start()
    shell.writer.write(batch(1))
    shell.writer.write(batch(2))
    assert shell.writer.close() and disk.said == [1, 2] and disk.closed
    await shell.until(lambda: shell.written == [2])


@story
async def test_closing_while_the_disk_refuses_tries_once_more_and_says_that_not_all_is_written() -> None:
    shell = Shell(disk := Disk(), retry_s=NEVER_S)
    disk.problem = StoreError("full")
    shell.writer.start()
    shell.writer.write(batch(1))
    await shell.until(lambda: shell.troubles == ["full"])
    assert not shell.writer.close() and disk.closed
    assert disk.tried.acquire(blocking=False) and disk.tried.acquire(blocking=False)
    assert not disk.tried.acquire(blocking=False)


@story
async def test_closing_while_the_disk_hangs_ends_within_its_bound() -> None:
    shell = Shell(disk := held())
    shell.writer.start()
    shell.writer.write(batch(1))
    await began(disk)
    assert not shell.writer.close(0.05)
    disk.gate.set()


def test_a_loop_that_has_ended_is_told_nothing() -> None:
    disk = held()

    async def leave() -> Shell:
        shell = Shell(disk)
        shell.writer.start()
        shell.writer.write(batch(1))
        shell.writer.read(lambda store: 1, lambda _: None)
        await began(disk)
        return shell

    shell = asyncio.run(leave())
    disk.gate.set()
    assert shell.writer.close() and disk.said == [1]


# With a real one ------------------------------------------------------------------------------------------------------


@story
async def test_a_sqlite_store_is_written_and_read_and_pruned_at_once(tmp_path: Path) -> None:
    path = tmp_path / "circlet.db"
    shell = Shell()
    shell.writer = StoreWriter(
        lambda: SqliteStore(path),
        lambda: SqliteStore(path, reading=True),
        lambda number: shell.tell(shell.written, number),
        lambda words: shell.tell(shell.troubles, words),
    )
    assert shell.writer.start() == []
    answers: list[Any] = []
    for number in range(1, 401):
        shell.writer.write(batch(number, replicas={JOE: b"%d" % number}))
        if number % 50 == 0:
            await shell.until(lambda number=number: shell.written[-1:] == [number])
            shell.writer.read(lambda store: store.lines(EVERYTHING), lambda found: shell.tell(answers, found))
            await shell.until(lambda number=number: len(answers) == number // 50)
    assert [len(found) for found in answers] == list(range(50, 401, 50))
    shell.writer.chore(lambda store: store.prune("channel", 0, 10), lambda found: shell.tell(answers, found))
    await shell.until(lambda: len(answers) == 9)
    assert answers[8] == 390 and shell.troubles == []
    shell.writer.write(batch(401))
    assert shell.writer.close()
    store = SqliteStore(path)
    assert [line.seq for line in store.lines(EVERYTHING)] == list(range(391, 402))
    assert dict(store.replicas()) == {JOE: b"400"}
    store.close()
