"""Long work in slices: a queue of jobs, of which each turn does some steps, so that no turn is long (P23).

Theory of operation. A job is an iterator; each step of the iterator is short. The shell gives each turn a budget: as
many steps as fit into some milliseconds (`Engine.carry_on`). The simulator gives a number of steps, so a seed replays
alike. Between two steps of a job other work may change everything, so each step looks again at the thing to work on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from ring.replication.port import Port

T = TypeVar("T")

FEW = 20
"""So many groups are found or asked for at once after a stop of the node; more groups wait for slices."""


def in_turn(port: Port, things: Iterable[T], do: Callable[[T], None]) -> Iterator[None]:
    """Yield a step for each thing. The thing may be gone by then: `do` looks."""
    for thing in things:
        port.run(partial(do, thing))
        yield


class Work:
    """Keep the jobs. Jobs take turns, a step each, so that no job waits for a longer job."""

    def __init__(self) -> None:
        self._jobs: deque[Iterator[None]] = deque()

    def add(self, job: Iterator[None]) -> None:
        self._jobs.append(job)

    @property
    def waits(self) -> bool:
        """Tell whether there is work for the next slice."""
        return bool(self._jobs)

    def go_on(self, steps: int) -> None:
        """Do at most so many steps."""
        for _ in range(steps):
            if not self._jobs:
                return
            job = self._jobs.popleft()
            try:
                next(job)
            except StopIteration:
                continue
            self._jobs.append(job)
