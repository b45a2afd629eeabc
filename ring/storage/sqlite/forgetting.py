"""Drop a store's lines, by age and count or for good, in short transactions with room for other writers between."""

from __future__ import annotations

import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Final

from ring.durations import STORE_SLICE_S
from ring.ids import GroupId
from ring.storage.sqlite.names import INTEGERS, Names, many, named, packed
from ring.storage.sqlite.pages import Pages

SLICE: Final = 256
"""At most this many lines are dropped, and groups looked at, in one transaction."""

_THESE: Final = "SELECT id FROM (VALUES {}) CROSS JOIN groups ON kind = column1 AND name = column2"


class Forgetting:
    """Drop lines. transaction: of the store; within a transaction no line is fresh."""

    def __init__(
        self,
        db: sqlite3.Connection,
        names: Names,
        pages: Pages,
        transaction: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._db = db
        self._names = names
        self._pages = pages
        self._transaction = transaction

    # By age and count -----------------------------------------------------------------------------------------------

    def prune(
        self, kind: str, before: int, keep: int, groups: Sequence[GroupId] | None, skip: Sequence[GroupId]
    ) -> Iterator[int]:
        spared = {grp for part in self._these(kind, skip) for grp in part}
        for part in self._all(kind) if groups is None else self._these(kind, groups):
            left = deque(grp for grp in part if groups is not None or grp not in spared)
            while left:
                with self._transaction():
                    gone = self._slice(left, min(max(before, INTEGERS[0]), INTEGERS[-1]), max(keep, 0))
                yield gone

    def _all(self, kind: str) -> Iterator[list[int]]:
        last = 0
        while True:
            rows = self._db.execute(
                "SELECT id FROM groups WHERE kind = ? AND id > ? ORDER BY id LIMIT ?", (packed(kind), last, SLICE)
            ).fetchall()
            if not rows:
                return
            last = rows[-1][0]
            yield [grp for (grp,) in rows]

    def _these(self, kind: str, groups: Sequence[GroupId]) -> Iterator[list[int]]:
        for start in range(0, len(groups), SLICE):
            part = [named(group) for group in groups[start : start + SLICE] if group.kind == kind]
            yield [grp for (grp,) in many(self._db, _THESE, part)]

    def _slice(self, left: deque[int], before: int, keep: int) -> int:
        """Do some of the work; finished groups leave the queue."""
        gone, until = 0, time.monotonic() + STORE_SLICE_S
        while left and gone < SLICE and time.monotonic() < until:
            gone += self._shorten(left[0], before, keep, SLICE - gone)
            if gone < SLICE:
                left.popleft()
        return gone

    def _shorten(self, grp: int, before: int, keep: int, most: int) -> int:
        count, gone = self._pages.count(grp), 0
        if count > keep:
            gone = self._pages.drop_oldest(grp, min(count - keep, most))
        if gone < most:
            gone += self._pages.drop_dated(grp, before, most - gone)
        if gone == count:
            self._unname(grp)
        return gone

    # For good -------------------------------------------------------------------------------------------------------

    def erase(self, group: GroupId, seqs: Sequence[int] | None) -> Iterator[int]:
        """Overwrite lines in the file (secure_delete); SqliteStore.scrub empties the -wal file."""
        return self._erase_all(group) if seqs is None else self._erase(group, seqs)

    def _erase_all(self, group: GroupId) -> Iterator[int]:
        gone = SLICE
        while gone == SLICE:
            with self._transaction():
                grp = self._number(group)
                gone = self._pages.drop_oldest(grp, SLICE)
                if gone < SLICE:
                    self._unname(grp)
            yield gone

    def _erase(self, group: GroupId, seqs: Sequence[int]) -> Iterator[int]:
        known = [seq for seq in dict.fromkeys(seqs) if seq in INTEGERS]
        for start in range(0, len(known), SLICE):
            with self._transaction():
                gone = self._pages.drop_these(self._number(group), known[start : start + SLICE])
            yield gone

    def _number(self, group: GroupId) -> int:
        """Return the group's number; 0, which no group has, for an unknown group."""
        self._names.find([group])
        return self._names.groups.get(group, 0)

    def _unname(self, grp: int) -> None:
        """Drop the number of a group without lines and replica."""
        self._db.execute("DELETE FROM groups WHERE id = ? AND id NOT IN (SELECT grp FROM copies)", (grp,))
        self._names.clear()
