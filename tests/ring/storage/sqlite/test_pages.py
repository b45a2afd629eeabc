"""Lines in pages: after any writes, cuts and drops, the pages read as a plain list of lines does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ring.storage.sqlite import pages as sqlite_pages
from ring.storage.sqlite.names import INTEGERS
from ring.storage.sqlite.rows import Row
from ring.storage.sqlite.schema import Foreign
from tests.ring.storage.sqlite.databases import Tables, row, rows

LOW, HIGH = INTEGERS[0], INTEGERS[-1]


@pytest.fixture(autouse=True, scope="module")
def _small_pages() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite_pages, "PAGE", 3)
        yield


def all_of(tables: Tables, grp: int = 1) -> list[Row]:
    return tables.pages.between(grp, "seq", LOW, HIGH, 1000, False)


SEQS = st.sets(st.integers(1, 20), min_size=1, max_size=8).map(sorted)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), SEQS),
        st.tuples(st.just("cut"), st.integers(0, 21)),
        st.tuples(st.just("oldest"), st.integers(0, 6)),
        st.tuples(st.just("dated"), st.integers(0, 220)),
        st.tuples(st.just("these"), SEQS),
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(STEPS, st.data())
def test_pages_do_what_a_list_does(steps: list[tuple[str, object]], data: st.DataObject) -> None:
    tables, model = Tables(), dict[int, Row]()
    tables.pages.add([(2, rows(5, 6, 7))])  # another group, which nothing touches
    for number, (step, value) in enumerate(steps):
        before = len(model)
        if step == "put":
            said = [row(seq, event=b"%d" % number) for seq in value]  # type: ignore[attr-defined]
            tables.pages.put(1, said)
            model |= {one.seq: one for one in said}
        elif step == "cut":
            tables.pages.cut(1, value)  # type: ignore[arg-type]
            model = {seq: one for seq, one in model.items() if seq < value}  # type: ignore[operator]
        elif step == "oldest":
            gone = tables.pages.drop_oldest(1, value)  # type: ignore[arg-type]
            model = {seq: model[seq] for seq in sorted(model)[value:]}  # type: ignore[misc]
            assert gone == before - len(model)
        elif step == "dated":
            gone = tables.pages.drop_dated(1, value, 1000)  # type: ignore[arg-type]
            model = {seq: one for seq, one in model.items() if one.at >= value}  # type: ignore[operator]
            assert gone == before - len(model)
        else:
            gone = tables.pages.drop_these(1, value)  # type: ignore[arg-type]
            model = {seq: one for seq, one in model.items() if seq not in value}  # type: ignore[operator]
            assert gone == before - len(model)
        assert all_of(tables) == [model[seq] for seq in sorted(model)] and tables.pages.count(1) == len(model)
    low, high = data.draw(st.integers(0, 220)), data.draw(st.integers(0, 220))
    limit, newest = data.draw(st.integers(0, 9)), data.draw(st.booleans())
    for by in ("seq", "at"):
        inside = [one for _, one in sorted(model.items()) if low <= getattr(one, by) <= high]
        inside = inside[::-1][:limit] if newest else inside[:limit]
        assert tables.pages.between(1, by, low, high, limit, newest) == inside  # type: ignore[arg-type]
    assert all_of(tables, 2) == rows(5, 6, 7)


def test_fresh_lines_and_pages_are_read_as_one() -> None:
    tables = Tables()
    tables.pages.add([(1, rows(1, 2, 3, 4))])
    tables.fresh.add({1: rows(5, 6)})
    assert all_of(tables) == rows(1, 2, 3, 4, 5, 6)
    assert tables.pages.between(1, "seq", 2, 5, 2, True) == rows(5, 4)
    assert tables.pages.between(1, "at", 30, 50, 9, False) == rows(3, 4, 5)
    tables.pages.settle()
    assert tables.fresh.count == 0 and all_of(tables) == rows(1, 2, 3, 4, 5, 6)
    assert tables.pages.between(3, "seq", LOW, HIGH, 9, False) == []


def test_times_that_do_not_follow_the_order_are_found_all_the_same() -> None:
    tables = Tables()
    times = [50, 10, 90, 20, 60, 10, 30]
    said = [row(seq, at=at) for seq, at in enumerate(times)]
    tables.pages.add([(1, said)])
    found = tables.pages.between(1, "at", 10, 60, 4, False)
    assert [(one.at, one.seq) for one in found] == [(10, 1), (10, 5), (20, 3), (30, 6)]
    newest = tables.pages.between(1, "at", 0, 1000, 2, True)
    assert [one.at for one in newest] == [90, 60]
    assert tables.pages.drop_dated(1, 25, 1) >= 1  # page by page: at least as many as wanted, if there are so many
    assert tables.pages.drop_dated(1, 25, 1000) + 1 >= 2
    assert sorted(one.at for one in all_of(tables)) == [30, 50, 60, 90]


@pytest.mark.parametrize("where", ["pages", "fresh"])
def test_a_line_is_found_by_any_msgid(where: str) -> None:
    """A msgid that ends with the seq leads to one page; other msgids are looked for in pages with such msgids."""
    tables = Tables()
    odd = [b"", b"no place", b"x-", b"x-zz", b"x-ff", b"-", b"x-fffffffffffffffffffffff", b"x-1"]
    said = [*rows(1, 2, 3), *(row(10 + n, msgid=msgid) for n, msgid in enumerate(odd)), *rows(30, 31)]
    if where == "pages":
        tables.pages.add([(1, said)])
    else:
        tables.fresh.add({1: said})
    for one in said:
        wanted = max(said, key=lambda other: (other.msgid == one.msgid, other.seq))
        assert tables.pages.find(1, one.msgid) == wanted
    assert tables.pages.find(1, b"x-4") is None and tables.pages.find(1, b"nothing") is None
    assert tables.pages.find(2, b"x-1") is None


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE pages SET lines = x'c1'",
        "UPDATE pages SET lines = x'90'",
        "UPDATE pages SET lines = NULL",
        "UPDATE pages SET lines = 'text'",
    ],
)
def test_a_page_that_no_store_writes_is_damage(harm: str) -> None:
    tables = Tables()
    tables.pages.add([(1, rows(1, 2))])
    tables.db.execute(harm)
    with pytest.raises(Foreign, match="damaged"):
        all_of(tables)
    with pytest.raises(Foreign, match="damaged"):
        tables.pages.drop_these(1, [1])


def test_a_page_whose_bounds_are_wrong_ends_a_search() -> None:
    """Such a page would be found again and again."""
    tables = Tables()
    tables.pages.add([(1, rows(1, 2))])
    tables.db.execute("UPDATE pages SET last = 9")
    with pytest.raises(Foreign, match="damaged"):
        tables.pages.drop_these(1, [5])
