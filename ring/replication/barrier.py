"""Barriers: learn when all commands of this edge are committed, and applied by every live follower (P33, P34).

Theory of operation
===================

A barrier has two sides. On the edge, a `Waiter` waits for several groups; for each group the waiter names the number of
the last command that the edge submitted. On the master, a barrier is an entry of `Master.barriers`: the position up to
which the group has to settle, and the edge that wants to know.

    edge      requested   `Barrier` is sent to the group's master, and again every BARRIER_REPEAT_S
    master    registered  the named command has a position: remember the group's last position (`_register`). A barrier
                          whose command has not come is dropped, for the edge repeats the barrier
    master    settled     every live follower has acknowledged up to the position (`settled_to`): `Settled` goes
                          to the edge. A barrier sends nothing to followers: the master probes laggards anyway
    edge      done        every group of the waiter is settled: `done` is called

A waiter also ends after settle_max_s (`_expire`), and where a mistake has stopped a group (`let_go`): a PONG is
bounded (P34). A master that stops serving loses the barriers; the edges repeat the barriers at the next master.

Invariants
    `done` is called exactly once for each waiter.
    `waiters[group]` names exactly the waiters with that group in `remaining`.
    A barrier's position is at or after the position of the named command, unless the edge has that command's answer.
    No waiter begins while this node has to catch up after a stop (returning.py, P20).

This file alone writes `Master.barriers` and the fields of `Waiter`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import takewhile

from ring.durations import BARRIER_REPEAT_S
from ring.ids import GroupId, Incarnation
from ring.replication.port import Port
from ring.replication.progress import Master
from ring.replication.way import way
from ring.wire.group import Barrier, Settled

BARRIERS = 10_000
"""At most this many barriers wait at one group's master; more are dropped, and the edges repeat these barriers."""


class Waiter:
    """Wait for several groups to settle, and then call `done`."""

    __slots__ = ("done", "remaining", "since")

    def __init__(self, done: Callable[[], None], since: float) -> None:
        self.done = done
        self.remaining: dict[GroupId, int] = {}  # group -> last number that has to settle; done once this is empty
        self.since = since


