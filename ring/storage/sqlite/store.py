"""Keep a node's durable memory in one SQLite file."""

from __future__ import annotations

import os
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from ring.batches import size
from ring.durations import SCRUB_PATIENCE_S, STORE_BUSY_S
from ring.ids import GroupId
from ring.storage.sqlite.file import claim, connect, in_words, look_over
from ring.storage.sqlite.forgetting import Forgetting
from ring.storage.sqlite.fresh import Fresh
from ring.storage.sqlite.names import INTEGERS, NOTHING, Names, many, named, odd_row, packed, unpacked
from ring.storage.sqlite.pages import Pages
from ring.storage.sqlite.rows import Row
from ring.storage.sqlite.schema import migrate
from ring.storage.store import Batch, Line, Range

CACHE_KIB: Final = 16 * 1024
FRESH_MAX: Final = 4096
"""Fresh lines are moved to pages once there are this many (schema.py)."""

CHECKPOINT_BYTES: Final = 4 * 1024 * 1024
TRANSACTION_BYTES: Final = 32 * 1024
"""A checkpoint brings the -wal file into the main file after about CHECKPOINT_BYTES. TRANSACTION_BYTES count for each
transaction, beside the bytes of the batches."""

CHECKPOINT_PAGES: Final = 4096
"""With more pages in the -wal file, SQLite makes a checkpoint by itself, within a write."""

JOURNAL_BYTES: Final = 64 * 1024 * 1024
"""Size to which a -wal file is cut that grew beside a long backup."""

_PAGE: Final = 256
_LEAST, _MOST = INTEGERS[0], INTEGERS[-1]
_GROUP: Final = "SELECT id FROM groups WHERE kind = ? AND name = ?"


