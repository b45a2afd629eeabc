"""Keep what one directory says of the network."""

from __future__ import annotations

from ring.membership.directory.datagrams import Page
from ring.roster import MAX_NODES, NodeRecord, is_sane


class Book:
    """Keep one directory's list, brought up to date page by page.

    `dropped` and `departed` hold the nodes that the directory had and let go. The directory never heard of a node
    outside of both and of the list. A directory that was started anew has forgotten all nodes: until the directory was
    up for a lease, no node counts as dropped. Nor does any node while the list is older than the directory's last
    answer: a new node is not in the list yet (P18).
    """

    def __init__(self) -> None:
        self.entries: dict[str, NodeRecord] = {}
        self.kept: dict[str, NodeRecord] = {}  # listed in the directory's earlier life, while it rebuilds
        self.dropped: dict[str, int] = {}  # ring key -> incarnation with a lease that ran out
        self.departed: dict[str, int] = {}  # ring key -> incarnation that said goodbye
        self.reachable = False
        self.rebuilding = True
        self.complete = False  # a whole list has come since the directory started
        self.current = False  # the list is as new as the directory's last answer
        self.position = 0  # version of `entries`, or of the list under way
        self._arriving: dict[str, NodeRecord] | None = None

    @property
    def vouches(self) -> bool:
        """Tell whether a node's absence from this list means anything."""
        return self.reachable and self.complete and self.current and not self.rebuilding

    def lost(self) -> None:
        """Note that the directory answers no more: the directory's list may change, and this list does not."""
        self.reachable = self.current = False

    def restart(self) -> None:
        """Note that the directory was started anew."""
        self.position, self.complete, self.current = 0, False, False
        self.rebuilding, self._arriving = True, None

    def granted(self, version: int, *, rebuilding: bool) -> None:
        """Note a granted lease. version: of the directory's list now."""
        self.rebuilding, self.current = rebuilding, self.position == version
        self._settle()

    def take(self, page: Page) -> bool:
        """Apply a page. Returns whether the page brought the list forward."""
        if page.since == 0:
            self._arriving = {}
        elif page.since != self.position:
            return False
        if page.upto <= page.since:
            return False
        target = self.entries if self._arriving is None else self._arriving
        for record in page.records:
            if is_sane(record) and (record.key in target or len(target) < MAX_NODES):
                target[record.key] = record
                self.dropped.pop(record.key, None)
        for key, incarnation, departed in page.removed:
            self._remove(target, key, incarnation, departed=departed)
        self.position, self.current = page.upto, page.upto >= page.version
        if self.current:
            self._completed()
        return True

    def _remove(self, target: dict[str, NodeRecord], key: str, incarnation: int, *, departed: bool) -> None:
        for listed in (target, self.kept):
            if key in listed and listed[key].incarnation <= incarnation:
                del listed[key]
        memory = self.departed if departed else self.dropped
        if key in memory or len(memory) < MAX_NODES:
            memory[key] = max(incarnation, memory.get(key, 0))

    def _completed(self) -> None:
        if self._arriving is not None:
            self.kept |= self.entries
            self.entries, self._arriving = self._arriving, None
        self.complete = True
        self._settle()

    def _settle(self) -> None:
        """Count as dropped the kept nodes that a rebuilt directory does not list: the nodes had time to announce."""
        if not (self.complete and self.current) or self.rebuilding:
            return
        for key, record in self.kept.items():
            if key not in self.entries:
                self.dropped[key] = record.incarnation
        self.kept = {}
