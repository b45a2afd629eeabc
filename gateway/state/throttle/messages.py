"""What a throttle's group is told and asked. Its name says what is guarded: `account:joe`, `address:192.0.2.7`,
`register:192.0.2.7`. Each has a rule of its own (throttle.py)."""

from __future__ import annotations

import msgspec


class _Tagged(msgspec.Struct, frozen=True, array_like=True):
    pass


class Take(_Tagged, frozen=True, tag=1):
    """May it be done now? Then it counts; so of many at once only so many do it. Else it has to wait, and does not.

    waited_s: so long it has; nobody waits longer than the rule's longest.
    """

    waited_s: float = 0.0


class Undo(_Tagged, frozen=True, tag=2):
    """A try was none that is to be slowed: it is as if it had not been taken. at: as the answer to its Take says."""

    at: int


class Taken(_Tagged, frozen=True, tag=21):
    pass


class Undone(_Tagged, frozen=True, tag=23):
    at: int


class Merged(_Tagged, frozen=True, tag=22):
    times: tuple[int, ...]


class HowLong(_Tagged, frozen=True, tag=31):
    """How long until the next try may be made?"""


class Wait(_Tagged, frozen=True, tag=41):
    """Outcome and answer. seconds: from now until the next try may be made; of Take: until this one may, 0 if it was.
    fails: so many are remembered. at: Unix ms, when this one was."""

    seconds: float = 0.0
    fails: int = 0
    at: int = 0


Command = Take | Undo
Event = Taken | Undone | Merged
