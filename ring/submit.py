"""What this edge has submitted and not yet seen answered, per group, numbered without gaps (P6)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import Any

from ring.ids import GroupId
from ring.replication.application import Stamp

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


class Outbound:
    """The stream of commands from this edge to one group."""

    __slots__ = ("last", "parked", "pending", "repeat_at", "sent_at", "sent_to", "tries", "turns")

    def __init__(self, last: int) -> None:
        self.last = last  # the highest number given
        self.pending: list[Pending] = []
        # number -> (seq, outcome, stamp): shown when the copy reaches seq (P11)
        self.parked: dict[int, tuple[int, Any, Stamp]] = {}
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


class Submits:
    """All streams of this edge. A forgotten stream starts again above every number ever given, by its floor."""

    def __init__(self) -> None:
        self.streams: dict[GroupId, Outbound] = {}
        self.highest = 0

    def add(self, group: GroupId, command: Any, token: object, now: float, hold: tuple[GroupId, int] | None) -> Pending:
        stream = self.streams.get(group)
        if stream is None:
            stream = self.streams[group] = Outbound(self.highest)
        stream.last += 1
        if stream.last > self.highest:
            self.highest = stream.last
        pending = Pending(stream.last, command, token, now, hold)
        if not stream.pending:
            stream.repeat_at = now + REPEAT_S
            stream.tries = 0
        stream.pending.append(pending)
        return pending

    def take(self, group: GroupId, number: int) -> Pending | None:
        """The command that is answered now, no longer pending; None if it was answered or given up before."""
        stream = self.streams.get(group)
        if stream is None:
            return None
        stream.parked.pop(number, None)
        pending = stream.pending
        if pending and pending[0].number == number:
            return pending.pop(0)
        for waiting in pending:
            if waiting.number == number:
                pending.remove(waiting)
                return waiting
        return None

    def due(self, now: float) -> Iterator[tuple[GroupId, Outbound]]:
        """Streams to be sent again; forgets those that were idle for long."""
        idle = []
        for group, stream in self.streams.items():
            if stream.pending:
                if now >= stream.repeat_at:
                    stream.turns = 0
                    yield group, stream
            elif now - stream.sent_at > IDLE_S and now - stream.repeat_at > IDLE_S:
                idle.append(group)
        for group in idle:
            del self.streams[group]

    def turn(self, stream: Outbound, target: str) -> bool:
        """Another master is named: send to it at once? Not for ever, should two nodes name each other."""
        if not stream.pending or target == stream.sent_to or stream.turns >= TURNS:
            return False
        stream.turns += 1
        stream.tries = 0
        return True

    def sent(self, stream: Outbound, target: str, now: float) -> None:
        stream.sent_at = now
        stream.sent_to = target
        stream.repeat_at = now + min(REPEAT_S * 2**stream.tries, REPEAT_MAX_S)
        stream.tries = min(stream.tries + 1, 8)
