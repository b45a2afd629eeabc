"""Erase deleted lines from this node's store, too: soon after the deletion, and once more after a start.

Each group in turn is compared with the last erasure of this life of the node. The files are scrubbed after the lines
are erased.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from ring.durations import SCRUB_AFTER_S, SCRUB_AGAIN_S
from ring.history.erased import NOTHING, Erased
from ring.history.local import forgotten
from ring.ids import GroupId
from ring.replication.port import Port
from ring.replication.replica import Replica
from ring.storage.journal import Journal
from ring.storage.store import Line, Range, Store, StoreError

AT_ONCE: Final = 20
"""Lines looked for by msgid in one step."""
PAGE: Final = 200
"""Lines looked at in one step."""

ALL: Final = 2**62


class Erasure:
    """Compare each replica held here with the erasures done, and erase the rest. `Erasure` alone writes all fields."""

    def __init__(self, port: Port, journal: Journal) -> None:
        self.port = port
        self._journal = journal
        self._scrub_at: float | None = None

    def tick(self) -> None:
        """Scrub the files when the pause is over."""
        port = self.port
        if self._scrub_at is not None and self._scrub_at <= port.now:
            self._scrub_at = None
            port.work_store(_scrub, self._scrubbed)

    def look(self, replica: Replica) -> None:
        """Erase what the replica's state wants erased, and what was not erased yet for this replica."""
        if not self._journal.on or replica.journal is None:
            return
        wanted, done = replica.kind.erased(replica.state), replica.erased
        if wanted != done:
            replica.erased = wanted
            self._erase(replica, wanted, done)

    def _erase(self, replica: Replica, wanted: Erased, done: Erased) -> None:
        group, msgids = replica.group, sorted(wanted.msgids - done.msgids)
        authors = {name: at for name, at in wanted.authors.items() if at > done.authors.get(name, 0)}
        is_theirs = forgotten(replica.kind, Erased(authors=authors))

        def job(store: Store) -> Iterator[int]:
            if wanted.before > done.before:
                yield from store.prune(group.kind, wanted.before + 1, ALL, [group])
            for first in range(0, len(msgids), AT_ONCE):
                found = [store.find(group, msgid) for msgid in msgids[first : first + AT_ONCE]]
                yield from store.erase(group, [line.seq for line in found if line is not None])
            if authors:
                yield from _erase_those(store, group, is_theirs)

        self.port.work_store(job, self._ended(replica))

    def _ended(self, replica: Replica) -> Callable[[int | StoreError], None]:
        def ended(result: int | StoreError) -> None:
            if isinstance(result, StoreError):
                replica.erased = NOTHING  # tried again
                self.port.replicas.looks.soon(replica.group, self.port.now)
            elif self._scrub_at is None:  # even without a line erased: another replica may have voided lines
                self._scrub_at = self.port.now + SCRUB_AFTER_S

        return ended

    def _scrubbed(self, result: int | StoreError) -> None:
        if result == 0 or isinstance(result, StoreError):  # somebody reads: later
            self._scrub_at = self.port.now + SCRUB_AGAIN_S


def _scrub(store: Store) -> Iterator[int]:
    yield int(store.scrub())


def _erase_those(store: Store, group: GroupId, is_theirs: Callable[[Line], bool]) -> Iterator[int]:
    last: int | None = None
    while lines := store.lines(Range(group, last, None, PAGE, False)):
        last = lines[-1].seq
        yield from store.erase(group, [line.seq for line in lines if is_theirs(line)])
        yield 0  # other writers come between two pages
