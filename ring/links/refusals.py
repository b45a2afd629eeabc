"""The nodes that were refused at this node's links lately, and why: for the log and for `circlet status`."""

from __future__ import annotations

from typing import NamedTuple

from ring.roster import NodeRecord

KEPT = 50
"""Refusals that are remembered. The oldest falls out first: a stranger may invent names without end."""

KEEP_S = 120.0
"""A node that is still there and still refused has tried again long before."""


class Refusal(NamedTuple):
    """A node that this node does not link with. The node gives its own name, and may not have proven the name."""

    record: NodeRecord
    address: str  # the other end of the connection
    reason: str
    at: float  # seconds, of the last time


class Refusals:
    """By ring key, name and address: a duplicate has the ring key of a node that is let in."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, str], Refusal] = {}  # the latest last

    def note(self, record: NodeRecord, address: str, reason: str, now: float) -> None:
        who = (record.key, record.name, address)
        self._known.pop(who, None)
        self._known[who] = Refusal(record, address, reason, now)
        while len(self._known) > KEPT:
            del self._known[next(iter(self._known))]

    def linked(self, record: NodeRecord, address: str) -> None:
        """That node is let in now."""
        self._known.pop((record.key, record.name, address), None)

    def lately(self, now: float) -> list[Refusal]:
        """The oldest first."""
        while self._known:
            who, refusal = next(iter(self._known.items()))
            if now - refusal.at <= KEEP_S:
                break
            del self._known[who]
        return list(self._known.values())
