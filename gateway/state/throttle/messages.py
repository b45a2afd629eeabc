"""Commands, events and questions of a throttle's group.

The group's name says what the throttle guards: `account:joe`, `address:192.0.2.7`, `register:192.0.2.7`. Each of these
has a separate rule (throttle.py). `range:192.0.2.0/24` adds up connections of a range (counts.py).
"""

from __future__ import annotations

from typing import ClassVar

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


class Report(msgspec.Struct, frozen=True, array_like=True):
    """The counts of a node for a range of addresses. key: the node's ring key. open: connections. recent: connections
    made in this minute (minutes since 1970, by the node's clock)."""

    key: str
    open: int
    recent: int
    minute: int


class Count(_Tagged, frozen=True, tag=43):
    """Report the counts of a node. The outcome is the Total of the other nodes."""

    SINCE: ClassVar = 3

    report: Report


class Counted(_Tagged, frozen=True, tag=64):
    SINCE: ClassVar = 3

    report: Report


class CountsMerged(_Tagged, frozen=True, tag=65):
    """reports: each with its time, Unix ms."""

    SINCE: ClassVar = 3

    reports: tuple[tuple[Report, int], ...]


class Total(_Tagged, frozen=True, tag=82):
    """The sum of the other nodes' counts, as far as these nodes report. recent: of the same minute."""

    SINCE: ClassVar = 3

    open: int = 0
    recent: int = 0


Command = Take | Undo | Count
Event = Taken | Undone | Merged | Counted | CountsMerged
Outcome = Wait | Total
