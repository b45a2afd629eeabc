"""A throttle that the whole network shares: each failure makes the next try wait longer, until all is forgotten.

A try counts as a failure from its beginning until it has turned out to be none: however many are made at once, one has
to wait as if those before it had failed already.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from gateway.state.throttle.messages import HowLong, Merged, Take, Taken, Undo, Undone, Wait
from ring.ids import Incarnation
from ring.replication.state_machine import Decision, StateBase

MOST = 20
"""So many failures are remembered, the last ones: after fewer every rule asks for its longest wait."""

CROWD_S = 60.0

_HOSTS: Mapping[Incarnation, int] = {}


class Rule(NamedTuple):
    """free: so many failures cost nothing, people mistype; after one more the next try waits first_s, after each
    further one twice as long, until longest_s. All is forgotten forget_s after the last one.

    crowd: that nobody waits longer than longest_s, however many wait at once, holds as long as fewer than so many have
    tried within CROWD_S; then a try waits for the first of those to be that old. 0: no such bound."""

    free: int = 3
    first_s: float = 1.0
    longest_s: float = 60.0
    forget_s: float = 15 * 60.0
    crowd: int = 0

    def delay_s(self, fails: int) -> float:
        """How long after the last of so many failures the next try may be made."""
        return 0.0 if fails <= self.free else min(self.first_s * 2.0 ** min(fails - self.free - 1, 16), self.longest_s)


RULES = {
    "address": Rule(),
    # Somebody else's failures slow the account's owner, too: less than the time that clients give SASL (15 s).
    "account": Rule(longest_s=8.0, crowd=20),
    # Accounts registered from an address, each of which counts.
    "register": Rule(first_s=60.0, longest_s=3600.0, forget_s=24 * 3600.0),
}


class Throttle(StateBase):
    """The failures at one account, or from one address."""

    __slots__ = ("rule", "times")

    def __init__(self, name: str, times: tuple[int, ...] = ()) -> None:
        """times: of the failures, Unix ms, the last one last."""
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
        """How long until fewer than the rule's crowd have tried within CROWD_S."""
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
        """All of both: nothing is counted twice."""
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
