"""Fresh lines: each write is a row, and a reader reads only the rows that came since."""

from __future__ import annotations

import pytest

from ring.storage.sqlite.fresh import Fresh
from ring.storage.sqlite.schema import Foreign
from tests.ring.storage.sqlite.databases import Tables, rows


@pytest.fixture
def tables() -> Tables:
    return Tables()


def test_a_write_is_one_row_and_lines_come_back_by_group(tables: Tables) -> None:
    tables.fresh.add({1: rows(1, 2), 2: rows(7)})
    tables.fresh.add({1: rows(3)})
    assert tables.count("fresh") == 2 and tables.fresh.count == 4
    assert dict(tables.fresh.read()) == {1: rows(1, 2, 3), 2: rows(7)}


def test_a_second_reader_sees_what_the_writer_adds_and_clears(tables: Tables) -> None:
    reader = Fresh(tables.db)
    tables.fresh.add({1: rows(1)})
    assert dict(reader.read()) == {1: rows(1)}
    asked: list[str] = []
    tables.db.set_trace_callback(asked.append)
    reader.read()
    tables.db.set_trace_callback(None)
    assert any("WHERE id > 1" in text for text in asked)  # not the rows read before
    tables.fresh.clear()
    tables.fresh.add({1: rows(2)})
    assert dict(reader.read()) == {1: rows(2)}
    tables.fresh.clear()
    assert dict(reader.read()) == {}


def test_an_id_is_never_given_twice_in_a_stores_life(tables: Tables) -> None:
    """With an id given twice, a reader would take a new row for a row read before."""
    reader = Fresh(tables.db)
    for seq in range(1, 5):
        tables.fresh.add({1: rows(seq)})
        assert dict(reader.read()) == {1: rows(seq)}
        tables.fresh.clear()


def test_a_store_that_is_opened_again_counts_on(tables: Tables) -> None:
    tables.fresh.add({1: rows(1, 2)})
    tables.fresh.add({2: rows(1)})
    again = Fresh(tables.db)
    assert again.count == 3
    again.add({1: rows(3)})
    assert dict(again.read()) == {1: rows(1, 2, 3), 2: rows(1)}


def test_rows_of_a_transaction_that_failed_are_forgotten(tables: Tables) -> None:
    tables.db.execute("BEGIN")
    tables.fresh.add({1: rows(1)})
    assert dict(tables.fresh.read()) == {1: rows(1)}
    tables.db.execute("ROLLBACK")
    tables.fresh.forget()
    assert dict(tables.fresh.read()) == {}


@pytest.mark.parametrize("lines", [b"", b"\xc1", b"\x80", "text", None, b"\x81\x01\x91\x01"])
def test_a_row_that_no_store_writes_is_damage(tables: Tables, lines: object) -> None:
    tables.db.execute("INSERT INTO fresh VALUES (1, 1, ?)", (lines,))
    with pytest.raises(Foreign, match="damaged"):
        tables.fresh.read()
