"""Numbers for groups and terms: given once, found again, and taken back with the group."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ring.ids import GroupId, Term
from ring.storage.sqlite import names as sqlite_names
from ring.storage.sqlite.names import NOTHING, ROWS, Names, many, packed, unpacked
from ring.storage.sqlite.schema import Foreign
from tests.ring.storage.sqlite.databases import Tables, rows

A, B = GroupId("channel", "#a"), GroupId("account", "#a")
TERM = Term(3, "a key with spaces", 5)


@pytest.fixture
def tables() -> Tables:
    return Tables()


def test_a_group_has_one_number_and_kind_and_name_both_count(tables: Tables) -> None:
    tables.names.meet([A, B])
    first = dict(tables.names.groups)
    tables.names.meet([B, A])
    assert tables.names.groups == first and len({*first.values()}) == 2
    again = Names(tables.db, tables.fresh)
    again.find([A, GroupId("channel", "#strange")])
    assert again.groups == {A: first[A]}


def test_the_top_of_a_group_is_its_last_line_wherever_the_line_lies(tables: Tables) -> None:
    tables.names.meet([A, B])
    a, b = tables.names.groups[A], tables.names.groups[B]
    assert tables.names.tops == {a: NOTHING, b: NOTHING}
    tables.pages.add([(a, rows(1, 5)), (b, rows(2))])
    tables.fresh.add({b: rows(9)})
    again = Names(tables.db, tables.fresh)
    again.find([A, B])
    assert again.tops == {a: 5, b: 9}


def test_a_group_that_is_dropped_has_no_number_any_more(tables: Tables) -> None:
    tables.names.meet([A, B])
    tables.names.drop([A])
    assert set(tables.names.groups) == {B} and set(tables.names.tops) == {tables.names.groups[B]}
    again = Names(tables.db, tables.fresh)
    again.find([A, B])
    assert set(again.groups) == {B}


def test_terms_are_found_by_number_whatever_is_in_their_keys(tables: Tables) -> None:
    odd = Term(2**70, "\udcff \x00'", -5)
    tables.names.meet_terms([TERM, odd, TERM])
    again = Names(tables.db, tables.fresh)
    assert {again.term(number) for number in tables.names.terms.values()} == {TERM, odd}
    again.meet_terms([TERM])
    assert again.terms == {TERM: tables.names.terms[TERM]}


@pytest.mark.parametrize("term", [None, b"", b"1", b"1 2", b"x 1 key", b"1 x key", b"\xff 1 key", "1 1 key"])
def test_a_term_that_no_store_writes_is_damage(tables: Tables, term: object) -> None:
    tables.db.execute("INSERT INTO terms VALUES (1, ?)", (term,))
    with pytest.raises(Foreign, match="damaged"):
        tables.names.term(1)
    with pytest.raises(Foreign, match="damaged"):
        tables.names.term(2)  # there is no such term


def test_memory_is_bounded_and_numbers_stay(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_names, "_KNOWN_MAX", 4)
    numbers: dict[GroupId, int] = {}
    for start in range(0, 20, 2):
        groups = [GroupId("channel", f"#{n}") for n in (start, start + 1, 0)]
        tables.names.meet(groups)
        found = {group: tables.names.groups[group] for group in groups}
        assert all(numbers.setdefault(group, number) == number for group, number in found.items())
        assert len(tables.names.groups) <= 5
        terms = [Term(n, "k", 1) for n in (start, start + 1, 0)]
        tables.names.meet_terms(terms)
        assert all(tables.names.term(tables.names.terms[term]) == term for term in terms)
        assert len(tables.names.terms) <= 5 and len(tables.names._terms_of) <= 5
    tables.names.clear()
    assert not tables.names.groups and not tables.names.terms


@given(st.text())
def test_any_text_comes_back(text: str) -> None:
    assert unpacked(packed(text)) == text


def test_text_that_no_store_writes_is_damage() -> None:
    for data in (None, 5, "text", b"\xff\xfe"):
        with pytest.raises(Foreign, match="damaged"):
            unpacked(data)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 3 * ROWS))
def test_a_statement_runs_with_any_number_of_rows(count: int) -> None:
    tables = Tables()
    tables.db.execute("CREATE TABLE pairs (a INTEGER, b INTEGER)")
    pairs = [(n, n * n) for n in range(count)]
    assert many(tables.db, "INSERT INTO pairs VALUES {}", pairs) == []
    found = many(tables.db, "SELECT a FROM pairs WHERE a IN (VALUES {})", [(a,) for a, _ in pairs])
    assert sorted(a for (a,) in found) == list(range(count)) and tables.count("pairs") == count
