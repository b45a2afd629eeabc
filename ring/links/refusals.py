"""Remember the nodes refused at this node's links lately, and the reasons: for the log and for `circlet status`."""

from __future__ import annotations

from typing import NamedTuple

from ring.durations import REFUSAL_KEEP_S
from ring.roster import NodeRecord

KEPT = 50
"""At most this many refusals are remembered. The oldest refusal is dropped first: a stranger may invent endless
names."""


class Refusal(NamedTuple):
    """A node that this node does not link with. The node gives the name, and may not have proven the name."""

    record: NodeRecord
    address: str  # the other end of the connection
    reason: str
    at: float  # seconds, of the last refusal


class Refusals:
    """The refusals by ring key, name and address: a duplicate has the ring key of a node that is let in."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, str], Refusal] = {}  # the latest refusal last

    def note(self, record: NodeRecord, address: str, reason: str, now: float) -> None:
        """Remember a refusal, as the latest."""
        who = (record.key, record.name, address)
        self._known.pop(who, None)
        self._known[who] = Refusal(record, address, reason, now)
        while len(self._known) > KEPT:
            del self._known[next(iter(self._known))]

    def linked(self, record: NodeRecord, address: str) -> None:
        """Drop the refusal of a node that is let in now."""
        self._known.pop((record.key, record.name, address), None)

    def lately(self, now: float) -> list[Refusal]:
        """Return the refusals of the last REFUSAL_KEEP_S seconds, the oldest first."""
        while self._known:
            who, refusal = next(iter(self._known.items()))
            if now - refusal.at <= REFUSAL_KEEP_S:
                break
            del self._known[who]
        return list(self._known.values())
