"""Make, lock, check and open the file of a node's store, and say problems in words."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ring.durations import STORE_BUSY_S, STORE_CHECK_S
from ring.storage.sqlite.schema import DAMAGED, Foreign, check
from ring.storage.store import StoreError

STORE: Final = "circlet.db"
"""Name of the file in node.state_dir."""

_WORDS: Final = {
    sqlite3.SQLITE_FULL: "the disk is full: make room on it",
    sqlite3.SQLITE_READONLY: "is read-only: let the node's user write to the file, its folder and its disk",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened: let the node's user read and write the file and its folder",
    sqlite3.SQLITE_PERM: "cannot be opened: let the node's user read and write the file and its folder",
    sqlite3.SQLITE_IOERR: "the disk fails ({}): look at the system's log, and mend the disk",
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_NOTADB: DAMAGED,
    sqlite3.SQLITE_BUSY: "another process keeps it locked: end that one",
    sqlite3.SQLITE_LOCKED: "another process keeps it locked: end that one",
}


@contextmanager
def in_words(path: Path) -> Iterator[None]:
    """Turn problems with the store at `path` into a StoreError."""
    try:
        yield
    except sqlite3.Error as problem:
        text = _WORDS.get(getattr(problem, "sqlite_errorcode", 0) & 0xFF, "cannot be used ({})")
        raise StoreError(f"{path}: {text.format(problem)}") from problem
    except Foreign as problem:
        raise StoreError(f"{path}: {problem}") from problem
    except OSError as problem:
        why = problem.strerror or problem
        raise StoreError(f"{path}: cannot be used ({why}): choose a node.state_dir that can be written") from problem


def claim(path: Path) -> int:
    """Make the file if the file is missing, and keep other processes away.

    The file is readable for the node's user alone, because of the password hashes in the file. Returns a descriptor
    that holds the lock until closed. Raises OSError, StoreError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(path.with_name(path.name + "-lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not path.exists():
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        for file in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
            if file.exists() and file.stat().st_mode & 0o077:  # restored with a plain cp
                file.chmod(0o600)
    except BlockingIOError as problem:
        os.close(lock)
        raise StoreError(
            f"{path}: another process uses it: end that one, or give this node a folder of its own (node.state_dir)"
        ) from problem
    except BaseException:
        os.close(lock)
        raise
    return lock


def connect(path: Path, *, cache_kib: int) -> sqlite3.Connection:
    """Connect to the file, which must exist; any thread may use the connection, but only one at a time. Raises
    sqlite3.Error."""
    db = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=STORE_BUSY_S,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=512,
    )
    db.execute(f"PRAGMA cache_size = -{cache_kib}")
    db.execute("PRAGMA temp_store = MEMORY")
    return db


def look_over(db: sqlite3.Connection) -> None:
    """Look for damage, for STORE_CHECK_S at most. Raises Foreign, sqlite3.Error."""
    check(db)
    late = threading.Event()

    def enough() -> None:
        late.set()
        db.interrupt()

    timer = threading.Timer(STORE_CHECK_S, enough)
    timer.start()
    try:
        found = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.OperationalError:
        if not late.is_set():
            raise
        return
    finally:
        timer.cancel()
        timer.join()
    if found != "ok" and not late.is_set():  # an interrupted check reports the unread part as lost
        raise Foreign(DAMAGED.format(" ".join(found.split())))
