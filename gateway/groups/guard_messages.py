"""What a throttle's group is told and asked. Its name says what is guarded: `account:joe`, `address:192.0.2.7`,
`register:192.0.2.7`. Each has a rule of its own (guard.py)."""

from __future__ import annotations

import msgspec


class _Tagged(msgspec.Struct, frozen=True, array_like=True):
    pass


class Fail(_Tagged, frozen=True, tag=1):
    """Somebody tried, and failed; or did what may be done only so often."""


class Take(_Tagged, frozen=True, tag=2):
    """May it be done now? Then it counts; so of many at once only so many do it. Else it has to wait, and does not."""


class Failed(_Tagged, frozen=True, tag=21):
    pass


class Merged(_Tagged, frozen=True, tag=22):
    fails: int
    at: int  # Unix ms


class HowLong(_Tagged, frozen=True, tag=31):
    """How long is the next try to be delayed?"""


class Wait(_Tagged, frozen=True, tag=41):
    """Outcome and answer. seconds: from now until the next try may be answered; of Take: until it may be made, 0 if it
    was. fails: so many are remembered."""

    seconds: float = 0.0
    fails: int = 0


Command = Fail | Take
Event = Failed | Merged
