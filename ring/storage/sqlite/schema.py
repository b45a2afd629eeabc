"""Make the tables of a node's store, and bring a file of an older version up to date.

Lines lie in pages (pages.py). The lines of a write are first one row of `fresh` (fresh.py). Later, thousands of fresh
lines at a time move to `pages`: so pages are full, and the lines of one write lie together.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, Final

import msgspec

APPLICATION_ID: Final = int.from_bytes(b"Crcl", "big")

Step = Callable[[sqlite3.Connection], None]


class Foreign(Exception):
    """The program cannot read the file as a store. The text says why and what to do."""


DAMAGED: Final = (
    "is damaged ({}): stop the node, move the file away with its -wal and -shm files, and restore a backup "
    "(circlet backup --help) or start without: other nodes keep what they hold"
)


def _first(db: sqlite3.Connection) -> None:
    """Make the first tables. Names, terms and msgids are bytes: text may hold lone surrogates, which SQLite's text
    cannot."""
    for statement in (
        "CREATE TABLE groups (id INTEGER PRIMARY KEY, kind BLOB, name BLOB, UNIQUE (kind, name))",
        "CREATE TABLE terms (id INTEGER PRIMARY KEY, term BLOB UNIQUE)",
        "CREATE TABLE copies (grp INTEGER PRIMARY KEY, copy BLOB)",
        "CREATE TABLE fresh (grp INTEGER, seq INTEGER, term INTEGER, at INTEGER, msgid BLOB, event BLOB)",
        "CREATE INDEX fresh_seq ON fresh (grp, seq)",
        "CREATE TABLE lines (grp INTEGER, seq INTEGER, term INTEGER, at INTEGER, msgid BLOB, event BLOB, "
        "PRIMARY KEY (grp, seq)) WITHOUT ROWID",
        "CREATE INDEX lines_at ON lines (grp, at, seq)",
        "CREATE INDEX lines_msgid ON lines (grp, msgid)",
        "CREATE VIEW said AS SELECT grp, seq, term, at, msgid, event FROM fresh "
        "UNION ALL SELECT grp, seq, term, at, msgid, event FROM lines",
    ):
        db.execute(statement)


def _second(db: sqlite3.Connection) -> None:
    """Move lines to pages: of 13 us of CPU time for writing a line, most went into the row and three index entries."""
    db.execute("INSERT INTO lines SELECT * FROM fresh")
    for statement in ("DROP VIEW said", "DROP TABLE fresh"):
        db.execute(statement)
    for table in ("fresh", "pages"):
        db.execute(
            f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, grp INTEGER, first INTEGER, last INTEGER, low INTEGER, "
            "high INTEGER, count INTEGER, odd INTEGER, lines BLOB)"
        )
    for index in (
        "fresh_seq ON fresh (grp, last)",
        "pages_seq ON pages (grp, last, first, count)",
        "pages_at ON pages (grp, high, low)",
        "pages_odd ON pages (grp) WHERE odd",
    ):
        db.execute(f"CREATE INDEX {index}")
    lines = db.execute("SELECT grp, seq, term, at, msgid, event FROM lines ORDER BY grp, seq")
    for grp, of_group in groupby(lines, key=itemgetter(0)):
        while rows := [line[1:] for line in islice(of_group, 64)]:
            db.execute("INSERT INTO pages VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)", (grp, *_as_page(rows)))
    db.execute("DROP TABLE lines")


def _as_page(rows: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    if [list(map(type, row)) for row in rows] != [[int, int, int, bytes, bytes]] * len(rows):
        raise Foreign(DAMAGED.format("it has a row that no store writes"))
    times = [row[2] for row in rows]
    odd = sum(not row[3].endswith(b"-%x" % row[0]) for row in rows)
    return rows[0][0], rows[-1][0], min(times), max(times), len(rows), odd, msgspec.msgpack.encode(rows)


def _third(db: sqlite3.Connection) -> None:
    """Make one fresh row for each write: one row for each of many groups, indexed, too, cost half as much again."""
    columns = "grp, first, last, low, high, count, odd, lines"
    db.execute(f"INSERT INTO pages ({columns}) SELECT {columns} FROM fresh")
    db.execute("DROP TABLE fresh")
    db.execute("CREATE TABLE fresh (id INTEGER PRIMARY KEY, count INTEGER, lines BLOB)")


STEPS: Final[Sequence[Step]] = (_first, _second, _third)
"""Step n brings a file of version n to version n + 1. A released step is never changed, only followed by new steps."""


def check(db: sqlite3.Connection, steps: Sequence[Step] = STEPS) -> int:
    """Return the file's version, 0 for an empty file. Raises Foreign."""
    application: int = db.execute("PRAGMA application_id").fetchone()[0]
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    used: int = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if application != APPLICATION_ID and (application or version or used):
        raise Foreign("is a file of another program: move it away, or choose another node.state_dir")
    if version > len(steps):
        raise Foreign(
            f"was written by a newer Circlet (store version {version}, this program knows {len(steps)}): start that "
            "one, or restore a backup from before (circlet backup --help)"
        )
    return version


def migrate(db: sqlite3.Connection, steps: Sequence[Step] = STEPS) -> None:
    """Bring the file to this program's version, each step whole or not at all. Raises Foreign, sqlite3.Error."""
    for number in range(check(db, steps), len(steps)):
        db.execute("BEGIN IMMEDIATE")
        steps[number](db)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {number + 1}")
        db.execute("COMMIT")
