"""Copy a store as of one moment; the node may be running meanwhile."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from ring.storage.sqlite.file import connect, in_words
from ring.storage.sqlite.schema import DAMAGED, Foreign, check
from ring.storage.store import StoreError

_CACHE_KIB = 1024
_OF_THE_COPY = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY)


def backup(store: Path, copy: Path) -> int:
    """Write the copy, whole or not at all, with no rights for other users. Returns the copy's bytes. Raises
    StoreError."""
    with in_words(store):
        found = store.is_file()
    if not found:
        raise StoreError(f"{store}: there is no store: this node has not run yet, or node.state_dir is another")
    if os.path.lexists(copy):
        raise StoreError(f"{copy}: is there already, and is not overwritten: choose another name")
    try:
        number, name = tempfile.mkstemp(dir=copy.parent, prefix=f"{copy.name}.")  # mode 0600
        os.close(number)
        draft = Path(name)
        try:
            _copy(store, draft, copy)
            _sync(draft)
            draft.rename(copy)
            _sync(copy.parent)
        except BaseException:
            for end in ("", "-journal", "-wal", "-shm"):
                Path(f"{draft}{end}").unlink(missing_ok=True)
            raise
        return copy.stat().st_size
    except OSError as problem:
        raise StoreError(_refused(copy, problem.strerror or problem)) from problem


def _refused(copy: Path, why: object) -> str:
    return f"{copy}: cannot be written ({why}): choose another place, or make room"


def _copy(store: Path, draft: Path, copy: Path) -> None:
    """Copy in a single step, with the view of a single reader: lines written meanwhile wait in the -wal file."""
    with in_words(store), closing(connect(store, cache_kib=_CACHE_KIB)) as source:
        check(source)
        with closing(sqlite3.connect(draft)) as target:
            try:
                source.backup(target)
            except sqlite3.Error as problem:
                if getattr(problem, "sqlite_errorcode", 0) & 0xFF not in _OF_THE_COPY:
                    raise
                raise StoreError(_refused(copy, problem)) from problem
            found = target.execute("PRAGMA quick_check(1)").fetchone()[0]
            if found != "ok":
                raise Foreign(DAMAGED.format(" ".join(found.split())))


def _sync(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
