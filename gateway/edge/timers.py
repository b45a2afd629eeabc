"""Delayed jobs of the edge, and serial numbers."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush

from gateway.edge.ports import EdgePort
from ring.agenda import NEVER


class Timers:
    """A job belongs to the client whose line has asked for the job: a mistake in the job ends this client alone."""

    def __init__(self, edge: EdgePort) -> None:
        self._edge = edge
        self._serial = 0
        self._jobs: list[tuple[float, int, Callable[[], None]]] = []

    def later(self, seconds: float, job: Callable[[], None]) -> None:
        """Run the job at the first tick after so many seconds, or at once if there is no time to wait."""
        if seconds > 0:
            do = self._edge.clients.mine(lambda _: job())
            heappush(self._jobs, (self._edge.now + seconds, self.next_serial(), lambda: do(None)))
        else:
            job()

    def next_serial(self) -> int:
        self._serial += 1
        return self._serial

    @property
    def next_at(self) -> float:
        """When the next job is due."""
        return self._jobs[0][0] if self._jobs else NEVER

    def tick(self, now: float) -> None:
        while self._jobs and self._jobs[0][0] <= now:
            heappop(self._jobs)[2]()
