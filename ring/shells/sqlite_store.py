"""A node's durable memory in one SQLite file."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from ring.batches import merged
from ring.ids import GroupId
from ring.shells.sqlite_file import BUSY_S, claim, connect, in_words, look_over
from ring.shells.sqlite_forgetting import Forgetting
from ring.shells.sqlite_names import INTEGERS, Names, many, named, odd_row, packed, unpacked
from ring.shells.sqlite_schema import migrate
from ring.store import Batch, Line, Range

CACHE_KIB: Final = 16 * 1024
FRESH_MAX: Final = 4096
"""So many lines are gathered before they are moved to their group's place (sqlite_schema)."""

CHECKPOINT_PAGES: Final = 4096
JOURNAL_BYTES: Final = 64 * 1024 * 1024
"""What is left of a -wal file that grew beside a long backup."""

_PAGE: Final = 256
_GROUP: Final = "(SELECT id FROM groups WHERE kind = ? AND name = ?)"
_COLUMNS: Final = "seq, term, at, msgid, event"
_SAID: Final = f"SELECT {_COLUMNS} FROM said WHERE grp = {_GROUP}"
_FIND: Final = (  # left alone SQLite would look through all lines of the group
    f"SELECT {_COLUMNS} FROM fresh WHERE grp = {_GROUP} AND msgid = ? "
    f"UNION ALL SELECT {_COLUMNS} FROM lines INDEXED BY lines_msgid WHERE grp = {_GROUP} AND msgid = ?"
)


