"""Long work of the edge in slices, so that no turn is long (P23).

Theory of operation. Long work is a generator that yields after each short step, of some tenths of a millisecond. The
first AT_ONCE steps are done at once: so most work ends within the turn, as if there were no slices. The rest waits in
the engine's queue of long work (ring/work.py), of which each turn does 2 ms. Between two steps the world may change:
each step looks up again what the step works on.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING, Final, TypeVar

from ring.replication.application import Later

if TYPE_CHECKING:
    from gateway.edge.client.answer_port import AnswerPort

T = TypeVar("T")

Slices = Generator[None, None, T]
"""Long work: yields after each step, and returns the result."""

AT_ONCE: Final = 4
"""So many steps are done at once."""

PART: Final = 50
"""Rows, people or channels in a step: some tenths of a millisecond."""

RUN: Final = 1_000
"""Names that are sorted, copied or merged in a step."""


def begin(edge: AnswerPort, job: Slices[T], done: Callable[[T], None], fail: Callable[[Exception], None]) -> None:
    """Do the work; done(result). fail: takes a mistake of the program in the work."""
    for _ in range(AT_ONCE):
        if _step(job, done, fail):
            return
    edge.network.in_slices(_rest(job, done, fail))


def do(edge: AnswerPort, job: Slices[None]) -> None:
    """Do the work, which belongs to no client and answers nobody. A mistake of the program ends the process."""
    begin(edge, job, lambda _: None, _crash)


def _crash(problem: Exception) -> None:
    raise problem


def _step(job: Slices[T], done: Callable[[T], None], fail: Callable[[Exception], None]) -> bool:
    """Do a step. Returns whether the work has ended."""
    try:
        next(job)
    except StopIteration as end:
        done(end.value)
    except Exception as problem:
        fail(problem)
    else:
        return False
    return True


def _rest(job: Slices[T], done: Callable[[T], None], fail: Callable[[Exception], None]) -> Iterator[None]:
    while not _step(job, done, fail):
        yield


def answer(edge: AnswerPort, job: Slices[T]) -> T | Later:
    """Do the work that answers another node's question. The answer is None after a mistake of the program."""
    later, at_once = Later(), list[T]()

    def done(result: T) -> None:
        at_once.append(result)
        later.answer(result)

    def fail(problem: Exception) -> None:
        edge.network.note_bug("asked", problem)
        later.answer(None)

    begin(edge, job, done, fail)
    return at_once[0] if at_once else later


def in_order(names: list[str]) -> Slices[list[str]]:
    """Sort the names."""
    runs = []
    for at in range(0, len(names), RUN):
        runs.append(sorted(names[at : at + RUN]))
        yield
    if len(runs) < 2:
        return runs[0] if runs else []
    found: list[str] = []
    merged = merge(*runs)
    while part := list(islice(merged, RUN)):
        found += part
        yield
    return found
