"""Keep a node's roster: the union of the directories' lists, the newest incarnation first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ring.durations import UNHEARD_NODE_S
from ring.membership.directory.book import Book
from ring.roster import MAX_NODES, NodeRecord, newer


class RosterChanged(NamedTuple):
    """Tell the news of the network, the own node left out."""

    added: tuple[NodeRecord, ...]
    changed: tuple[NodeRecord, ...]
    removed: tuple[NodeRecord, ...]  # every node that left
    departed: frozenset[str]  # ring keys of nodes that said goodbye; the others are only no longer listed


class View:
    """Keep the known nodes, at most MAX_NODES: further nodes are left out until a node goes.

    A node leaves after a departure. A node that no reachable directory lists leaves if a vouching directory dropped the
    node, if all directories vouch, or after UNHEARD_NODE_S. Without a vouching directory no such node leaves
    (Directories may die)."""

    def __init__(self, own: str, cached: Iterable[NodeRecord] = ()) -> None:
        """own: the node's own ring key. cached: the saved roster."""
        self.own = own
        self.records = {record.key: record for record in cached if record.key != own}
        self._departed: dict[str, int] = {}  # ring key -> incarnation that said goodbye, though still listed
        self._unheard: dict[str, float] = {}  # ring key -> since when unlisted by reachable directories

    @property
    def waiting(self) -> bool:
        """Tell whether time alone may change the view."""
        return bool(self._unheard)

    def update(self, books: Sequence[Book], now: float) -> RosterChanged | None:
        """Compare the books with the view. Returns the news; None without news."""
        for book in books:
            for key, incarnation in book.departed.items():
                self._departed[key] = max(incarnation, self._departed.get(key, -1))
        listed = self._listed(books)
        departed, removed = self._leave(books, listed, now)
        added, changed = [], []
        for key, record in listed.items():
            known = self.records.get(key)
            if known is None and len(self.records) < MAX_NODES:
                added.append(record)
            elif known is not None and newer(record, known):
                changed.append(record)
            else:
                continue
            self.records[key] = record
        self._prune(books)
        if not (added or changed or removed):
            return None
        return RosterChanged(tuple(added), tuple(changed), tuple(removed), departed)

    def _listed(self, books: Sequence[Book]) -> dict[str, NodeRecord]:
        """Return the newest record of each node in the lists of the reachable directories, without the departed
        nodes."""
        best: dict[str, NodeRecord] = {}
        for book in books:
            for listed in (book.kept, book.entries) if book.reachable else ():
                for key, record in listed.items():
                    if key == self.own or record.incarnation <= self._departed.get(key, -1):
                        continue
                    if key not in best or newer(record, best[key]):
                        best[key] = record
        return best

    def _leave(
        self, books: Sequence[Book], listed: dict[str, NodeRecord], now: float
    ) -> tuple[frozenset[str], list[NodeRecord]]:
        vouching = [book for book in books if book.vouches]
        departed, removed = set(), []
        for key, record in list(self.records.items()):
            incarnation = record.incarnation
            if key in listed and listed[key].incarnation >= incarnation:
                self._unheard.pop(key, None)
                continue
            if self._departed.get(key, -1) >= incarnation:
                departed.add(key)
            elif not vouching or not (
                any(book.dropped.get(key, -1) >= incarnation for book in vouching)
                or len(vouching) == len(books)
                or now - self._unheard.setdefault(key, now) >= UNHEARD_NODE_S
            ):
                continue
            removed.append(record)
            del self.records[key]
            self._unheard.pop(key, None)
        return frozenset(departed), removed

    def _prune(self, books: Sequence[Book]) -> None:
        """Drop the memory of nodes that no book could bring back."""
        for book in books:
            book.dropped = {key: number for key, number in book.dropped.items() if key in self.records}
            book.departed = {}
        lists = [listed for book in books for listed in (book.entries, book.kept)]
        self._departed = {
            key: number
            for key, number in self._departed.items()
            if any(key in listed and listed[key].incarnation <= number for listed in lists)
        }
