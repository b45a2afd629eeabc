"""The records that a master keeps of one group: `Master`, one `Progress` for each other node, and a `HandOff`.

The records decide nothing and send nothing. `master.py` has the theory of operation. Comments on the
fields name invariants, and the part that writes a field.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

from ring.ids import Incarnation, Term
from ring.nothing import NOTHING, drop, own
from ring.replication.replica import Replica
from ring.wire.log import Command


class Progress:
    """Say how far one other node has come: a node where members sit, a backup of the group, or both (P12, P15).

    A progress belongs to one life of the node (`edge`). A later life of the node begins with a new progress.

    States: unconfirmed (the node is sent probes), confirmed (the node is sent entries), leaving (the node has no part
    in the group any more; the master forgets the progress as soon as the node has acknowledged the whole log).

    Invariants: 0 <= acked <= replica.seq, and acked never falls. -1 <= held <= replica.head. leaving excludes sits and
    is_backup. is_backup is true exactly for the members of `Master.backups`.
    """

    __slots__ = ("acked", "confirmed", "edge", "held", "is_backup", "leaving", "probe_at", "probes", "since", "sits")

    def __init__(self, edge: Incarnation, acked: int, *, confirmed: bool, probe_at: float, since: float) -> None:
        self.edge = edge
        self.acked = acked  # the node has applied all entries up to this seq, and settled the consequences (P33)
        self.confirmed = confirmed  # the node's log is a prefix of the master's, or soon will be by a message sent (P3)
        self.sits = False  # members sit on the node: an entry is settled only once the node has acked the entry
        self.leaving = False  # the node has no part in the group any more, and still has to hear the last entries
        self.is_backup = False  # the node is a backup: no command is committed before the node holds the command (P12)
        self.held = -1  # the node holds every command up to this seq; -1: the node has not said so in this term
        self.probe_at = probe_at  # when the master probes the node next
        self.probes = 0  # unanswered probes, counted to 8: each probe doubles the pause before the next
        self.since = since  # when the node began to follow this master


class Step(IntEnum):
    """How far a hand-off has come (the states at the head of handoff.py). A later step is the higher number."""

    INSTALLING = 0  # the group is frozen: pending commands are committed first, and then Install is sent
    PLACED = 1  # `Handed` has a position, after which this master gives no other position
    COMMITTED = 2  # the group belongs to the new master


class HandOff:
    """Say how far a hand-off of the group from this node has come (P24). `handoff.py` alone writes the fields.

    Invariants: `step` never goes back. Before COMMITTED, the hand-off can be given up. From COMMITTED on, `Handed` is
    the last entry of this node's term.
    """

    __slots__ = ("repeat_at", "since", "step", "term", "to")

    def __init__(self, to: Incarnation, term: Term, now: float) -> None:
        self.to = to  # the life of the node that is to master the group
        self.term = term  # the new master's term: this master's term number plus 1
        self.since = now
        self.repeat_at = now  # when the last message to the new master is sent again
        self.step = Step.INSTALLING


class Master:
    """Say what a master knows of a group beside the replica: the followers, and the nodes that wait for an answer.

    A master is serving (no hand-off), frozen (a hand-off is not committed yet) or handed (the hand-off is committed).

    Invariants: those in `backups` are all in `followers` too. For each origin in `ahead`, the number is that of a
    pending command, and not below the number in the replica's client log.
    """

    __slots__ = (
        "ahead",
        "asked_at",
        "backups",
        "barriers",
        "closing",
        "doubted_at",
        "followers",
        "handoff",
        "replica",
        "tried_handoff_at",
        "unmerged",
        "unseen",
        "view",
        "watchers",
    )  # fmt: skip

    def __init__(self, replica: Replica) -> None:
        self.replica = replica
        # Ring key -> progress, without this node. Written by fanout.py (members) and backups.py (backups).
        self.followers: dict[str, Progress] = {}
        self.backups: list[Progress] = []  # the backups: commits wait for all of these. Written by backups.py
        # The group is about to be forgotten: the set is this node alone, or becomes so by a pending command. A command
        # that comes all the same needs another set first. Written by backups.py.
        self.closing = False
        self.doubted_at = 0.0  # when silent nodes may have held something lasting (P51). Written by maintenance.py
        self.ahead: Mapping[Incarnation, int] = NOTHING  # origin -> last number among the pending commands (P6)
        # The replica that people here know, until `replica` has all of that replica (P25). Set by roles.py, where the
        # served replica does not continue the known replica; cleared by master.py.
        self.unmerged: Replica | None = None
        # Written by handoff.py.
        self.handoff: HandOff | None = None
        self.tried_handoff_at = 0.0  # when the last hand-off began; 0.0: the next hand-off need not wait
        # (seq that has to be settled, ring key of the asking edge, the edge's number), by seq. Written by barrier.py.
        # A list: there is a group for each nick, and an empty deque takes 760 bytes.
        self.barriers: list[tuple[int, str, int]] = []
        # Written by ring/watch.py.
        self.watchers: Mapping[Incarnation, float] = NOTHING  # watching node -> when the watch ends
        # Watcher -> (seq of the unacknowledged view, sent when).
        self.unseen: Mapping[Incarnation, tuple[int, float]] = NOTHING
        self.view: Any = None  # the view that the watchers were sent last
        self.asked_at = 0.0  # when all followers were last probed, whether a follower lagged or not (P30)

    @property
    def shown(self) -> Replica:
        """Return the replica that people on this node are shown."""
        return self.unmerged if self.unmerged is not None else self.replica

    @property
    def serving(self) -> bool:
        return self.handoff is None

    @property
    def is_handed(self) -> bool:
        """Tell whether the group belongs to another master, though the other master may not know so yet."""
        return self.handoff is not None and self.handoff.step is Step.COMMITTED

    @property
    def targets(self) -> tuple[str, ...]:
        """Return the set of the nodes that hold the group, as the set will be once all pending commands are committed.
        Ring keys, this node included."""
        for command in self.replica.pending[::-1]:
            if command.members is not None:
                return command.members
        return self.replica.members

    def expected(self, origin: Incarnation, floor: int) -> int:
        """Return the only number that the master accepts from the origin now (P6)."""
        return max(floor, self.last_of(origin) + 1)

    def look_ahead(self, command: Command) -> None:
        """Count the numbers of a pending command as accepted, so that a repeat is known before the commit."""
        ahead = self.ahead = own(self.ahead)
        for origin, number in _numbers(command):
            ahead[origin] = max(number, self.last_of(origin))

    def caught_up(self, command: Command) -> None:
        """Stop counting a command that is pending no longer: from now on the replica's client logs count the
        command."""
        for origin, number in _numbers(command):
            if self.ahead.get(origin, number + 1) <= number:
                drop(self.ahead, origin)

    def last_of(self, origin: Incarnation) -> int:
        """Return the last number accepted from the origin, decided or not."""
        ahead = self.ahead.get(origin)
        if ahead is not None:
            return ahead
        accepted = self.replica.client_logs.get(origin)
        return accepted.last if accepted is not None else 0


def _numbers(command: Command) -> list[tuple[Incarnation, int]]:
    """Return the origins and numbers that count as accepted with the command: the command's own number, or all numbers
    that another side of a partition accepted."""
    if command.side is not None:
        return [(stream.origin, stream.last) for stream in command.side.client_logs]
    if command.origin is None or command.original_id is not None:
        return []
    return [(command.origin, command.number)]