class SqliteStore:
    """Implement ring.storage.store.Store. Opening makes the file, or brings an older file up to date; raises
    StoreError.

    reading: open for reads only, beside the node's own store in the same process, with a separate view of committed
    data.
    """

    def __init__(self, path: Path, *, reading: bool = False) -> None:
        self._path = path
        self._reading = reading
        self._lock = -1
        self._logged = 0  # bytes, about, since the last checkpoint
        with in_words(path):
            if not reading:
                self._lock = claim(path)
            try:
                self._db = self._open()
                self._fresh = Fresh(self._db)
            except BaseException:
                self._unlock()
                raise
        self._names = Names(self._db, self._fresh)
        self._pages = Pages(self._db, self._fresh)
        self._forgetting = Forgetting(self._db, self._names, self._pages, self._transaction)

    def _open(self) -> sqlite3.Connection:
        db = connect(self._path, cache_kib=CACHE_KIB)
        try:
            if self._reading:
                db.execute("PRAGMA query_only = ON")
                return db
            look_over(db)
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA secure_delete = ON")  # erased data is not left in the file
            db.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
            db.execute(f"PRAGMA journal_size_limit = {JOURNAL_BYTES}")
            migrate(db)
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
        lines: list[Line] = []
        replicas: dict[GroupId, bytes | None] = {}
        with self._transaction(settled=False):
            for batch in batches:
                if batch.ends:
                    self._add(lines)
                    lines = []
                    self._cut(batch.ends)
                lines += batch.lines
                replicas |= batch.replicas
            self._add(lines)
            self._keep(replicas)
            if self._fresh.count >= 2 * FRESH_MAX:  # tending has failed without a word
                self._settle()
        self._logged += sum(map(size, batches))

    def tend(self) -> None:
        if self._fresh.count >= FRESH_MAX:
            with self._transaction():
                pass
        if self._logged >= CHECKPOINT_BYTES:
            self._logged = 0
            with in_words(self._path):
                self._db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    @contextmanager
    def _transaction(self, settled: bool = True) -> Iterator[None]:
        """Do all changes within, or none. settled: move fresh lines to pages first."""
        fresh = self._fresh.count
        try:
            with in_words(self._path):
                self._db.execute("BEGIN IMMEDIATE")
                if settled:
                    self._settle()
                yield
                self._db.execute("COMMIT")
                self._logged += TRANSACTION_BYTES
        except BaseException:
            self._fresh.count = fresh
            self._fresh.forget()
            self._names.clear()
            with suppress(sqlite3.Error):
                self._db.rollback()
            raise

    def _settle(self) -> None:
        """Move the fresh lines to pages."""
        if self._fresh.count:
            self._pages.settle()

    def _cut(self, ends: dict[GroupId, int]) -> None:
        """Drop the lines after these positions."""
        self._settle()
        groups, tops = self._names.groups, self._names.tops
        self._names.find(ends.keys())
        for group, end in ends.items():
            if (grp := groups.get(group)) is not None and end < tops[grp]:
                self._pages.cut(grp, max(end + 1, INTEGERS[0]))
                tops[grp] = end

    def _add(self, lines: Sequence[Line]) -> None:
        self._names.meet({line.group for line in lines})
        self._names.meet_terms({line.term for line in lines})
        groups, tops, terms = self._names.groups, self._names.tops, self._names.terms
        new: defaultdict[int, list[Row]] = defaultdict(list)
        again: defaultdict[int, list[Row]] = defaultdict(list)
        for line in lines:
            if not (_LEAST <= line.seq <= _MOST and _LEAST <= line.at <= _MOST):
                continue
            grp = groups[line.group]
            row = Row(line.seq, terms[line.term], line.at, packed(line.msgid), line.event)
            if line.seq > tops[grp]:
                tops[grp] = line.seq
                new[grp].append(row)
            else:  # there may be a line already
                again[grp].append(row)
        if new:
            self._fresh.add(new)
        if again:
            self._settle()
            for grp, rows in again.items():
                self._pages.put(grp, rows)

    def _keep(self, replicas: dict[GroupId, bytes | None]) -> None:
        groups = self._names.groups
        kept = {group: replica for group, replica in replicas.items() if replica is not None}
        self._names.meet(kept.keys())
        many(self._db, "INSERT OR REPLACE INTO copies VALUES {}", [(groups[g], replica) for g, replica in kept.items()])
        gone = replicas.keys() - kept.keys()
        self._names.find(gone)
        rows = [(groups[group],) for group in gone if group in groups]
        many(self._db, "DELETE FROM copies WHERE grp IN (VALUES {})", rows)
        self._names.drop([group for group in gone if group in groups and self._names.tops[groups[group]] == NOTHING])

    # Reading --------------------------------------------------------------------------------------------------------

    def replicas(self) -> Iterator[tuple[GroupId, bytes]]:
        last = 0
        rows: list[Any] = [None]
        while rows:
            with in_words(self._path):
                rows = self._db.execute(
                    "SELECT id, kind, name, copy FROM copies JOIN groups ON id = grp WHERE id > ? ORDER BY id LIMIT ?",
                    (last, _PAGE),
                ).fetchall()
                last = rows[-1][0] if rows else 0
                found = [(GroupId(unpacked(kind), unpacked(name)), replica) for _, kind, name, replica in rows]
                if not all(isinstance(replica, bytes) for _, replica in found):
                    raise odd_row()
            yield from found

    def lines(self, wanted: Range) -> list[Line]:
        bounds, limit = _bounds(wanted.after, wanted.before), max(wanted.limit, 0)
        with self._view():
            grp = self._number(wanted.group)
            rows = self._pages.between(grp, wanted.by, *bounds, limit, wanted.newest)
            return sorted((self._line(wanted.group, row) for row in rows), key=lambda line: line.seq)

    def find(self, group: GroupId, msgid: str) -> Line | None:
        with self._view():
            row = self._pages.find(self._number(group), packed(msgid))
            return None if row is None else self._line(group, row)

    def newest(self, groups: Sequence[GroupId]) -> dict[GroupId, Line]:
        found: dict[GroupId, Line] = {}
        with self._view():
            for group in groups:
                for row in self._pages.between(self._number(group), "seq", *_bounds(None, None), 1, True):
                    found[group] = self._line(group, row)
        return found

    def latest(self, groups: Sequence[GroupId], after: int, before: int, limit: int) -> list[tuple[GroupId, int]]:
        bounds, found = _bounds(after, before), []
        with self._view():
            for group in dict.fromkeys(groups):
                rows = self._pages.between(self._number(group), "at", *bounds, 1, True)
                found += [(row.at, group) for row in rows]
        return [(group, at) for at, group in sorted(found)[: max(limit, 0)]]

    @contextmanager
    def _view(self) -> Iterator[None]:
        """Read everything within as of one moment."""
        with in_words(self._path):
            self._db.execute("BEGIN")
            try:
                yield
            finally:
                if self._db.in_transaction:  # damage may have ended the transaction
                    self._db.execute("COMMIT")

    def _number(self, group: GroupId) -> int:
        """Return the group's number; 0, which no group has, for an unknown group."""
        row = self._db.execute(_GROUP, named(group)).fetchone()
        return 0 if row is None else row[0]

    def _line(self, group: GroupId, row: Row) -> Line:
        return Line(group, self._names.term(row.term), row.seq, row.at, unpacked(row.msgid), row.event)

    # Forgetting -----------------------------------------------------------------------------------------------------

    def prune(
        self, kind: str, before: int, keep: int, groups: Sequence[GroupId] | None = None, skip: Sequence[GroupId] = ()
    ) -> Iterator[int]:
        with in_words(self._path):
            yield from self._forgetting.prune(kind, before, keep, groups, skip)

    def size(self) -> int:
        with in_words(self._path):
            pages, free, each = (
                self._db.execute(f"PRAGMA {fact}").fetchone()[0]
                for fact in ("page_count", "freelist_count", "page_size")
            )
        return int((pages - free) * each)

    def oldest(self) -> int | None:
        with in_words(self._path):
            placed: int | None = self._db.execute("SELECT min(low) FROM pages").fetchone()[0]
            fresh = [min(row.at for row in rows) for rows in self._fresh.read().values() if rows]
        return min([*fresh, *([placed] if placed is not None else [])], default=None)

    def erase(self, group: GroupId, seqs: Sequence[int] | None) -> Iterator[int]:
        with in_words(self._path):
            yield from self._forgetting.erase(group, seqs)

    def scrub(self) -> bool:
        """Empty the -wal file, which still has erased lines: in the main file they are overwritten (secure_delete)."""
        with in_words(self._path):
            self._db.execute(f"PRAGMA busy_timeout = {SCRUB_PATIENCE_S * 1000:.0f}")
            try:
                busy: int = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            finally:
                self._db.execute(f"PRAGMA busy_timeout = {STORE_BUSY_S * 1000:.0f}")
        return not busy


def _bounds(after: int | None, before: int | None) -> tuple[int, int]:
    """Make exclusive bounds inclusive, within SQLite's integers; the first is the greater if nothing lies between."""
    low = INTEGERS[0] if after is None else max(after + 1, INTEGERS[0])
    high = INTEGERS[-1] if before is None else min(before - 1, INTEGERS[-1])
    return (low, high) if low <= high else (1, 0)
