"""What this edge has submitted and not yet seen answered, per group, numbered without gaps (P6)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import Any

from ring.ids import GroupId
from ring.replication.application import EventId

QUEUE = 10_000
"""At most this many commands wait for one group's answers; one more fails at once."""

REPEAT_S = 0.4
REPEAT_MAX_S = 2.0
TURNS = 3
IDLE_S = 60.0


class Pending:
    """A command that waits for its answer. hold: the event it came of, acknowledged once this is settled (P33)."""

    __slots__ = ("command", "hold", "number", "since", "token")

    def __init__(
        self, number: int, command: Any, token: object, since: float, hold: tuple[GroupId, int] | None
    ) -> None:
        self.number = number
        self.command = command
        self.token = token
        self.since = since
        self.hold = hold


class SubmitQueue:
    """The queue of commands from this edge to one group."""

    __slots__ = ("last", "parked", "pending", "repeat_at", "sent_at", "sent_to", "tries", "turns")

    def __init__(self, last: int) -> None:
        self.last = last  # the highest number given
        self.pending: list[Pending] = []
        # number -> (seq, outcome, stamp): shown when the copy reaches seq (P11)
        self.parked: dict[int, tuple[int, Any, EventId]] = {}
        self.sent_at = 0.0
        self.sent_to = ""  # ring key
        self.repeat_at = 0.0
        self.tries = 0
        self.turns = 0  # sent at once to another master that was named, since the last repeat

    @property
    def floor(self) -> int:
        return self.pending[0].number if self.pending else self.last + 1

    def waits_for(self, number: int) -> bool:
        """Whether the command is not answered yet."""
        at = bisect_left(self.pending, number, key=lambda pending: pending.number)
        return at < len(self.pending) and self.pending[at].number == number


class SubmitQueues:
    """All streams of this edge. A forgotten queue starts again above every number ever given, by its floor."""

    def __init__(self) -> None:
        self.queues: dict[GroupId, SubmitQueue] = {}
        self.highest = 0

    def add(self, group: GroupId, command: Any, token: object, now: float, hold: tuple[GroupId, int] | None) -> Pending:
        queue = self.queues.get(group)
        if queue is None:
            queue = self.queues[group] = SubmitQueue(self.highest)
        queue.last += 1
        if queue.last > self.highest:
            self.highest = queue.last
        pending = Pending(queue.last, command, token, now, hold)
        if not queue.pending:
            queue.repeat_at = now + REPEAT_S
            queue.tries = 0
        queue.pending.append(pending)
        return pending

    def take(self, group: GroupId, number: int) -> Pending | None:
        """The command that is answered now, no longer pending; None if it was answered or given up before."""
        queue = self.queues.get(group)
        if queue is None:
            return None
        queue.parked.pop(number, None)
        pending = queue.pending
        if pending and pending[0].number == number:
            return pending.pop(0)
        for waiting in pending:
            if waiting.number == number:
                pending.remove(waiting)
                return waiting
        return None

    def due(self, now: float) -> Iterator[tuple[GroupId, SubmitQueue]]:
        """Streams to be sent again; forgets those that were idle for long."""
        idle = []
        for group, queue in self.queues.items():
            if queue.pending:
                if now >= queue.repeat_at:
                    queue.turns = 0
                    yield group, queue
            elif now - queue.sent_at > IDLE_S and now - queue.repeat_at > IDLE_S:
                idle.append(group)
        for group in idle:
            del self.queues[group]

    def turn(self, queue: SubmitQueue, target: str) -> bool:
        """Another master is named: send to it at once? Not for ever, should two nodes name each other."""
        if not queue.pending or target == queue.sent_to or queue.turns >= TURNS:
            return False
        queue.turns += 1
        queue.tries = 0
        return True

    def sent(self, queue: SubmitQueue, target: str, now: float) -> None:
        queue.sent_at = now
        queue.sent_to = target
        queue.repeat_at = now + min(REPEAT_S * 2**queue.tries, REPEAT_MAX_S)
        queue.tries = min(queue.tries + 1, 8)
