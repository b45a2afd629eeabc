"""Long work of the edge: short work ends at once, and long work waits for slices between its steps."""

from __future__ import annotations

import random
from collections.abc import Generator, Iterator
from typing import Any

from gateway.edge import slices
from gateway.edge.slices import AT_ONCE, RUN, in_order
from ring.replication.application import Later
from ring.work import Work
from tests.gateway.edge.doubles import Double


def edge_with(work: Work, bugs: list[tuple[str, Exception]]) -> Any:
    return Double(network=Double(in_slices=work.add, note_bug=lambda where, problem: bugs.append((where, problem))))


def counting(steps: int, done: list[int], wrong: bool = False) -> Generator[None, None, int]:
    for number in range(steps):
        done.append(number)
        yield
    if wrong:
        raise ValueError("a mistake")
    return steps


def test_short_work_ends_at_once_and_long_work_step_by_step() -> None:
    work, done, results = Work(), list[int](), list[int]()
    edge = edge_with(work, [])
    slices.begin(edge, counting(AT_ONCE - 1, done), results.append, lambda problem: None)
    assert results == [AT_ONCE - 1] and not work.waits
    done.clear()
    slices.begin(edge, counting(AT_ONCE + 2, done), results.append, lambda problem: None)
    assert len(done) == AT_ONCE and len(results) == 1
    work.go_on(2)
    assert len(done) == AT_ONCE + 2 and len(results) == 1
    work.go_on(1)
    assert results[1:] == [AT_ONCE + 2]


def test_an_answer_is_there_at_once_or_later() -> None:
    work, bugs = Work(), list[tuple[str, Exception]]()
    edge = edge_with(work, bugs)
    assert slices.answer(edge, counting(1, [])) == 1
    later, found = slices.answer(edge, counting(AT_ONCE, [])), list[Any]()
    assert isinstance(later, Later)
    later.then(found.append)
    assert found == []
    work.go_on(1)
    assert found == [AT_ONCE] and not bugs


def test_a_mistake_ends_the_work_alone_and_is_noted() -> None:
    for steps in (0, AT_ONCE):
        work, bugs = Work(), list[tuple[str, Exception]]()
        later, found = slices.answer(edge_with(work, bugs), counting(steps, [], wrong=True)), list[Any]()
        work.go_on(5)
        assert isinstance(later, Later)
        later.then(found.append)
        assert found == [None] and [where for where, _ in bugs] == ["asked"] and not work.waits


def drained(job: Generator[None, None, list[str]]) -> tuple[list[str], int]:
    steps: Iterator[None] = job
    count = 0
    while True:
        try:
            next(steps)
            count += 1
        except StopIteration as end:
            return end.value, count


def test_names_are_sorted_in_steps() -> None:
    rng = random.Random(1)
    for count in (0, 1, RUN, 5 * RUN + 3):
        names = [f"#{rng.randrange(10**9)}" for _ in range(count)]
        found, steps = drained(in_order(names))
        assert found == sorted(names) and steps <= 2 * (count // RUN + 1)
