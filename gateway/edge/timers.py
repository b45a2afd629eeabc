"""Jobs of the edge for later, and numbers that a node gives once."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush

from gateway.edge.ports import EdgePort


class Timers:
    """A job belongs to the client whose line has asked for the job: a mistake in the job ends that client alone."""

    def __init__(self, edge: EdgePort) -> None:
        self._edge = edge
        self._serial = 0
        self._jobs: list[tuple[float, int, Callable[[], None]]] = []

    def later(self, seconds: float, job: Callable[[], None]) -> None:
        """Do the job in a while, by the next tick after it; with no time to wait, now."""
        if seconds > 0:
            do = self._edge.clients.mine(lambda _: job())
            heappush(self._jobs, (self._edge.now + seconds, self.next_serial(), lambda: do(None)))
        else:
            job()

    def next_serial(self) -> int:
        self._serial += 1
        return self._serial

    def tick(self, now: float) -> None:
        while self._jobs and self._jobs[0][0] <= now:
            heappop(self._jobs)[2]()
