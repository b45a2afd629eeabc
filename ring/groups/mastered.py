"""A group that this node masters: it gives every command its place in the order, exactly once."""

from __future__ import annotations

from typing import Any

from ring.groups.copy import Copy
from ring.ids import Incarnation, Term
from ring.wire import Entry


class Follower:
    """How far one node with members has followed."""

    __slots__ = ("acked", "confirmed", "edge", "leaving", "probe_at", "probes")

    def __init__(self, edge: Incarnation, acked: int, *, confirmed: bool, probe_at: float) -> None:
        self.edge = edge
        self.acked = acked  # it has applied, and settled what that caused, up to this seq
        self.confirmed = confirmed  # its lineage is known to be a prefix of ours: entries may be published to it
        self.leaving = False  # its last member left; it still has to hear so
        self.probe_at = probe_at  # when to ask for its acknowledgement again
        self.probes = 0


class HandOff:
    """A hand-off under way (P24). committed: `Handed` is the last event of our term; before that it may be given up."""

    __slots__ = ("committed", "repeat_at", "since", "term", "to")

    def __init__(self, to: Incarnation, term: Term, now: float) -> None:
        self.to = to
        self.term = term
        self.since = now
        self.repeat_at = now
        self.committed = False


class Mastered:
    """The master's part of a group, beside its copy."""

    __slots__ = ("barriers", "checked_at", "copy", "followers", "handoff", "tried_handoff_at", "view", "watchers")

    def __init__(self, copy: Copy) -> None:
        self.copy = copy
        self.followers: dict[str, Follower] = {}
        self.handoff: HandOff | None = None
        self.tried_handoff_at = 0.0
        self.barriers: list[tuple[int, str, int]] = []  # (seq to be settled, ring key of who asks, its number)
        self.watchers: dict[Incarnation, float] = {}  # until when
        self.view: Any = None
        self.checked_at = 0.0

    @property
    def serving(self) -> bool:
        return self.handoff is None

    def judge(self, origin: Incarnation | None, number: int, floor: int, command: Any, now_ms: int) -> Entry:
        """The entry that answers a command: its outcome and event at the next position."""
        copy = self.copy
        at = now_ms if now_ms > copy.at else copy.at + 1  # P17
        decision = copy.state.decide(command, at)
        return Entry(copy.seq + 1, at, origin, number, floor, decision.outcome, decision.event)

    def expected(self, origin: Incarnation, floor: int) -> int:
        """The only number that is accepted from the origin now (P6)."""
        accepted = self.copy.streams.get(origin)
        return floor if accepted is None or accepted.last + 1 < floor else accepted.last + 1
