"""The tables of a store in memory, and each part over them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from ring.storage.sqlite.fresh import Fresh
from ring.storage.sqlite.names import Names
from ring.storage.sqlite.pages import Pages
from ring.storage.sqlite.rows import Row
from ring.storage.sqlite.schema import migrate


class Tables:
    """A database with a store's tables, and the parts that a store is made of."""

    def __init__(self) -> None:
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        migrate(self.db)
        self.fresh = Fresh(self.db)
        self.names = Names(self.db, self.fresh)
        self.pages = Pages(self.db, self.fresh)
        self.transactions = 0

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.transactions += 1
        self.db.execute("BEGIN")
        self.pages.settle()
        yield
        self.db.execute("COMMIT")

    def count(self, table: str) -> int:
        found: int = self.db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        return found


def row(seq: int, *, at: int | None = None, msgid: bytes | None = None, event: bytes = b"hi") -> Row:
    return Row(seq, 1, 10 * seq if at is None else at, b"x-%x" % seq if msgid is None else msgid, event)


def rows(*seqs: int) -> list[Row]:
    return [row(seq) for seq in seqs]
