"""A group that this node masters: it gives every command its place in the order, exactly once."""

from __future__ import annotations

from typing import Any

from ring.ids import Incarnation, Term
from ring.replication.copy import Copy
from ring.wire.log import Command


class Progress:
    """How far another node has come that follows the group: members sit there, or it holds the group (P12, P15)."""

    __slots__ = ("acked", "confirmed", "edge", "held", "holder", "leaving", "probe_at", "probes", "since", "sits")

    def __init__(self, edge: Incarnation, acked: int, *, confirmed: bool, probe_at: float, since: float) -> None:
        self.edge = edge
        self.acked = acked  # it has applied, and settled what that caused, up to this seq
        self.confirmed = confirmed  # its lineage is known to be a prefix of ours: entries may be published to it
        self.sits = False  # members sit there: what they do not have is not settled
        self.leaving = False  # it has no part in the group any more; it still has to hear so
        self.holder = False  # nothing is committed before it holds it
        self.held = -1  # it has every command up to this; -1 while it has not said so in this term
        self.probe_at = probe_at  # when to ask for its acknowledgement again
        self.probes = 0
        self.since = since  # when it began to follow this master


class HandOff:
    """A hand-off under way (P24). placed: `Handed` has its place as the last event of our term; before that it may be
    given up. committed: it is the last."""

    __slots__ = ("committed", "placed", "repeat_at", "since", "term", "to")

    def __init__(self, to: Incarnation, term: Term, now: float) -> None:
        self.to = to
        self.term = term
        self.since = now
        self.repeat_at = now
        self.placed = False
        self.committed = False


class Master:
    """The master's part of a group, beside its copy."""

    __slots__ = (
        "ahead",
        "asked_at",
        "barriers",
        "copy",
        "followers",
        "handoff",
        "holders",
        "tried_handoff_at",
        "unseen",
        "view",
        "watchers",
    )  # fmt: skip

    def __init__(self, copy: Copy) -> None:
        self.copy = copy
        self.followers: dict[str, Progress] = {}
        self.holders: list[Progress] = []  # those followers that hold the group, or are to
        self.ahead: dict[Incarnation, int] = {}  # the last number accepted of each origin, of pending commands
        self.handoff: HandOff | None = None
        self.tried_handoff_at = 0.0
        self.barriers: list[tuple[int, str, int]] = []  # (seq to be settled, ring key of who asks, its number)
        self.watchers: dict[Incarnation, float] = {}  # until when
        self.unseen: dict[Incarnation, tuple[int, float]] = {}  # watchers: seq of what they were told last, and when
        self.view: Any = None
        self.asked_at = 0.0  # when all followers were last asked whether they have it

    @property
    def serving(self) -> bool:
        return self.handoff is None

    @property
    def is_handed(self) -> bool:
        """Whether the group is another's, who may not know yet."""
        return self.handoff is not None and self.handoff.committed

    def expected(self, origin: Incarnation, floor: int) -> int:
        """The only number that is accepted from the origin now (P6)."""
        return max(floor, self.last_of(origin) + 1)

    def look_ahead(self, command: Command) -> None:
        """A command is pending: whose numbers does it use up?"""
        for origin, number in _numbers(command):
            self.ahead[origin] = max(number, self.last_of(origin))

    def caught_up(self, command: Command) -> None:
        """The command is no longer pending: the copy counts it."""
        for origin, number in _numbers(command):
            if self.ahead.get(origin, number + 1) <= number:
                del self.ahead[origin]

    def last_of(self, origin: Incarnation) -> int:
        """The last number accepted of the origin, decided or not."""
        ahead = self.ahead.get(origin)
        if ahead is not None:
            return ahead
        accepted = self.copy.client_logs.get(origin)
        return accepted.last if accepted is not None else 0


def _numbers(command: Command) -> list[tuple[Incarnation, int]]:
    """Origins and the numbers that count as accepted with the command: its own, or all that another side accepted."""
    if command.side is not None:
        return [(stream.origin, stream.last) for stream in command.side.client_logs]
    if command.origin is None or command.original_id is not None:
        return []
    return [(command.origin, command.number)]
