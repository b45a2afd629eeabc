"""When each thing is to be looked at next: the timers of a node cost only what is due, and not what exists.

Invariant: each planned key has an entry in the heap with the planned time. Other entries of the heap are void.
"""

from __future__ import annotations

import sys
from collections.abc import Hashable
from heapq import heapify, heappop, heappush
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

NEVER = float("inf")

VOID = 64
"""The heap is cleaned once its void entries outnumber the others by this many."""


class Agenda(Generic[K]):
    """Plan one look at each key. Times are Unix seconds."""

    __slots__ = ("_at", "_heap", "_serial")

    def __init__(self) -> None:
        self._at: dict[K, float] = {}
        self._heap: list[tuple[float, int, K]] = []
        self._serial = 0

    def __len__(self) -> int:
        return len(self._at)

    def plan(self, key: K, at: float) -> None:
        """Look at the key at this time, unless an earlier look is planned already."""
        planned = self._at.get(key)
        if planned is None or at < planned:
            self._at[key] = at
            self._serial += 1
            heappush(self._heap, (at, self._serial, key))
        if len(self._heap) > 2 * len(self._at) + VOID:
            self._heap = [entry for entry in self._heap if self._at.get(entry[2]) == entry[0]]
            heapify(self._heap)

    def at(self, key: K) -> float:
        """Return the time of the planned look; `NEVER` if none is planned."""
        return self._at.get(key, NEVER)

    def cancel(self, key: K) -> None:
        """Look at the key no more, unless the key is planned again."""
        self._at.pop(key, None)

    def due(self, now: float, most: int = sys.maxsize) -> list[K]:
        """Take the keys that are due: at most `most`, the earliest first. A key taken is planned no more."""
        found: list[K] = []
        while self._heap and self._heap[0][0] <= now and len(found) < most:
            at, _, key = heappop(self._heap)
            if self._at.get(key) == at:
                del self._at[key]
                found.append(key)
        return found

    @property
    def next_at(self) -> float:
        """The time of the next look; `NEVER` if none is planned."""
        while self._heap and self._at.get(self._heap[0][2]) != self._heap[0][0]:
            heappop(self._heap)
        return self._heap[0][0] if self._heap else NEVER
