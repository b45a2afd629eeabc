"""Pages of a list: sorted, bounded, complete, and made in slices."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.edge.rpc import pages
from gateway.edge.rpc.operator_asks import Page, PageAsk, RoleRow, SessionRow
from gateway.edge.rpc.pages import LISTERS, MOST, Listing, page
from ring.replication.application import Later
from tests.gateway.commands.stage import network, people


class Edge:
    """An edge whose slices the test lets go on, with a list of names."""

    def __init__(self, *names: str, gone: str = "") -> None:
        self.names, self.gone = names, gone
        self.jobs: list[Any] = []
        self.bugs: list[Any] = []
        self.network = SimpleNamespace(note_bug=lambda what, problem: self.bugs.append(problem))

    def later(self, seconds: float, job: Any) -> None:
        self.jobs.append(job)

    def listing(self) -> Listing:
        def row(key: str) -> RoleRow | None:
            return RoleRow(key, "master", 1, 1) if key in self.names and key != self.gone else None

        return Listing(iter(self.names), lambda name: name if name != "other" else "", self.names.__contains__, row)


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(LISTERS, "names", lambda edge: edge.listing())  # type: ignore[attr-defined]
    yield


def asked(edge: Any, after: str = "", limit: int = 2, of: str = "", what: str = "names") -> tuple[list[str], str]:
    made = page(edge, PageAsk(what, after, limit, of))
    assert isinstance(made, Page)
    return [row.key for row in made.rows], made.upto


def test_a_page_has_the_smallest_keys_after_the_last_page() -> None:
    edge = Edge("d", "b", "other", "a", "c", "e")
    assert asked(edge) == (["a", "b"], "b")
    assert asked(edge, "b") == (["c", "d"], "d")
    assert asked(edge, "d") == (["e"], "")
    assert asked(edge, "z") == ([], "")


def test_a_full_last_page_does_not_promise_another() -> None:
    assert asked(Edge("a", "b")) == (["a", "b"], "")


def test_a_row_that_goes_meanwhile_is_left_out_and_the_next_page_follows() -> None:
    assert asked(Edge("a", "b", "c", gone="b")) == (["a"], "b")


@pytest.mark.parametrize(("limit", "rows"), [(-1, 1), (0, 1), (10**9, MOST)])
def test_the_limit_is_bounded(limit: int, rows: int) -> None:
    keys, upto = asked(Edge(*(f"{number:04}" for number in range(MOST + 1))), limit=limit)
    assert len(keys) == rows and upto == keys[-1]


def test_a_single_row_and_an_unknown_list_are_answered_at_once() -> None:
    edge = Edge("a", "b")
    assert asked(edge, of="b") == (["b"], "")
    assert asked(edge, of="z") == ([], "")
    assert asked(edge, what="secrets") == ([], "")


def test_a_long_list_waits_between_slices_and_answers_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "SLICE", 2)
    monkeypatch.setattr(pages, "PART", 1)
    edge: Any = Edge("e", "d", "c", "b", "a")
    later, answers = page(edge, PageAsk("names", "", 2)), list[Any]()
    assert isinstance(later, Later)
    later.then(answers.append)
    while edge.jobs:
        assert not answers
        edge.jobs.pop()()
    assert [[row.key for row in made.rows] for made in answers] == [["a", "b"]]


def test_a_session_s_row_counts_channels_and_shows_the_client() -> None:
    net = network(1)
    (ann,) = people(net, "ann", channel="#c")
    ann.ask("JOIN #d", "AWAY :tea")
    made = page(net.nodes["n1"].core.edge, PageAsk("sessions", "", 5))
    assert isinstance(made, Page)
    (row,) = made.rows
    assert isinstance(row, SessionRow)
    assert (row.nick, row.channels, row.away, row.account, row.lasts) == ("ann", 2, "tea", None, False)
    (client,) = row.clients
    assert (client.number, client.address) == (ann.connection.number, "10.0.0.1") and client.idle_s >= 0
