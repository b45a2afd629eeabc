"""What a node looks at again and again: a slice of it at a time, so that no turn is held up for long (P23)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")

SLICE = 200
"""Looked at per tick."""

REST_S = 1.0
"""From the begin of one round to that of the next, at least."""


class Rounds(Generic[T]):
    def __init__(self, everything: Callable[[], Iterable[T]]) -> None:
        self._everything = everything
        self._left: list[T] = []
        self._due = 0.0

    def some(self, now: float) -> Iterable[T]:
        """What to look at in this tick; who stops early has the rest in the next."""
        if not self._left:
            if now < self._due:
                return ()
            self._due = now + REST_S
            self._left = list(self._everything())
        return self._slice()

    def _slice(self) -> Iterator[T]:
        for _ in range(min(SLICE, len(self._left))):
            yield self._left.pop()

    def again(self) -> None:
        """Everything is to be looked at soon, whenever it was last."""
        self._left.clear()
        self._due = 0.0
