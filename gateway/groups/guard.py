"""A throttle that the whole network shares: each failure makes the next try wait longer, until all is forgotten."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from gateway.groups.guard_messages import Fail, Failed, HowLong, Merged, Wait
from ring.groups.machine import Decision
from ring.ids import Incarnation

FREE = 3
"""So many failures cost nothing: people mistype."""

LONGEST_S = 60.0
FORGET_S = 15 * 60.0

_HOSTS: Mapping[Incarnation, int] = {}


def delay_s(fails: int) -> float:
    """How long after the last of so many failures the next try may be answered: 0 0 0 1 2 4 ... 60."""
    return 0.0 if fails <= FREE else min(2.0 ** min(fails - FREE - 1, 16), LONGEST_S)


class Guard:
    """The failures at one account, or from one address."""

    __slots__ = ("at", "fails")

    def __init__(self, fails: int = 0, at: int = 0) -> None:
        self.fails = fails
        self.at = at  # of the last one, Unix ms

    @property
    def hosts(self) -> Mapping[Incarnation, int]:
        return _HOSTS

    def _remembered(self, at: int) -> int:
        return self.fails if at - self.at < FORGET_S * 1000 else 0

    def decide(self, command: Fail, at: int) -> Decision:
        fails = self._remembered(at) + 1
        return Decision(Wait(delay_s(fails), fails), Failed())

    def apply(self, event: Failed | Merged, at: int) -> bool:
        if isinstance(event, Merged):
            self.fails, self.at = event.fails, event.at
        else:
            self.fails, self.at = self._remembered(at) + 1, at
        return False

    def snapshot(self) -> Any:
        return [self.fails, self.at]

    def first(self, command: Any, dead: Callable[[Incarnation], bool]) -> list[Any]:
        return []

    def is_word(self, event: Any) -> bool:
        return False

    def merge(self, other: Guard, at: int) -> Merged | None:
        """The more of both: nothing is counted twice, and no failure is forgotten earlier."""
        both = max(self.fails, other.fails), max(self.at, other.at)
        return Merged(*both) if both != (self.fails, self.at) else None

    def view(self) -> Any:
        return None

    def answer(self, question: HowLong, at: int) -> Wait:
        fails = self._remembered(at)
        return Wait(max(0.0, delay_s(fails) - (at - self.at) / 1000), fails)

    def upkeep(self, at: int, gone: Callable[[Incarnation], bool]) -> list[Any]:
        return []

    def is_spent(self, at: int) -> bool:
        return not self._remembered(at)


_stored = msgspec.msgpack.Decoder(tuple[int, int])


def restore(snapshot: msgspec.Raw) -> Guard:
    """Raises msgspec.MsgspecError."""
    return Guard(*_stored.decode(snapshot))
