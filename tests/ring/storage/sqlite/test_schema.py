"""The tables of a store: migration of older files, files after a failed step, and refused files."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from ring.storage.sqlite import schema as sqlite_schema
from ring.storage.sqlite.schema import APPLICATION_ID, STEPS, Foreign, check, migrate
from ring.storage.sqlite.store import SqliteStore
from tests.ring.storage.sqlite.files import refused
from tests.ring.storage.store_contract import ERLANG, batch, line, wanted


def test_a_newer_store_is_refused(used: Path) -> None:
    db = sqlite3.connect(used)
    db.execute(f"PRAGMA user_version = {len(STEPS) + 6}")
    db.close()
    words = refused(used)
    assert f"store version {len(STEPS) + 6}, this program knows {len(STEPS)}" in words and "restore a backup" in words


def test_an_older_store_is_brought_up_to_date(tmp_path: Path) -> None:
    def first(db: sqlite3.Connection) -> None:
        db.execute("CREATE TABLE words (word TEXT)")

    def second(db: sqlite3.Connection) -> None:
        db.execute("ALTER TABLE words ADD COLUMN length INTEGER")
        db.execute("UPDATE words SET length = length(word)")

    db = sqlite3.connect(tmp_path / "old.db", isolation_level=None)
    migrate(db, [first])
    assert check(db, [first]) == 1
    db.execute("INSERT INTO words VALUES ('erlang')")
    migrate(db, [first, second])
    assert db.execute("SELECT * FROM words").fetchall() == [("erlang", 6)] and check(db, [first, second]) == 2
    migrate(db, [first, second])
    with pytest.raises(Foreign):
        check(db, [first])
    db.close()


def test_a_store_of_an_older_version_has_all_of_it_in_this_one(path: Path) -> None:
    path.parent.mkdir()
    db = sqlite3.connect(path, isolation_level=None)
    migrate(db, STEPS[:1])
    db.execute("INSERT INTO groups VALUES (7, x'6368616e6e656c', CAST('#erlang' AS BLOB))")
    db.execute("INSERT INTO terms VALUES (3, CAST('1 5 127.0.0.1' AS BLOB))")
    db.execute("INSERT INTO copies VALUES (7, x'01')")
    said = [line(n, msgid=f"odd-{n}" if n % 50 == 20 else f"x-{n:x}", event=b"said %d" % n) for n in range(220)]
    rows = [(7, one.seq, 3, one.at, one.msgid.encode(), one.event) for one in said]
    db.executemany("INSERT INTO lines VALUES (?, ?, ?, ?, ?, ?)", rows[:150])
    db.executemany("INSERT INTO fresh VALUES (?, ?, ?, ?, ?, ?)", rows[150:200])
    migrate(db, STEPS[:2])
    for part in rows[200:210], rows[210:]:
        page = sqlite_schema._as_page([row[1:] for row in part])
        db.execute("INSERT INTO fresh VALUES (NULL, 7, ?, ?, ?, ?, ?, ?, ?)", page)
    db.close()
    store = SqliteStore(path)
    assert store.lines(wanted()) == said and list(store.replicas()) == [(ERLANG, b"\x01")]
    assert all(store.find(ERLANG, one.msgid) == one for one in said)
    assert store.latest([ERLANG], 0, 100_000, 5) == [(ERLANG, 99_000)]
    store.write([batch(line(220), line(3, event=b"new"))])
    assert [one.event for one in store.lines(wanted(limit=4))] == [b"said 0", b"said 1", b"said 2", b"new"]
    assert sum(store.erase(ERLANG, None)) == 221
    store.close()
    assert b"said 1" not in path.read_bytes()


def test_a_row_of_version_1_that_no_store_writes_is_damage(path: Path) -> None:
    path.parent.mkdir()
    db = sqlite3.connect(path, isolation_level=None)
    migrate(db, STEPS[:1])
    db.execute("INSERT INTO fresh VALUES (1, 1, 1, 1, 'text', x'01')")
    db.close()
    assert "is damaged (it has a row that no store writes)" in refused(path)
    assert sqlite3.connect(path).execute("PRAGMA user_version").fetchone() == (1,)


def test_a_step_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    def first(db: sqlite3.Connection) -> None:
        db.execute("CREATE TABLE words (word TEXT)")

    def broken(db: sqlite3.Connection) -> None:
        db.execute("CREATE TABLE more (word TEXT)")
        db.execute("UPDATE nothing SET word = ''")

    db = sqlite3.connect(tmp_path / "old.db", isolation_level=None)
    with pytest.raises(sqlite3.Error):
        migrate(db, [first, broken])
    db.close()
    db = sqlite3.connect(tmp_path / "old.db", isolation_level=None)
    assert db.execute("PRAGMA user_version").fetchone() == (1,)
    assert db.execute("SELECT name FROM sqlite_master").fetchall() == [("words",)]
    db.close()


def test_a_store_says_what_it_is(used: Path) -> None:
    db = sqlite3.connect(used)
    assert db.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    assert db.execute("PRAGMA user_version").fetchone() == (len(sqlite_schema.STEPS),)
    assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    db.close()
