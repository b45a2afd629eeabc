"""Give numbers to the groups and terms that a store's lines name again and again."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from ring.ids import GroupId, Term
from ring.storage.sqlite.schema import DAMAGED, Foreign

if TYPE_CHECKING:
    from ring.storage.sqlite.fresh import Fresh

INTEGERS: Final = range(-(2**63), 2**63)
"""The integers that SQLite can keep."""

NOTHING: Final = INTEGERS[0] - 1
"""The top of a group without lines."""

ROWS: Final = 120
"""Rows a statement; below 1,000 values in all, which every SQLite takes.

One statement writes many rows, as each statement releases the GIL, and a busy main thread returns the GIL late: with
executemany a row cost up to 280 us of CPU time beside a busy thread.
"""

_KNOWN_MAX: Final = 65536
_FIND: Final = (
    "SELECT kind, name, groups.id, (SELECT max(last) FROM pages WHERE grp = groups.id) "
    "FROM (VALUES {}) CROSS JOIN groups ON kind = column1 AND name = column2"  # IN (VALUES ...) would scan all groups
)


def many(db: sqlite3.Connection, statement: str, rows: Sequence[tuple[Any, ...]]) -> list[Any]:
    """Run the statement with many rows of values in the place of {}, ROWS rows at a time."""
    found: list[Any] = []
    for start in range(0, len(rows), ROWS):
        part = rows[start : start + ROWS]
        text = _expanded(statement, len(part[0]), len(part))
        found += db.execute(text, tuple(chain.from_iterable(part))).fetchall()
    return found


@cache  # at most ROWS texts a statement, each kept prepared by the connection
def _expanded(statement: str, columns: int, rows: int) -> str:
    row = "(" + ",".join("?" * columns) + ")"
    return statement.format(",".join([row] * rows))


def packed(text: str) -> bytes:
    """Encode text for the file: text may hold lone surrogates, which SQLite's text cannot hold."""
    return text.encode("utf-8", "surrogatepass")


def odd_row() -> Foreign:
    return Foreign(DAMAGED.format("it has a row that no store writes"))


def unpacked(data: object) -> str:
    """Decode text of the file. Raises Foreign for other data."""
    if not isinstance(data, bytes):
        raise odd_row()
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as problem:
        raise odd_row() from problem


def named(group: GroupId) -> tuple[bytes, bytes]:
    return packed(group.kind), packed(group.name)


class Names:
    """Keep the known numbers. A failed transaction clears them, as the transaction may have given some of the
    numbers."""

    def __init__(self, db: sqlite3.Connection, fresh: Fresh) -> None:
        self._db = db
        self._fresh = fresh
        self.groups: dict[GroupId, int] = {}
        self.tops: dict[int, int] = {}  # group's number -> no line has a higher seq
        self.terms: dict[Term, int] = {}
        self._terms_of: dict[int, Term] = {}

    def clear(self) -> None:
        for known in (self.groups, self.tops, self.terms, self._terms_of):
            known.clear()

    def find(self, groups: Collection[GroupId]) -> None:
        """Learn the numbers of the groups that have numbers."""
        self._look(self._strange(groups))

    def meet(self, groups: Collection[GroupId]) -> None:
        """Learn the numbers of all these groups, and give new numbers where needed."""
        strange = self._strange(groups)
        many(self._db, "INSERT OR IGNORE INTO groups (kind, name) VALUES {}", [named(group) for group in strange])
        self._look(strange)

    def drop(self, groups: Collection[GroupId]) -> None:
        """Drop the numbers of these groups, which have neither lines nor a replica."""
        many(self._db, "DELETE FROM groups WHERE id IN (VALUES {})", [(self.groups[group],) for group in groups])
        for group in groups:
            del self.tops[self.groups.pop(group)]

    def _strange(self, groups: Collection[GroupId]) -> Collection[GroupId]:
        strange = [group for group in groups if group not in self.groups]
        if len(self.groups) + len(strange) <= _KNOWN_MAX:
            return strange
        self.groups.clear()
        self.tops.clear()
        return groups

    def _look(self, groups: Iterable[GroupId]) -> None:
        found = many(self._db, _FIND, [named(group) for group in groups])
        fresh = self._fresh.read() if found else {}
        for kind, name, grp, top in found:
            if not isinstance(top, int | None):
                raise odd_row()
            self.groups[GroupId(unpacked(kind), unpacked(name))] = grp
            self.tops[grp] = fresh[grp][-1].seq if grp in fresh else NOTHING if top is None else top

    def meet_terms(self, terms: Collection[Term]) -> None:
        strange: Collection[Term] = [term for term in terms if term not in self.terms]
        if len(self.terms) + len(strange) > _KNOWN_MAX:
            self.terms.clear()
            strange = terms
        rows = [(_pack(term),) for term in strange]
        many(self._db, "INSERT OR IGNORE INTO terms (term) VALUES {}", rows)
        for number, term in many(self._db, "SELECT id, term FROM terms WHERE term IN (VALUES {})", rows):
            self.terms[_unpack(term)] = number

    def term(self, number: int) -> Term:
        if number not in self._terms_of:
            if len(self._terms_of) >= _KNOWN_MAX:
                self._terms_of.clear()
            row = self._db.execute("SELECT term FROM terms WHERE id = ?", (number,)).fetchone()
            if row is None:
                raise odd_row()
            self._terms_of[number] = _unpack(row[0])
        return self._terms_of[number]


def _pack(term: Term) -> bytes:
    return packed(f"{term.number} {term.incarnation} {term.key}")


def _unpack(data: object) -> Term:
    text = unpacked(data)
    try:
        number, incarnation, key = text.split(" ", 2)
        return Term(int(number), key, int(incarnation))
    except ValueError as problem:
        raise odd_row() from problem
