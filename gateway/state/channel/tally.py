"""What a channel counts for the modes that limit rates (+j).

The events of the channel are counted, so every replica that applies the events counts alike, and a successor that
followed the channel goes on counting. A replica that comes from a snapshot begins anew. No count is ever stored.
"""

from __future__ import annotations

from collections import deque

from gateway.irc.mode_params import MOST_JOINS, Rate


class Tally:
    """The times of the last events, Unix ms."""

    __slots__ = ("joins",)

    def __init__(self) -> None:
        self.joins: deque[int] = deque(maxlen=MOST_JOINS)

    def joined(self, at: int) -> None:
        self.joins.append(at)

    def joins_too_fast(self, rate: Rate, at: int) -> bool:
        """Whether one more person would make more than `rate.most` in `rate.seconds`."""
        return is_over(self.joins, rate, at)


def is_over(times: deque[int], rate: Rate, at: int) -> bool:
    """Whether one more event at `at` would make more than `rate.most` within `rate.seconds`. times: ascending."""
    return len(times) >= rate.most and at - times[-rate.most] < rate.seconds * 1000
