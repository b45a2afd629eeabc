"""After a stop (SIGSTOP, a suspended machine): what was said meanwhile comes first (P20).

While a node was stopped, its peers went on without the node: a peer's PONG says that every *live* follower has all
earlier lines. So a stopped node must not say that anything is settled before the node has caught up. The node asks the
masters of all groups shown to its people for the missing entries, and holds barriers back until each has answered. Old
messages still in the sockets from before the stop are no answer: the old master's words are as old as the stop.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring.ids import GroupId

if TYPE_CHECKING:
    from ring.engine import Engine


AGAIN_S: Final = 0.5
"""A master that has not answered is asked again: the links of a node that was stopped break, and lose its questions."""


class CatchUp:
    """Groups in which this node has not caught up since its stop, and the barriers that wait for these groups."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.lacking: dict[GroupId, None] = {}
        self._waiting: list[Callable[[], None]] = []
        self._until = 0.0
        self._asked_at = 0.0

    def begin(self) -> None:
        """This node was stopped, and has given up what it mastered: it asks."""
        engine, following = self.engine, self.engine.followers
        self._until = engine.now + engine.settings.settle_max_s
        for group, f in list(following.groups.items()):
            if following.sits(f.shown):
                self.lacking[group] = None
        self._ask()

    def _ask(self) -> None:
        self._asked_at = self.engine.now
        for group in list(self.lacking):
            f = self.engine.followers.groups.get(group)
            if f is not None:
                f.tries, f.asked_at = 0, 0.0
                self.engine.followers.resync(f)

    def settle_after(self, job: Callable[[], None]) -> None:
        """Do the job once this node has caught up: now, unless it was stopped a moment ago."""
        if self.lacking:
            self._waiting.append(job)
        else:
            job()

    def caught_up(self, group: GroupId) -> None:
        """This node masters the group, or its master has told what there is."""
        if group in self.lacking:
            del self.lacking[group]
            if not self.lacking:
                self._go_on()

    def _go_on(self) -> None:
        jobs, self._waiting = self._waiting, []
        for job in jobs:
            self.engine.run(job)

    def tick(self) -> None:
        """A PONG is bounded (P34): masters that are gone are waited for no longer than for any answer."""
        if self.lacking and self.engine.now >= self._until:
            self.engine.note("catch_up_failed", next(iter(self.lacking)), groups=len(self.lacking))
            self.lacking.clear()
            self._go_on()
        elif self.lacking and self.engine.now - self._asked_at >= AGAIN_S:
            self._ask()  # what a master publishes brings the copy up to date, too, but may be as old as the stop
