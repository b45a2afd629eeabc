"""What was deleted is erased from this node's store, too: soon after, and once more after a start."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from ring.groups.copy import Copy
from ring.groups.rounds import Rounds
from ring.ids import GroupId
from ring.store import Store, StoreError

if TYPE_CHECKING:
    from ring.groups.engine import Engine

SOON_S = 1.0
"""What was said before is written by then, and can be found."""

AT_ONCE = 20
"""Lines looked for in one step."""

ALL = 2**62


class Erased(NamedTuple):
    """What was asked for."""

    copy: Copy
    before: int  # Unix ms
    msgids: tuple[str, ...]


class Retaining:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._done: dict[GroupId, Erased] = {}
        self._due: dict[GroupId, float] = {}
        self._rounds = Rounds(self._held)

    def tick(self) -> None:
        if self.engine.journal.on:
            for copy in self._rounds.some(self.engine.now):
                self._look(copy)

    def _held(self) -> list[Copy]:
        engine = self.engine
        copies = [m.copy for m in engine.leading.groups.values()] + [f.copy for f in engine.following.groups.values()]
        held = [copy for copy in copies if copy.journal is not None]
        here = {copy.group for copy in held}
        for group in [group for group in self._done if group not in here]:
            del self._done[group]
        return held

    def _look(self, copy: Copy) -> None:
        before, msgids = copy.kind.erased(copy.state)
        wanted, done = Erased(copy, before, msgids), self._done.get(copy.group)
        if wanted == done or not (before or msgids):
            return
        now = self.engine.now
        if self._due.setdefault(copy.group, now + SOON_S) > now:
            return
        del self._due[copy.group]
        self._done[copy.group] = wanted
        again = done is None or done.copy is not copy
        known = set() if again or done is None else {*done.msgids}
        whole = before if again or done is None or done.before != before else 0
        self._erase(copy, whole, tuple(msgid for msgid in msgids if msgid not in known))

    def _erase(self, copy: Copy, before: int, msgids: tuple[str, ...]) -> None:
        group = copy.group

        def job(store: Store) -> Iterator[int]:
            if before:
                yield from store.prune(group.kind, before + 1, ALL, [group])
            for first in range(0, len(msgids), AT_ONCE):
                found = [store.find(group, msgid) for msgid in msgids[first : first + AT_ONCE]]
                yield from store.erase(group, [line.seq for line in found if line is not None])

        self.engine.work_store(job, self._ended(group))

    def _ended(self, group: GroupId) -> Callable[[int | StoreError], None]:
        def ended(result: int | StoreError) -> None:
            if isinstance(result, StoreError):
                self._done.pop(group, None)  # tried again

        return ended
