"""Commands, events and questions of a throttle's group.

The group's name says what the throttle guards: `account:joe`, `address:192.0.2.7`, `register:192.0.2.7`. Each of these
has a separate rule (throttle.py).
"""

from __future__ import annotations

import msgspec


class _Tagged(msgspec.Struct, frozen=True, array_like=True):
    pass


class Take(_Tagged, frozen=True, tag=1):
    """Take a try: if the try may be made now, the throttle counts the try as a failure. If not, the try must wait, and
    is not counted.

    waited_s: time that the try has waited already. No try waits longer than the rule's longest_s.
    """

    waited_s: float = 0.0


class Undo(_Tagged, frozen=True, tag=2):
    """Uncount a try that was no failure. at: from the outcome of the try's Take."""

    at: int


class Taken(_Tagged, frozen=True, tag=21):
    pass


class Undone(_Tagged, frozen=True, tag=23):
    at: int


class Merged(_Tagged, frozen=True, tag=22):
    times: tuple[int, ...]


class HowLong(_Tagged, frozen=True, tag=31):
    """Ask for the time until the next try may be made. The answer is a Wait."""


class Wait(_Tagged, frozen=True, tag=41):
    """The outcome of Take and the answer to HowLong. seconds: time until the next try may be made; after Take, time
    until this try may be made, 0 if the try was taken. fails: number of remembered failures. at: time of this try, Unix
    ms."""

    seconds: float = 0.0
    fails: int = 0
    at: int = 0


Command = Take | Undo
Event = Taken | Undone | Merged
