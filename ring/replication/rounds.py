"""Rounds over everything that a node looks at again and again: a slice in each tick, so that no turn is long (P23)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

from ring.durations import ROUND_REST_S

T = TypeVar("T")

SLICE = 200
"""At most this many things are looked at in one tick."""


class Rounds(Generic[T]):
    """Hand out everything, slice by slice. A thing that comes or goes during a round may be handed out or not."""

    def __init__(self, everything: Callable[[], Iterable[T]]) -> None:
        self._everything = everything
        self._left: list[T] = []
        self._due = 0.0

    def some(self, now: float) -> Iterable[T]:
        """Yield the things to look at in this tick. A caller that stops early gets the rest in the next tick."""
        if not self._left:
            if now < self._due:
                return ()
            self._due = now + ROUND_REST_S
            self._left = list(self._everything())
        return self._slice()

    def _slice(self) -> Iterator[T]:
        for _ in range(min(SLICE, len(self._left))):
            yield self._left.pop()

    def again(self) -> None:
        """Begin a new round at the next tick, whenever the last round began."""
        self._left.clear()
        self._due = 0.0
