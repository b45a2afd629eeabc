"""Catch up after a stop of this node (SIGSTOP, a suspended machine) before anything is called settled (P20).

Theory of operation
===================

While a node was stopped, the other nodes went on without the node: a PONG there says that every *live* follower has all
earlier lines. So a stopped node must not say that anything is settled before the node has caught up. The node asks the
masters of all groups shown to people here for the missing entries, and holds barriers back until each master has
answered. Messages still in the sockets from before the stop are no answer: these messages are as old as the stop.

    caught up   `lacking` is empty: barriers begin at once
    lacking     `lacking` names groups; barriers wait in `_waiting`

    caught up -> lacking   `begin`: the engine has found that the node was stopped
    lacking -> caught up   a master has answered for each group (`Continue` or `Replace`), this node serves the group
                           again, or has dropped the group; at the latest after settle_max_s, with a note

Invariant: while `lacking` is empty, `_waiting` is empty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ring.durations import RETURN_ASK_S
from ring.ids import GroupId
from ring.replication.port import Port
from ring.work import FEW, in_turn


class CatchUp:
    """Keep the groups in which this node has not caught up since the stop, and the barriers that wait."""

    def __init__(self, port: Port) -> None:
        self.port = port
        self.lacking: dict[GroupId, None] = {}
        self._waiting: list[Callable[[], None]] = []
        self._until = 0.0
        self._asked_at = 0.0
        self._in_slices = False  # groups wait for slices to be asked for

    def begin(self) -> None:
        """Ask the masters of all groups shown here: this node was stopped, and has resigned all groups."""
        port = self.port
        self._until = port.now + port.settings.settle_max_s
        for group, f in list(port.replicas.followers.items()):
            if port.me in f.shown.state.subscribers:
                self.lacking[group] = None
        self._ask()

    def _ask(self) -> None:
        """Ask the masters of all groups that are lacking."""
        self._asked_at = self.port.now
        groups = list(self.lacking)
        for group in groups[:FEW]:
            self._ask_for(group)
        if len(groups) > FEW and not self._in_slices:
            self._in_slices = True
            self.port.in_slices(self._ask_late(groups[FEW:]))

    def _ask_late(self, groups: list[GroupId]) -> Iterator[None]:
        yield from in_turn(self.port, groups, self._ask_for)
        self._in_slices = False

    def _ask_for(self, group: GroupId) -> None:
        f = self.port.replicas.followers.get(group)
        if f is not None and group in self.lacking:
            f.tries, f.asked_at = 0, 0.0
            self.port.resync(f)

    def settle_after(self, job: Callable[[], None]) -> None:
        """Do the job once this node has caught up: now, unless the node was stopped a moment ago."""
        if self.lacking:
            self._waiting.append(job)
        else:
            job()

    def caught_up(self, group: GroupId) -> None:
        """Count the group as caught up: this node masters the group, or the group's master has answered."""
        if group in self.lacking:
            del self.lacking[group]
            if not self.lacking:
                self._go_on()

    def _go_on(self) -> None:
        jobs, self._waiting = self._waiting, []
        for job in jobs:
            self.port.run(job)

    def tick(self) -> None:
        """Ask again, or stop waiting after settle_max_s: a PONG is bounded (P34), whatever became of the masters."""
        if self.lacking and self.port.now >= self._until:
            self.port.note("catch_up_failed", next(iter(self.lacking)), groups=len(self.lacking))
            self.lacking.clear()
            self._go_on()
        elif self.lacking and self.port.now - self._asked_at >= RETURN_ASK_S:
            self._ask()  # a Publish would bring the replica up to date, too, but may be as old as the stop
