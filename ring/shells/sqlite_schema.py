"""The tables of a node's store, and how a file of an older version becomes one of this.

A line is first appended to `fresh` and later moved, thousands at a time, to `lines`, which lies in the order of groups:
a batch of 500 lines of 200 groups changes 40 pages instead of 600. `said` is both.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Final

APPLICATION_ID: Final = int.from_bytes(b"Crcl", "big")

Step = Callable[[sqlite3.Connection], None]


class Foreign(Exception):
    """The file is not a store that this program can read: why, and what to do, in words."""


DAMAGED: Final = (
    "is damaged ({}): stop the node, move the file away with its -wal and -shm files, and restore a backup "
    "(circlet backup --help) or start without: other nodes keep what they hold"
)


def _first(db: sqlite3.Connection) -> None:
    """Names, terms and msgids are bytes, for text may hold what SQLite's cannot: lone surrogates."""
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


STEPS: Final[Sequence[Step]] = (_first,)
"""Step n makes a file of version n one of version n + 1. What was released is never changed, only followed."""


def check(db: sqlite3.Connection, steps: Sequence[Step] = STEPS) -> int:
    """The file's version, 0 for an empty one. Raises Foreign."""
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
