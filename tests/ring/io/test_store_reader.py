"""Questions to the store: each is answered, in order, and a failure harms no other question."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from ring.io.store_reader import StoreReader
from ring.storage.store import Store, StoreError
from tests.patience import WITHIN_S
from tests.ring.io.disks import Disk, Shell, story


@story
async def test_a_question_that_fails_harms_no_other_and_opens_the_store_anew() -> None:
    shell = Shell()
    opened: list[Disk] = []

    def open_reader() -> Store:
        opened.append(Disk())
        return opened[-1]

    def fails(_: Store) -> int:
        raise StoreError("the disk fails")

    reader = StoreReader(open_reader)
    reader.start(asyncio.get_running_loop())
    answers: list[Any] = []
    for job in (lambda _: 1, fails, lambda _: 1 // 0, lambda _: 2):
        reader.read(job, lambda found: shell.tell(answers, found))
    await shell.until(lambda: len(answers) == 4)
    assert (answers[0], str(answers[1]), answers[3]) == (1, "the disk fails", 2)
    assert isinstance(answers[2], StoreError) and "ZeroDivisionError" in str(answers[2])
    assert len(opened) == 2 and opened[0].closed and not opened[1].closed
    reader.close(WITHIN_S)
    assert opened[1].closed


@story
async def test_a_reader_whose_store_cannot_be_opened_says_so_each_time() -> None:
    shell = Shell()

    def damaged() -> Store:
        raise StoreError("is damaged")

    reader = StoreReader(damaged)
    reader.start(asyncio.get_running_loop())
    answers: list[Any] = []
    for _ in range(2):
        reader.read(lambda _: 1, lambda found: shell.tell(answers, found))
    await shell.until(lambda: len(answers) == 2)
    assert [str(answer) for answer in answers] == ["is damaged"] * 2
    reader.close(WITHIN_S)


@story
async def test_too_many_questions_are_refused_and_late_ones_too() -> None:
    shell, gate = Shell(), threading.Event()
    reader = StoreReader(Disk, most=2)
    reader.start(asyncio.get_running_loop())
    answers: list[Any] = []
    started = threading.Event()

    def slow(_: Store) -> int:
        started.set()
        gate.wait(WITHIN_S)
        return 0

    reader.read(slow, lambda found: shell.tell(answers, found))
    await asyncio.to_thread(started.wait, WITHIN_S)
    for number in (1, 2, 3):
        reader.read(lambda _, number=number: number, lambda found: shell.tell(answers, found))
    await shell.until(lambda: len(answers) == 1)
    assert isinstance(answers[0], StoreError) and "too many" in str(answers[0])
    gate.set()
    await shell.until(lambda: len(answers) == 4)
    assert answers[1:] == [0, 1, 2]
    reader.close(WITHIN_S)
    reader.read(lambda _: 1, lambda found: shell.tell(answers, found))
    await shell.until(lambda: len(answers) == 5)
    assert "closed" in str(answers[4])


@story
async def test_a_mistake_of_a_question_keeps_the_store_open() -> None:
    """Only a StoreError says that the store itself may be broken."""
    shell, opened = Shell(), list[Disk]()

    def open_reader() -> Store:
        opened.append(Disk())
        return opened[-1]

    reader = StoreReader(open_reader)
    reader.start(asyncio.get_running_loop())
    answers: list[Any] = []
    for job in (lambda _: 1 // 0, lambda _: 2):
        reader.read(job, lambda found: shell.tell(answers, found))
    await shell.until(lambda: len(answers) == 2)
    assert answers[1] == 2 and len(opened) == 1
    assert reader.reads.count == 2
    reader.close(WITHIN_S)


@story
async def test_what_waits_at_the_end_is_refused_and_closing_twice_is_no_trouble() -> None:
    shell, gate, started = Shell(), threading.Event(), threading.Event()
    reader = StoreReader(Disk)
    reader.start(asyncio.get_running_loop())
    answers: list[Any] = []

    def slow(_: Store) -> int:
        started.set()
        gate.wait(WITHIN_S)
        return 0

    reader.read(slow, lambda found: shell.tell(answers, found))
    reader.read(lambda _: 1, lambda found: shell.tell(answers, found))
    await asyncio.to_thread(started.wait, WITHIN_S)
    reader.close(0.0)  # the question under way goes on
    gate.set()
    await shell.until(lambda: len(answers) == 2)
    assert answers[0] == 0 and "closed" in str(answers[1])
    reader.close(WITHIN_S)


def test_an_answer_to_a_loop_that_has_ended_is_dropped() -> None:
    loop, disk, asked = asyncio.new_event_loop(), Disk(), threading.Event()
    reader, answers = StoreReader(lambda: disk), list[Any]()
    reader.start(loop)
    loop.close()
    reader.read(lambda _: asked.set(), answers.append)
    assert asked.wait(WITHIN_S)
    reader.close(WITHIN_S)
    assert answers == [] and disk.closed
