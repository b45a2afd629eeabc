"""What a group has accepted from one origin: the counters that make repeats harmless (P6, P7, P8)."""

from __future__ import annotations

from typing import Any

from ring.replication.raw import read_optional
from ring.wire.log import (
    Entry,
    PackedClientLog,
)


class ClientLog:
    """List the commands that a group has accepted from one origin (P6, P8).

    Invariants: last is the highest decided number. The numbers in outcomes ascend, and none is above last.
    """

    __slots__ = ("last", "outcomes")

    def __init__(self, last: int = 0) -> None:
        self.last = last
        self.outcomes: dict[int, tuple[int, int, Any]] = {}  # number -> (seq, at, outcome), down to the floor

    def accept(self, entry: Entry) -> None:
        """Count the entry's number as accepted, and forget outcomes below the origin's floor (P7)."""
        self.last = entry.number
        outcomes = self.outcomes
        while outcomes and (oldest := next(iter(outcomes))) < entry.floor:  # numbers are in order
            del outcomes[oldest]
        outcomes[entry.number] = (entry.seq, entry.at, entry.outcome)

    def take(self, other: PackedClientLog, seq: int, read: Any) -> None:
        """Take the counters of another side (P8). Positions there mean nothing here: outcomes get `seq`."""
        self.last = max(self.last, other.last)
        for number, _, at, outcome in other.outcomes:
            if number not in self.outcomes:
                self.outcomes[number] = (seq, at, read_optional(read, outcome))
        self.outcomes = dict(sorted(self.outcomes.items()))
