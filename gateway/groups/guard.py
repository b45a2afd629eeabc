"""A throttle that the whole network shares: each failure makes the next try wait longer, until all is forgotten.

A try counts as a failure from its beginning until it has turned out to be none: however many are made at once, one has
to wait as if those before it had failed already.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from gateway.groups.guard_messages import HowLong, Merged, Take, Taken, Undo, Undone, Wait
from ring.groups.machine import Decision
from ring.ids import Incarnation

_HOSTS: Mapping[Incarnation, int] = {}


class Rule(NamedTuple):
    """free: so many failures cost nothing, people mistype; then the next try waits first_s, after each further failure
    twice as long, until longest_s. All is forgotten forget_s after the last one."""

    free: int = 3
    first_s: float = 1.0
    longest_s: float = 60.0
    forget_s: float = 15 * 60.0

    def delay_s(self, fails: int) -> float:
        """How long after the last of so many failures the next try may be made."""
        return 0.0 if fails <= self.free else min(self.first_s * 2.0 ** min(fails - self.free - 1, 16), self.longest_s)


RULES = {
    "address": Rule(),
    # Somebody else's failures slow the account's owner, too: less than the time that clients give SASL (15 s).
    "account": Rule(longest_s=8.0),
    # Accounts registered from an address, each of which counts.
    "register": Rule(first_s=60.0, longest_s=3600.0, forget_s=24 * 3600.0),
}


class Guard:
    """The failures at one account, or from one address."""

    __slots__ = ("at", "fails", "rule")

    def __init__(self, name: str, fails: int = 0, at: int = 0) -> None:
        self.rule = RULES.get(name.partition(":")[0], RULES["address"])
        self.fails = fails
        self.at = at  # of the last one, Unix ms

    @property
    def hosts(self) -> Mapping[Incarnation, int]:
        return _HOSTS

    def _remembered(self, at: int) -> int:
        return self.fails if at - self.at < self.rule.forget_s * 1000 else 0

    def decide(self, command: Take | Undo, at: int) -> Decision:
        wait = self.answer(HowLong(), at)
        if isinstance(command, Undo):
            return Decision(wait, Undone() if wait.fails else None)
        if wait.seconds and command.waited_s < self.rule.longest_s:
            return Decision(wait, None)
        return Decision(Wait(0.0, wait.fails + 1), Taken())

    def apply(self, event: Taken | Undone | Merged, at: int) -> bool:
        if isinstance(event, Merged):
            self.fails, self.at = event.fails, event.at
        elif isinstance(event, Undone):
            self.fails = max(0, self.fails - 1)
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
        return Wait(max(0.0, self.rule.delay_s(fails) - (at - self.at) / 1000), fails)

    def upkeep(self, at: int, gone: Callable[[Incarnation], bool]) -> list[Any]:
        return []

    def is_spent(self, at: int) -> bool:
        return not self._remembered(at)


_stored = msgspec.msgpack.Decoder(tuple[int, int])


def restore(name: str, snapshot: msgspec.Raw) -> Guard:
    """Raises msgspec.MsgspecError."""
    return Guard(name, *_stored.decode(snapshot))