class Barriers:
    """Keep this edge's waiters, and answer the barriers of edges for the masters here."""

    def __init__(self, port: Port) -> None:
        self.port = port
        self.waiters: dict[GroupId, list[Waiter]] = {}
        self._repeat_at = 0.0

    # The edge's side ------------------------------------------------------------------------------------------------

    def settle(self, groups: Iterable[GroupId], done: Callable[[], None]) -> None:
        wanted = list(groups)
        self.port.after_catch_up(lambda: self._settle(wanted, done))

    def _settle(self, groups: Iterable[GroupId], done: Callable[[], None]) -> None:
        """Begin to wait, or call `done` at once if this edge has submitted nothing to the groups."""
        waiter = Waiter(done, self.port.now)
        for group in groups:
            stream = self.port.submits.queues.get(group)
            if stream is not None:  # a queue is forgotten only after a long idle time: nothing to wait for
                waiter.remaining[group] = stream.last
        if not waiter.remaining:
            done()
            return
        for group in list(waiter.remaining):
            self.waiters.setdefault(group, []).append(waiter)
        for group in list(waiter.remaining):
            self._request(group)

    def _request(self, group: GroupId) -> None:
        """Ask the group's master, which may be this node, for the highest number that any waiter waits for."""
        waiters = self.waiters.get(group)
        if not waiters:
            return
        number = waiters[-1].remaining[group]  # numbers grow, so the last waiter has the highest
        stream = self.port.submits.queues.get(group)
        floor = stream.floor if stream is not None else number + 1
        target = way(self.port, group)
        if target != self.port.me.key:
            self.port.send(target, Barrier(group, number, floor))
            return
        m = self.port.replicas.masters.get(group)
        if m is None and floor > number and not self._is_known(group):
            self._settled(group, number)  # every command is answered, and the empty group was forgotten since
        elif m is not None and m.serving:
            self._register(m, self.port.me, number, floor)

    def _is_known(self, group: GroupId) -> bool:
        return group in self.port.replicas.followers or group in self.port.replicas.recoveries

    def on_settled(self, sender: Incarnation, message: Settled) -> None:
        self._settled(message.group, message.number)

    def _settled(self, group: GroupId, number: int) -> None:
        """Take the group off all waiters that wait for no higher number, and call `done` where nothing remains."""
        waiters = self.waiters.pop(group, [])
        waiting = []
        for waiter in waiters:
            if waiter.remaining.get(group, number + 1) > number:
                waiting.append(waiter)
                continue
            del waiter.remaining[group]
            if not waiter.remaining:
                waiter.done()
        if waiting:
            self.waiters[group] = waiting + self.waiters.get(group, [])

    def let_go(self, group: GroupId) -> None:
        """Let all waiters go on without the group: a mistake of the program has stopped the group here (P43)."""
        if group in self.waiters:
            self.port.note("settle_failed", group, groups=1)
            self._settled(group, max(waiter.remaining.get(group, 0) for waiter in self.waiters[group]))

    def master_known(self, group: GroupId) -> None:
        """Ask again at once: the group has a new master."""
        self._request(group)

    # The master's side ----------------------------------------------------------------------------------------------

    def on_barrier(self, sender: Incarnation, message: Barrier) -> None:
        """Register an edge's barrier, or park the barrier if this node does not serve the group."""
        m = self.port.replicas.masters.get(message.group)
        if m is None:
            self.port.park(message.group, sender, message)
        elif not m.serving:
            self.port.wait_for_handoff(m, sender, message)
        else:
            self._register(m, sender, message.number, message.floor)

    def _register(self, m: Master, origin: Incarnation, number: int, floor: int) -> None:
        """Answer a barrier at once if the group has settled, or remember the barrier with the group's last position."""
        if m.last_of(origin) < number and floor <= number:  # the command is still on the way: the edge asks again
            return
        head = m.replica.head
        if self.settled_to(m) >= head:
            self._tell(m, origin.key, number)
        elif len(m.barriers) < BARRIERS:
            m.barriers.append((head, origin.key, number))

    def settled_to(self, m: Master) -> int:
        """Return the highest seq up to which every live follower and this node have applied all entries, and every live
        watcher has seen the view (P33)."""
        peers = self.port.peers
        lowest = self.port.held_to(m.replica)
        for key, follower in m.followers.items():
            if (
                follower.acked < lowest
                and (follower.sits or follower.leaving)
                and key not in peers.dead
                and peers.is_current(follower.edge)
            ):
                lowest = follower.acked
        for watcher, (seq, _) in m.unseen.items():
            if watcher.key not in peers.dead and peers.is_current(watcher):
                lowest = min(lowest, seq - 1)
        return lowest

    def advance(self, m: Master) -> None:
        """Answer the barriers that are due: followers have acknowledged more of the group."""
        settled_to = self.settled_to(m)
        due = list(takewhile(lambda barrier: barrier[0] <= settled_to, m.barriers))
        del m.barriers[: len(due)]
        for _, key, number in due:
            self._tell(m, key, number)

    def _tell(self, m: Master, key: str, number: int) -> None:
        """Tell the edge that the group has settled up to the edge's number."""
        group = m.replica.group
        if key == self.port.me.key:
            self._settled(group, number)
        else:
            self.port.send(key, Settled(group, number))

    # Timers ---------------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Repeat all requests every BARRIER_REPEAT_S, and end waiters that are too old."""
        now = self.port.now
        if now < self._repeat_at or not self.waiters:
            return
        self._repeat_at = now + BARRIER_REPEAT_S
        self._expire(now - self.port.settings.settle_max_s)
        for group in list(self.waiters):
            self._request(group)

    def _expire(self, before: float) -> None:
        """End the waiters that began before this time, settled or not: a PONG is bounded (P34)."""
        late = {id(w): w for waiters in self.waiters.values() for w in waiters if w.since < before}
        for group in {group: None for waiter in late.values() for group in waiter.remaining}:
            waiting = [w for w in self.waiters[group] if w.since >= before]
            if waiting:
                self.waiters[group] = waiting
            else:
                del self.waiters[group]
        for waiter in late.values():
            self.port.note("settle_failed", next(iter(waiter.remaining)), groups=len(waiter.remaining))
            waiter.done()
