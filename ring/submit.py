"""Keep the commands that this edge has submitted and that have no answer yet, per group, numbered without gaps (P6)."""

from __future__ import annotations

from bisect import bisect_left
from typing import Any, NamedTuple

from ring.agenda import Agenda
from ring.durations import EACH_S, MANY_MAX_S, SUBMIT_IDLE_S, SUBMIT_REPEAT_MAX_S, SUBMIT_REPEAT_S
from ring.ids import GroupId, Incarnation, Term
from ring.replication.application import EventId

IDLE_LOOKS = 200
"""At most so many idle queues are looked at in one tick."""

QUEUE = 10_000
"""At most this many commands wait for the answers of one group. A further command fails at once."""


class Answered(NamedTuple):
    """The last answer to this edge: from which master, and the position of the answer in the log of which term."""

    master: Incarnation
    term: Term
    seq: int


class Pending:
    """A command that waits for an answer.

    hold: the event that caused the command, acknowledged only once the command is settled (P33).
    """

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
    """The queue of commands from this edge to one group. `Engine` sends the commands, and parks early answers."""

    __slots__ = ("answered", "last", "parked", "pending", "repeat_at", "sent_at", "sent_to", "tries")

    def __init__(self, last: int) -> None:
        self.last = last  # the highest number given
        self.pending: list[Pending] = []
        # number -> (seq, outcome, event id): an answer that is shown once the replica reaches seq (P11)
        self.parked: dict[int, tuple[int, Any, EventId]] = {}
        self.answered: Answered | None = None  # None: no other node has answered, or its master has named another node
        self.sent_at = 0.0
        self.sent_to = ""  # ring key
        self.repeat_at = 0.0
        self.tries = 0

    @property
    def floor(self) -> int:
        """Return the lowest number without an answer."""
        return self.pending[0].number if self.pending else self.last + 1

    def index(self, number: int) -> int | None:
        """Return where the command is in the queue; None if the command has its answer."""
        waiting = self.pending
        if waiting and waiting[0].number == number:  # as a rule, answers come in order
            return 0
        at = bisect_left(waiting, number, key=lambda pending: pending.number)
        return at if at < len(waiting) and waiting[at].number == number else None

    def waits_for(self, number: int) -> bool:
        """Tell whether the command has no answer yet."""
        return self.index(number) is not None


class SubmitQueues:
    """All queues of this edge. A queue that is forgotten and begins again starts above every number given before."""

    def __init__(self) -> None:
        self.queues: dict[GroupId, SubmitQueue] = {}
        self.waiting: dict[GroupId, SubmitQueue] = {}  # the queues with commands
        self.highest = 0
        self._idle: Agenda[GroupId] = Agenda()  # when a queue may be forgotten

    def add(self, group: GroupId, command: Any, token: object, now: float, hold: tuple[GroupId, int] | None) -> Pending:
        """Give the command the next number, and queue the command."""
        queue = self.queues.get(group)
        if queue is None:
            queue = self.queues[group] = SubmitQueue(self.highest)
            self._idle.plan(group, now + SUBMIT_IDLE_S)
        queue.last += 1
        if queue.last > self.highest:
            self.highest = queue.last
        pending = Pending(queue.last, command, token, now, hold)
        if not queue.pending:
            queue.repeat_at = now + SUBMIT_REPEAT_S
            queue.tries = 0
            self.waiting[group] = queue
        queue.pending.append(pending)
        return pending

    def answered(self, group: GroupId, answer: Answered) -> None:
        """Note an answer of another node, unless a later answer is known."""
        queue = self.queues.get(group)
        if queue is not None and (queue.answered is None or queue.answered[1:] < answer[1:]):
            queue.answered = answer

    def yielded(self, group: GroupId, sender: Incarnation) -> bool:
        """Forget the sender's answer: the sender says that another node masters the group. Returns whether there was
        such an answer."""
        queue = self.queues.get(group)
        if queue is None or queue.answered is None or queue.answered.master != sender:
            return False
        queue.answered = None
        return True

    def take(self, group: GroupId, number: int) -> Pending | None:
        """Take the answered command out of the queue; None if the command was answered or given up before."""
        queue = self.queues.get(group)
        if queue is None:
            return None
        queue.parked.pop(number, None)
        at = queue.index(number)
        if at is None:
            return None
        found = queue.pending.pop(at)
        if not queue.pending:
            del self.waiting[group]
        return found

    def token(self, group: GroupId, number: int) -> object:
        """The token of a command that waits for its answer; None if no command of the number waits."""
        queue = self.queues.get(group)
        at = queue.index(number) if queue is not None else None
        return queue.pending[at].token if queue is not None and at is not None else None

    def due(self, now: float) -> list[tuple[GroupId, SubmitQueue]]:
        """Return the queues to send again, and forget the queues that were idle for long. Many queues have to wait
        longer (EACH_S), but not if the nodes have changed."""
        for group in self._idle.due(now, most=IDLE_LOOKS):
            queue = self.queues[group]
            idle_at = now if queue.pending else max(queue.sent_at, queue.repeat_at)
            if now > idle_at + SUBMIT_IDLE_S:
                del self.queues[group]
            else:
                self._idle.plan(group, idle_at + SUBMIT_IDLE_S)
        sent_before = now - min(EACH_S * len(self.waiting), MANY_MAX_S)
        return [
            (group, queue)
            for group, queue in self.waiting.items()
            if now >= queue.repeat_at and (queue.sent_at <= sent_before or not queue.repeat_at)
        ]

    def held_back(self, queue: SubmitQueue, now: float) -> None:
        """Note that the queue may not be sent now (P25): the next look comes after a pause."""
        queue.repeat_at = max(queue.repeat_at, now + SUBMIT_REPEAT_S)

    def sent(self, queue: SubmitQueue, target: str, now: float) -> None:
        """Note that the queue was sent, and set the time of the repeat, with back-off."""
        queue.sent_at = now
        queue.sent_to = target
        queue.repeat_at = now + min(SUBMIT_REPEAT_S * 2**queue.tries, SUBMIT_REPEAT_MAX_S)
        queue.tries = min(queue.tries + 1, 8)
