"""The survey of a network: the nodes that are missing or given up, from the memory of all nodes together."""

from __future__ import annotations

from typing import Any

from gateway.status import Absent, Seen
from gateway.survey import Row, Survey, opinions
from tests.gateway.test_findings import record, silent, thinking, well

GONE = Absent("c", "127.0.0.3", 5, 100.0)


def survey(*rows: Row) -> Survey:
    return Survey(list(rows), None, 0, [])


def test_the_address_of_a_node_by_ipv6_is_in_brackets() -> None:
    assert silent("a").address == "127.0.0.1:7600"
    assert Row(record("a", "2001:db8::1"), None).address == "[2001:db8::1]:7600"


def test_a_missing_node_is_named_once_by_the_later_life_and_the_longer_absence() -> None:
    older, later, sooner = (
        Absent("c", "127.0.0.3", 4, 1.0),
        Absent("c", "127.0.0.3", 5, 300.0),
        Absent("c", "127.0.0.3", 5, 200.0),
    )
    for rows in ((older, later, sooner), (sooner, later, older)):
        found = survey(*(well(name, absent=[absent]) for name, absent in zip("abb", rows, strict=True)))
        assert found.missing == [sooner]


def test_a_node_that_answers_is_not_missing() -> None:
    assert survey(well("a", absent=[GONE]), silent("c")).missing == [GONE]
    assert survey(well("a", absent=[GONE]), well("c")).missing == []


def test_a_node_that_left_in_order_in_that_life_or_later_is_not_missing() -> None:
    for incarnation, missing in ((4, [GONE]), (5, []), (6, [])):
        left: dict[str, Any] = {"left": {"127.0.0.3": incarnation}}
        assert survey(well("a", absent=[GONE]), well("b", **left)).missing == missing


def test_a_missing_node_of_an_older_build_has_only_a_name() -> None:
    older = well("a", missing={"127.0.0.3": "c"})
    assert survey(older).missing == [Absent("c", "127.0.0.3", 0, 0.0)]
    assert survey(older, well("b", absent=[GONE])).missing == [GONE]


def test_missing_nodes_are_sorted_by_name() -> None:
    first, second = Absent("a9", "127.0.0.9", 1, 1.0), Absent("b8", "127.0.0.8", 1, 1.0)
    assert survey(well("a", absent=[second, first])).missing == [first, second]


def test_a_dead_node_is_given_up_unless_it_was_asked_or_is_missing() -> None:
    rows = (thinking("a", "c"), well("b"))
    assert survey(*rows).given_up == {"127.0.0.3": "c"}
    assert survey(*rows, silent("c")).given_up == {}
    assert survey(thinking("a", "c", absent=[GONE]), well("b")).given_up == {}


def test_a_roster_that_many_nodes_share_is_read_once() -> None:
    class Counted(list[Seen]):
        reads = 0

        def __iter__(self) -> Any:
            self.reads += 1
            return super().__iter__()

    roster = Counted([Seen("c", "127.0.0.3", "dead"), Seen("a", "127.0.0.1", "leaving")])
    statuses = [row.status for row in (well("a", roster=roster), well("b", roster=roster)) if row.status]
    assert [[seen.name for seen in dead] for _, dead in opinions(statuses)] == [["c"], ["c"]]
    assert roster.reads == 1
