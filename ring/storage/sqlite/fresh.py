"""Keep lines not yet moved to pages (schema.py): one row for all lines of a write, as each row is costly."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from ring.storage.sqlite.rows import Row, decoded

_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(dict[int, list[Row]]).decode


class Fresh:
    """Keep the fresh lines. count: the number of fresh lines, except in a store opened for reading."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._id, self.count = db.execute("SELECT ifnull(max(id), 0), ifnull(sum(count), 0) FROM fresh").fetchone()
        self._first = self._last = 0  # ids of the rows read
        self._lines: defaultdict[int, list[Row]] = defaultdict(list)

    def add(self, said: Mapping[int, Sequence[Row]]) -> None:
        """Add new lines of these groups, by seq. An id is never given twice, so a reader knows the rows read before."""
        count = sum(map(len, said.values()))
        self._id += 1
        self.count += count
        self._db.execute("INSERT INTO fresh VALUES (?, ?, ?)", (self._id, count, _encode(said)))

    def read(self) -> Mapping[int, Sequence[Row]]:
        """Return the fresh lines of each group, by seq, as the caller's view or transaction has them."""
        first = self._db.execute("SELECT ifnull(min(id), 0) FROM fresh").fetchone()[0]
        if first != self._first:  # all rows read before have moved to pages
            self.forget()
        news = self._db.execute("SELECT id, lines FROM fresh WHERE id > ? ORDER BY id", (self._last,))
        for number, data in news:
            for grp, rows in decoded(_decode, data).items():
                self._lines[grp] += rows
            self._first, self._last = first, number
        return self._lines

    def clear(self) -> None:
        """Drop the fresh lines, which have moved to pages."""
        self._db.execute("DELETE FROM fresh")
        self.forget()
        self.count = 0

    def forget(self) -> None:
        """Forget the rows read, as they may be void."""
        self._first = self._last = 0
        self._lines.clear()
