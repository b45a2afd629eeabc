"""Compare the store's pages of lines with a plain table, which has one row for each line: CPU microseconds a line.

    .venv/bin/python -m contrib.bench.plain [--folder DIR]

The plain table is the simplest that could serve: by group and seq, with one index by time, and without msgids, as a
line's msgid tells the line's seq. Both write the same batches, one batch for each 50 ms, in one thread, and take turns.
"""

from __future__ import annotations

import argparse
import sqlite3
import statistics
import tempfile
import time
from pathlib import Path
from typing import Final

from contrib.bench.store import GROUPS, Talk
from ring.ids import GroupId
from ring.storage.sqlite.file import connect
from ring.storage.sqlite.names import many
from ring.storage.sqlite.store import CACHE_KIB, SqliteStore
from ring.storage.store import Batch

BATCHES: Final = {1_000: 400, 10_000: 200, 100_000: 60}
"""Lines a second -> batches to write."""

ROUNDS: Final = 3

_TABLE: Final = (
    "CREATE TABLE lines (grp INTEGER, seq INTEGER, term INTEGER, at INTEGER, msgid BLOB, event BLOB, "
    "PRIMARY KEY (grp, seq)) WITHOUT ROWID"
)


class PlainTable:
    """Write lines as rows of one table, with the pragmas of the store."""

    def __init__(self, path: Path) -> None:
        path.touch()
        self._db: sqlite3.Connection = connect(path, cache_kib=CACHE_KIB)
        self._groups: dict[GroupId, int] = {}
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.execute(_TABLE)
        self._db.execute("CREATE INDEX lines_at ON lines (grp, at, seq)")

    def write(self, batch: Batch) -> None:
        numbers = self._groups
        rows = [
            (numbers.setdefault(line.group, len(numbers) + 1), line.seq, 1, line.at, None, line.event)
            for line in batch.lines
        ]
        self._db.execute("BEGIN IMMEDIATE")
        many(self._db, "INSERT OR REPLACE INTO lines VALUES {}", rows)
        self._db.execute("COMMIT")

    def close(self) -> None:
        self._db.close()


class PagedStore:
    """Write lines as a node writes lines."""

    def __init__(self, path: Path) -> None:
        self._store = SqliteStore(path)

    def write(self, batch: Batch) -> None:
        self._store.write([batch])
        self._store.tend()

    def close(self) -> None:
        self._store.close()


def measure(keeper: type[PlainTable] | type[PagedStore], folder: Path, rate: int, groups: int) -> float:
    """Return the CPU microseconds for each line."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        store, talk = keeper(Path(place) / "store.db"), Talk(groups, rate)
        batches = [talk.batch(number) for number in range(BATCHES[rate])]
        began = time.process_time()
        for batch in batches:
            store.write(batch)
        used = time.process_time() - began
        store.close()
    return used / (len(batches) * talk.count) * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="on the disk to measure; by default where temporary files lie")
    folder = parser.parse_args().folder
    print(f"{'lines/s':>8} {'groups':>6} {'pages':>8} {'plain':>8}   CPU us/line")  # noqa: T201
    for rate in BATCHES:
        for groups in GROUPS:
            rounds = [[measure(k, folder, rate, groups) for k in (PagedStore, PlainTable)] for _ in range(ROUNDS)]
            pages, plain = (statistics.median(column) for column in zip(*rounds, strict=True))
            print(f"{rate:>8} {groups:>6} {pages:>8.1f} {plain:>8.1f}", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
