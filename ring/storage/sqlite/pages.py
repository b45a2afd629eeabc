"""Store many lines of a group in a single row, a page, as a row and the row's indices cost more than a line:
`contrib.bench.plain` measures how much more.

A page's row says enough to find a line without reading the page: first and last, the bounds of seq; low and high, the
bounds of at; odd, the number of lines with a msgid that does not tell the line's seq.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, Literal

import msgspec

from ring.storage.sqlite.fresh import Fresh
from ring.storage.sqlite.names import INTEGERS, many, odd_row
from ring.storage.sqlite.rows import Row, decoded

PAGE: Final = 64
"""At most this many lines a page: all are read for one line, and written anew when one line is dropped."""

_COLUMNS: Final = "grp, first, last, low, high, count, odd, lines"
_BOUNDS: Final = {"seq": ("first", "last"), "at": ("low", "high")}

_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(list[Row]).decode

_KEYS: Final[dict[str, Callable[[Row], Any]]] = {"seq": lambda row: row.seq, "at": lambda row: (row.at, row.seq)}


def _page(grp: int, rows: Sequence[Row]) -> tuple[Any, ...]:
    """Make the columns of a page. rows: by seq."""
    times = [row.at for row in rows]
    odd = sum([not row.msgid.endswith(b"-%x" % row.seq) for row in rows])
    return grp, rows[0].seq, rows[-1].seq, min(times), max(times), len(rows), odd, _encode(rows)


def _place(msgid: bytes) -> int | None:
    """Return the seq at the end of the msgid, as ring.replication.replica makes msgids; None if there is no seq."""
    tail = msgid[msgid.rfind(b"-") + 1 :]
    try:
        seq = int(tail, 16)
    except ValueError:
        return None
    return seq if seq in INTEGERS else None


class Pages:
    """Read and write the lines in pages, beside the fresh lines (schema.py). The caller's transaction surrounds each
    change."""

    def __init__(self, db: sqlite3.Connection, fresh: Fresh) -> None:
        self._db = db
        self._fresh = fresh

    # Writing --------------------------------------------------------------------------------------------------------

    def add(self, said: Iterable[tuple[int, Sequence[Row]]]) -> None:
        """Add new lines of these groups, by seq."""
        pages = [_page(grp, rows[at : at + PAGE]) for grp, rows in said for at in range(0, len(rows), PAGE)]
        many(self._db, f"INSERT INTO pages ({_COLUMNS}) VALUES {{}}", pages)

    def settle(self) -> None:
        """Move all fresh lines to pages."""
        self.add(self._fresh.read().items())
        self._fresh.clear()

    # The methods below need groups without fresh lines.

    def put(self, grp: int, rows: Sequence[Row]) -> None:
        """Write lines over lines that may be there already."""
        known: dict[int, Row] = {}
        for number, _ in list(self._meeting(grp, "seq", min(r.seq for r in rows), max(r.seq for r in rows), False)):
            known |= {row.seq: row for row in self._rows(number)}
            self._replace(grp, number, [])
        known |= {row.seq: row for row in rows}
        self.add([(grp, [known[seq] for seq in sorted(known)])])

    def cut(self, grp: int, first: int) -> None:
        """Drop the lines from this seq on."""
        self._db.execute("DELETE FROM pages WHERE grp = ? AND last >= ? AND first >= ?", (grp, first, first))
        for (number,) in self._db.execute("SELECT id FROM pages WHERE grp = ? AND last >= ?", (grp, first)).fetchall():
            self._cull(grp, number, lambda row: row.seq < first)

    def drop_oldest(self, grp: int, most: int) -> int:
        """Drop the first `most` lines, by seq. Returns the number of dropped lines."""
        gone = 0
        while gone < most and (number := self._next(grp, INTEGERS[0])) is not None:
            rows = self._rows(number)
            self._replace(grp, number, rows[most - gone :])
            gone += min(len(rows), most - gone)
        return gone

    def drop_dated(self, grp: int, before: int, most: int) -> int:
        """Drop lines with an earlier `at`, page by page, until `most` or more are dropped. Returns the number of
        dropped lines."""
        gone = 0
        query = "SELECT id FROM pages WHERE grp = ? AND low < ? ORDER BY high LIMIT ?"
        for (number,) in self._db.execute(query, (grp, before, most)).fetchall():
            if gone < most:
                gone += self._cull(grp, number, lambda row: row.at >= before)
        return gone

    def drop_these(self, grp: int, seqs: Iterable[int]) -> int:
        left, gone = sorted(seqs), 0
        while left and (number := self._next(grp, left[0])) is not None:
            last, those = self._rows(number)[-1].seq, set(left)
            if last < left[0]:
                raise odd_row()
            gone += self._cull(grp, number, lambda row: row.seq not in those)  # noqa: B023
            left = [seq for seq in left if seq > last]
        return gone

    def count(self, grp: int) -> int:
        found: int = self._db.execute("SELECT ifnull(sum(count), 0) FROM pages WHERE grp = ?", (grp,)).fetchone()[0]
        return found

    def _next(self, grp: int, seq: int) -> int | None:
        """Return the page with this seq, or else the next page."""
        query = "SELECT id FROM pages WHERE grp = ? AND last >= ? ORDER BY last LIMIT 1"
        row = self._db.execute(query, (grp, seq)).fetchone()
        return None if row is None else row[0]

    def _cull(self, grp: int, number: int, stays: Callable[[Row], bool]) -> int:
        """Drop the other lines of the page. Returns the number of dropped lines."""
        rows = self._rows(number)
        left = [row for row in rows if stays(row)]
        if len(left) < len(rows):
            self._replace(grp, number, left)
        return len(rows) - len(left)

    def _replace(self, grp: int, number: int, rows: Sequence[Row]) -> None:
        """Give the page these lines; a page without lines is dropped."""
        if rows:
            values = (*_page(grp, rows), number)
            self._db.execute(f"UPDATE pages SET ({_COLUMNS}) = (?, ?, ?, ?, ?, ?, ?, ?) WHERE id = ?", values)
        else:
            self._db.execute("DELETE FROM pages WHERE id = ?", (number,))

    # Reading, in a view of the caller's -----------------------------------------------------------------------------

    def between(self, grp: int, by: Literal["seq", "at"], low: int, high: int, limit: int, newest: bool) -> list[Row]:
        """Return the first `limit` lines with low <= by <= high, or the last lines if `newest`."""
        found = [row for row in self._fresh.read().get(grp, ()) if low <= getattr(row, by) <= high]
        for number, edge in self._meeting(grp, by, low, high, newest):
            if len(found) >= limit:
                found = sorted(found, key=_KEYS[by], reverse=newest)[:limit]
                last = getattr(found[-1], by) if found else edge
                if not found or (edge < last if newest else edge > last):
                    break
            found += [row for row in self._rows(number) if low <= getattr(row, by) <= high]
        return sorted(found, key=_KEYS[by], reverse=newest)[:limit]

    def find(self, grp: int, msgid: bytes) -> Row | None:
        """Return the line with this msgid; of several lines the last."""
        pages, place = self._db.execute("SELECT id FROM pages WHERE grp = ? AND odd", (grp,)).fetchall(), _place(msgid)
        if place is not None:
            pages += self._meeting(grp, "seq", place, place, True)
        found = [row for row in self._fresh.read().get(grp, ()) if row.msgid == msgid]
        found += [row for number, *_ in pages for row in self._rows(number) if row.msgid == msgid]
        return max(found, key=_KEYS["seq"], default=None)

    def _meeting(self, grp: int, by: str, low: int, high: int, newest: bool) -> Iterator[tuple[int, int]]:
        """Find the pages that may have such lines, the first page first, or the last: (id, begin of the page, or
        end)."""
        first, last = _BOUNDS[by]
        edge, order = (last, "DESC") if newest else (first, "ASC")
        query = f"SELECT id, {edge} FROM pages WHERE grp = ? AND {last} >= ? AND {first} <= ? ORDER BY {edge} {order}"
        return self._db.execute(query, (grp, low, high))

    def _rows(self, number: int) -> list[Row]:
        found = self._db.execute("SELECT lines FROM pages WHERE id = ?", (number,)).fetchone()
        return decoded(_decode, found and found[0])
