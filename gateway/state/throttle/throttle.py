"""A throttle of the whole network: each failure makes the next try wait longer, until all failures are forgotten.

A try counts as a failure from the beginning, until a success uncounts the try. If many tries are made at once, each try
waits as if all tries before had failed already.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from gateway.state.throttle.messages import HowLong, Merged, Take, Taken, Undo, Undone, Wait
from ring.ids import Incarnation
from ring.replication.state_machine import Decision, StateBase

MOST = 20
"""The number of last failures that a throttle remembers. Every rule has reached the longest wait with fewer
failures."""

CROWD_S = 60.0

_HOSTS: Mapping[Incarnation, int] = {}


class Rule(NamedTuple):
    """How long a try waits after failures.

    free: number of failures without a wait, as people mistype. After the next failure, a try waits first_s; each
    further failure doubles the wait, up to longest_s. The throttle forgets all failures forget_s after the last
    failure.

    crowd: bounds the tries within CROWD_S; 0: no bound. Below the bound, no try waits longer than longest_s, even if
    many tries wait at once. At the bound, a try waits until the oldest of the last `crowd` tries is CROWD_S old.
    """

    free: int = 3
    first_s: float = 1.0
    longest_s: float = 60.0
    forget_s: float = 15 * 60.0
    crowd: int = 0

    def delay_s(self, fails: int) -> float:
        """The time from the last failure until the next try may be made. fails: number of failures."""
        return 0.0 if fails <= self.free else min(self.first_s * 2.0 ** min(fails - self.free - 1, 16), self.longest_s)


RULES = {
    "address": Rule(),
    # Failures of strangers slow the account's owner, too, so the longest wait is shorter than clients' timeout of SASL
    # (15 s).
    "account": Rule(longest_s=8.0, crowd=20),
    # Registrations from an address: each registration counts as a failure.
    "register": Rule(first_s=60.0, longest_s=3600.0, forget_s=24 * 3600.0),
}


class Throttle(StateBase):
    """The failures at an account, or from an address."""

    __slots__ = ("rule", "times")

    def __init__(self, name: str, times: tuple[int, ...] = ()) -> None:
        """times: of the failures, Unix ms, in order."""
        self.rule = RULES.get(name.partition(":")[0], RULES["address"])
        self.times = times

    @property
    def subscribers(self) -> Mapping[Incarnation, int]:
        return _HOSTS

    def _remembered(self, at: int) -> tuple[int, ...]:
        return self.times if self.times and at - self.times[-1] < self.rule.forget_s * 1000 else ()

    def decide(self, command: Take | Undo, at: int) -> Decision:
        wait = self.answer(HowLong(), at)
        if isinstance(command, Undo):
            return Decision(wait, Undone(command.at) if command.at in self.times else None)
        wait_s = min(wait.seconds, self.rule.longest_s - command.waited_s)
        wait_s = max(wait_s, min(self._crowded_s(at), CROWD_S - command.waited_s))
        if wait_s > 0:
            return Decision(Wait(wait_s, wait.fails), None)
        return Decision(Wait(0.0, wait.fails + 1, at), Taken())

    def _crowded_s(self, at: int) -> float:
        """The time until fewer tries than the rule's crowd lie within CROWD_S."""
        crowd = self.rule.crowd
        if not crowd or len(self.times) < crowd:
            return 0.0
        return max(0.0, CROWD_S - (at - self.times[-crowd]) / 1000)

    def apply(self, event: Taken | Undone | Merged, at: int) -> bool:
        if isinstance(event, Merged):
            self.times = event.times
        elif isinstance(event, Undone):
            self.times = tuple(time for time in self.times if time != event.at)
        else:
            self.times = (*self._remembered(at), at)[-MOST:]
        return False

    def snapshot(self) -> Any:
        return self.times

    def merge(self, other: Throttle, at: int) -> Merged | None:
        """Join the failures of both sides, each failure once."""
        both = tuple(sorted({*self.times, *other.times})[-MOST:])
        return Merged(both) if both != self.times else None

    def answer(self, question: HowLong, at: int) -> Wait:
        times = self._remembered(at)
        since_s = (at - times[-1]) / 1000 if times else 0.0
        return Wait(max(0.0, self.rule.delay_s(len(times)) - since_s), len(times))

    def is_collectable(self, at: int) -> bool:
        return not self._remembered(at)


_stored = msgspec.msgpack.Decoder(tuple[int, ...])


def restore(name: str, snapshot: msgspec.Raw) -> Throttle:
    """Raises msgspec.MsgspecError."""
    return Throttle(name, _stored.decode(snapshot))
