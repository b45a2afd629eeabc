"""The union of several directories' answers: nodes listed, nodes with a goodbye, and nodes no longer listed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ring.durations import UNHEARD_NODE_S
from ring.membership.directory.book import Book
from ring.membership.directory.view import View
from ring.roster import NodeRecord
from tests.ring.membership.directory.test_leases import node

OWN = "127.0.0.99"


def book(*records: NodeRecord, **changes: Any) -> Book:
    """A directory that vouches for its list."""
    made = Book()
    made.reachable = made.complete = made.current = True
    made.rebuilding = False
    made.entries = {record.key: record for record in records}
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def keys(view: View) -> list[str]:
    return sorted(view.records)


def test_the_view_is_the_union_with_the_newest_record_of_each_and_without_the_own() -> None:
    view = View(OWN)
    old, new = node(1), node(1, incarnation=2)
    change = view.update([book(old, node(2)), book(new, node(99)), book()], 0.0)
    assert change is not None and {one.id for one in change.added} == {new.id, node(2).id}
    assert view.update([book(old, node(2)), book(new)], 1.0) is None
    change = view.update([book(new, node(2, incarnation=5))], 2.0)
    assert change is not None and [one.incarnation for one in change.changed] == [5] and not change.added
    assert view.update([book(old, node(2)), book(new, node(2, incarnation=5))], 3.0) is None  # older is no news


def test_a_departure_counts_though_another_directory_still_lists_the_node() -> None:
    view = View(OWN, [node(1), node(2)])
    said, late = book(node(2), departed={"127.0.0.1": 1}), book(node(1), node(2))
    change = view.update([said, late], 0.0)
    assert change is not None and [one.key for one in change.removed] == ["127.0.0.1"]
    assert change.departed == {"127.0.0.1"} and said.departed == {}
    assert view.update([said, late], 1.0) is None
    change = view.update([said, book(node(1, incarnation=2), node(2))], 2.0)
    assert change is not None and [one.incarnation for one in change.added] == [2]  # the next life


@pytest.mark.parametrize(
    ("books", "leaves"),
    [
        ([book(), book()], True),  # all vouch, and none lists the node
        ([book(), book(reachable=False)], False),  # the silent directory may list the node
        ([book(dropped={"127.0.0.1": 1}), book(reachable=False)], True),  # one directory let the node go
        ([book(dropped={"127.0.0.1": 0}), book(reachable=False)], False),  # an earlier life
        ([book(reachable=False), book(reachable=False)], False),  # directories may die
        ([book(rebuilding=True)], False),
        ([book(complete=False)], False),
        ([book(current=False)], False),
        ([book(), book(node(1))], False),
        ([book(node(1), reachable=False)], False),
        ([book(), book(kept={"127.0.0.1": node(1)}, rebuilding=True)], False),  # listed in an earlier life
    ],
)
def test_a_node_that_is_not_listed_leaves_where_that_means_something(books: list[Book], leaves: bool) -> None:
    view = View(OWN, [node(1)])
    change = view.update(books, 0.0)
    assert (change is not None) is leaves
    assert change is None or (change.removed == (node(1),) and change.departed == frozenset())


def test_a_node_of_which_the_reachable_never_heard_goes_in_the_end() -> None:
    """The only directory with the node has gone for good."""
    view, books = View(OWN, [node(1)]), [book(), book(reachable=False)]
    assert view.update(books, 100.0) is None and view.waiting
    assert view.update(books, 100.0 + UNHEARD_NODE_S - 1) is None
    assert view.update([book(node(1)), books[1]], 100.0 + UNHEARD_NODE_S - 1) is None and not view.waiting
    assert view.update(books, 200.0 + UNHEARD_NODE_S) is None  # the time begins anew
    change = view.update(books, 200.0 + 2 * UNHEARD_NODE_S)
    assert change is not None and change.removed == (node(1),) and not view.waiting


def test_the_view_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ring.membership.directory.view.MAX_NODES", 2)
    view = View(OWN)
    view.update([book(node(1), node(2), node(3))], 0.0)
    assert keys(view) == ["127.0.0.1", "127.0.0.2"]
    change = view.update([book(node(2), node(3))], 1.0)
    assert change is not None and keys(view) == ["127.0.0.2", "127.0.0.3"]


def test_memory_of_what_no_directory_can_bring_back_is_dropped() -> None:
    view, said = View(OWN, [node(1)]), book(departed={"127.0.0.1": 1, "127.0.0.7": 3}, dropped={"127.0.0.8": 1})
    view.update([said], 0.0)
    assert view._departed == {} and said.dropped == {}


NODES = {(number, life): node(number, incarnation=life) for number in (1, 2, 3) for life in (1, 2)}
BOOKS = st.tuples(st.lists(st.sampled_from(sorted(NODES)), max_size=3), st.booleans(), st.booleans())


@settings(max_examples=60)
@given(st.lists(st.lists(BOOKS, min_size=1, max_size=2), max_size=4))
def test_the_news_lead_from_one_view_to_the_next(
    turns: list[list[tuple[list[tuple[int, int]], bool, bool]]],
) -> None:
    """A reader of the news alone knows as much as the view."""
    view, followed = View(OWN), dict[str, NodeRecord]()
    for now, drawn in enumerate(turns):
        books = [
            book(*map(NODES.__getitem__, listed), reachable=reachable, rebuilding=rebuilding)
            for listed, reachable, rebuilding in drawn
        ]
        change = view.update(books, float(now))
        if change is not None:
            for record in change.removed:
                assert followed.pop(record.key).key == record.key
            for record in change.added:
                assert record.key not in followed
                followed[record.key] = record
            for record in change.changed:
                assert record.incarnation >= followed[record.key].incarnation
                followed[record.key] = record
        assert followed == view.records