class SqliteStore:
    """ring.store.Store. Opening makes the file, or brings an older one up to date; raises StoreError.

    reading: beside the node's own, in the same process, for reads only, with a view of its own of what is committed.
    """

    def __init__(self, path: Path, *, reading: bool = False) -> None:
        self._path = path
        self._reading = reading
        self._lock = -1
        self._fresh = 0
        with in_words(path):
            if not reading:
                self._lock = claim(path)
            try:
                self._db = self._open()
            except BaseException:
                self._unlock()
                raise
        self._names = Names(self._db)
        self._forgetting = Forgetting(self._db, self._names, self._transaction)

    def _open(self) -> sqlite3.Connection:
        db = connect(self._path, cache_kib=CACHE_KIB)
        try:
            if self._reading:
                db.execute("PRAGMA query_only = ON")
                return db
            look_over(db)
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA secure_delete = ON")  # what was erased is not left in the file
            db.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
            db.execute(f"PRAGMA journal_size_limit = {JOURNAL_BYTES}")
            migrate(db)
            self._fresh = db.execute("SELECT count(*) FROM fresh").fetchone()[0]
        except BaseException:
            db.close()
            raise
        return db

    def close(self) -> None:
        try:
            with in_words(self._path):
                self._db.close()
        finally:
            self._unlock()

    def _unlock(self) -> None:
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    # Writing --------------------------------------------------------------------------------------------------------

    def write(self, batches: Sequence[Batch]) -> None:
        if not batches:
            return
        batch = merged(batches)
        with self._transaction(settled=bool(batch.ends)):
            self._cut(batch.ends)
            self._add([line for line in batch.lines if line.seq in INTEGERS and line.at in INTEGERS])
            self._keep(batch.copies)
            if self._fresh >= FRESH_MAX:
                self._settle()

    @contextmanager
    def _transaction(self, settled: bool = True) -> Iterator[None]:
        """All that happens within, or nothing. settled: no line is fresh when it begins."""
        fresh = self._fresh
        try:
            with in_words(self._path):
                self._db.execute("BEGIN IMMEDIATE")
                if settled:
                    self._settle()
                yield
                self._db.execute("COMMIT")
        except BaseException:
            self._fresh = fresh
            self._names.clear()
            with suppress(sqlite3.Error):
                self._db.rollback()
            raise

    def _settle(self) -> None:
        """Move the fresh lines to their groups' place."""
        if self._fresh:
            self._db.execute("INSERT INTO lines SELECT * FROM fresh ORDER BY grp, seq")
            self._db.execute("DELETE FROM fresh")
            self._fresh = 0

    def _cut(self, ends: dict[GroupId, int]) -> None:
        """The lines after these positions are void. Nothing is fresh."""
        groups, tops = self._names.groups, self._names.tops
        self._names.find(ends.keys())
        for group, end in ends.items():
            if (grp := groups.get(group)) is not None and end < tops[grp]:
                self._db.execute("DELETE FROM lines WHERE grp = ? AND seq >= ?", (grp, max(end + 1, INTEGERS[0])))
                tops[grp] = end

    def _add(self, lines: Sequence[Line]) -> None:
        self._names.meet({line.group for line in lines})
        self._names.meet_terms({line.term for line in lines})
        groups, tops, terms = self._names.groups, self._names.tops, self._names.terms
        rows: list[tuple[Any, ...]] = []
        again: list[tuple[Any, ...]] = []
        for line in lines:
            grp = groups[line.group]
            row = (grp, line.seq, terms[line.term], line.at, packed(line.msgid), line.event)
            if line.seq > tops[grp]:
                tops[grp] = line.seq
                rows.append(row)
            else:  # there may be one already
                again.append(row)
        if again:
            self._settle()
            many(self._db, "INSERT OR REPLACE INTO lines VALUES {}", again)
        many(self._db, "INSERT INTO fresh VALUES {}", rows)
        self._fresh += len(rows)

    def _keep(self, copies: dict[GroupId, bytes | None]) -> None:
        groups = self._names.groups
        kept = {group: copy for group, copy in copies.items() if copy is not None}
        self._names.meet(kept.keys())
        many(self._db, "INSERT OR REPLACE INTO copies VALUES {}", [(groups[g], copy) for g, copy in kept.items()])
        gone = copies.keys() - kept.keys()
        self._names.find(gone)
        rows = [(groups[group],) for group in gone if group in groups]
        many(self._db, "DELETE FROM copies WHERE grp IN (VALUES {})", rows)

    # Reading --------------------------------------------------------------------------------------------------------

    def copies(self) -> Iterator[tuple[GroupId, bytes]]:
        last = 0
        rows: list[Any] = [None]
        while rows:
            with in_words(self._path):
                rows = self._db.execute(
                    "SELECT id, kind, name, copy FROM copies JOIN groups ON id = grp WHERE id > ? ORDER BY id LIMIT ?",
                    (last, _PAGE),
                ).fetchall()
                last = rows[-1][0] if rows else 0
                found = [(GroupId(unpacked(kind), unpacked(name)), copy) for _, kind, name, copy in rows]
                if not all(isinstance(copy, bytes) for _, copy in found):
                    raise odd_row()
            yield from found

    def lines(self, wanted: Range) -> list[Line]:
        low, high = _bounds(wanted.after, wanted.before)
        direction = "DESC" if wanted.newest else "ASC"
        order = f"seq {direction}" if wanted.by == "seq" else f"at {direction}, seq {direction}"
        found = self._fetch(
            wanted.group,
            f"{_SAID} AND {wanted.by} BETWEEN ? AND ? ORDER BY {order} LIMIT ?",
            (*named(wanted.group), low, high, min(max(wanted.limit, 0), INTEGERS[-1])),
        )
        return sorted(found, key=lambda line: line.seq)

    def find(self, group: GroupId, msgid: str) -> Line | None:
        found = self._fetch(group, _FIND, (*named(group), packed(msgid)) * 2)
        return max(found, key=lambda line: line.seq, default=None)

    def _fetch(self, group: GroupId, query: str, values: tuple[Any, ...]) -> list[Line]:
        with in_words(self._path):
            return [self._line(group, *row) for row in self._db.execute(query, values).fetchall()]

    def _line(self, group: GroupId, seq: object, term: object, at: object, msgid: object, event: object) -> Line:
        if isinstance(seq, int) and isinstance(term, int) and isinstance(at, int) and isinstance(event, bytes):
            return Line(group, self._names.term(term), seq, at, unpacked(msgid), event)
        raise odd_row()

    def latest(self, groups: Sequence[GroupId], after: int, before: int, limit: int) -> list[tuple[GroupId, int]]:
        bounds = _bounds(after, before)
        found = []
        with in_words(self._path):
            for group in dict.fromkeys(groups):
                row = self._db.execute(
                    f"SELECT at FROM said WHERE grp = {_GROUP} AND at BETWEEN ? AND ? ORDER BY at DESC LIMIT 1",
                    (*named(group), *bounds),
                ).fetchone()
                if row is not None:
                    found.append((row[0], group))
        return [(group, at) for at, group in sorted(found)[: max(limit, 0)]]

    # Forgetting -----------------------------------------------------------------------------------------------------

    def prune(
        self, kind: str, before: int, keep: int, groups: Sequence[GroupId] | None = None, skip: Sequence[GroupId] = ()
    ) -> Iterator[int]:
        with in_words(self._path):
            yield from self._forgetting.prune(kind, before, keep, groups, skip)

    def erase(self, group: GroupId, seqs: Sequence[int] | None) -> Iterator[int]:
        with in_words(self._path):
            yield from self._forgetting.erase(group, seqs)

    def scrub(self) -> bool:
        """In the file it is overwritten (secure_delete); the -wal file has it until that is emptied."""
        with in_words(self._path):
            self._db.execute("PRAGMA busy_timeout = 0")
            try:
                busy: int = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            finally:
                self._db.execute(f"PRAGMA busy_timeout = {BUSY_S * 1000:.0f}")
        return not busy


def _bounds(after: int | None, before: int | None) -> tuple[int, int]:
    """Exclusive bounds as inclusive ones that SQLite can take; the first is the greater if nothing lies between."""
    low = INTEGERS[0] if after is None else max(after + 1, INTEGERS[0])
    high = INTEGERS[-1] if before is None else min(before - 1, INTEGERS[-1])
    return (low, high) if low <= high else (1, 0)
