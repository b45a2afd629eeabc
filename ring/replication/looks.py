"""When this node looks at each group again, though no message came: what no message causes (P23).

A look trims the log, gives commands that are due, arranges backups, asks silent masters, and compares the replica with
what is erased or repaired. Each look says when the next look is due. A group in which nothing happens and nothing runs
out is looked at once in LOOK_AT_LEAST_S, so idle groups cost nothing.

Invariant: each group that is mastered or followed here has a look planned.
"""

from __future__ import annotations

from collections import deque

from ring.agenda import Agenda
from ring.durations import LOOK_AFTER_S, LOOK_AT_LEAST_S
from ring.ids import GroupId

SLICE = 20
"""At most this many groups are looked at in one tick at once. More groups wait for slices, and for other long work."""


class Looks:
    """Plan the looks at the groups here. Times are Unix seconds."""

    def __init__(self) -> None:
        self._agenda: Agenda[GroupId] = Agenda()
        self.changes = 0  # how many changes of groups here there were
        self._again: deque[GroupId] = deque()  # groups to look at as soon as the slices allow
        self._waits: set[GroupId] = set()  # the same groups

    def plan(self, group: GroupId, at: float) -> None:
        """Look at the group at this time, unless an earlier look is planned already."""
        self._agenda.plan(group, at)

    def soon(self, group: GroupId, now: float) -> None:
        """Look at the group in a moment: something has changed, and more may follow."""
        self.changes += 1
        if self._agenda.at(group) > now + LOOK_AFTER_S:  # a busy group: a look is planned as a rule
            self._agenda.plan(group, now + LOOK_AFTER_S)

    def again(self, group: GroupId) -> None:
        """Look at the group in the next tick, as far as the slices allow: nodes died or came back."""
        if group not in self._waits:
            self._waits.add(group)
            self._again.append(group)

    def take(self, now: float) -> GroupId | None:
        """Take the next group that is due, and plan the look after, in case that the look fails."""
        if self._again:
            group = self._again.popleft()
            self._waits.remove(group)
        else:
            due = self._agenda.due(now, most=1)
            if not due:
                return None
            group = due[0]
        self._agenda.plan(group, now + LOOK_AT_LEAST_S)
        return group

    def forget(self, group: GroupId) -> None:
        """Look at the group no more: this node has no part in the group."""
        self._agenda.cancel(group)

    def is_due(self, now: float) -> bool:
        """Tell whether the slices have left groups for the next tick."""
        return bool(self._again) or self._agenda.next_at <= now
