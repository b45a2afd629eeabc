"""The view of the network for a node's page: each link once, from the statuses of both ends."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.status import Status
from gateway.web import overview
from gateway.web.overview import links
from tests.gateway.test_findings import well


def status(up: dict[str, float], trips: dict[str, float] | None = None) -> Status:
    known = well("a").status
    assert isinstance(known, Status)
    return msgspec.structs.replace(known, links=up, round_trips=trips or {})


def test_a_link_that_both_ends_tell_is_listed_once() -> None:
    found, more = links({"a": status({"b": 5.0}, {"b": 0.002}), "b": status({"a": 4.0}, {"a": 0.009})})
    assert found == [{"from": "a", "to": "b", "up_s": 5.0, "round_trip_ms": 2.0}] and more == 0


def test_a_fact_of_one_end_is_enough() -> None:
    expected = [{"from": "a", "to": "b", "up_s": 4.0, "round_trip_ms": None}]
    assert links({"a": None, "b": status({"a": 4.0})}) == (expected, 0)
    assert links({"a": status({}), "b": status({"a": 4.0})}) == (expected, 0)


def test_links_to_unknown_nodes_are_left_out() -> None:
    assert links({"a": status({"elsewhere": 5.0}), "b": None}) == ([], 0)
    assert links({}) == ([], 0)


def test_a_bounded_number_of_links_is_listed_and_the_rest_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overview, "LISTED", 3)
    keys = "abcd"
    all_linked: dict[str, Any] = {key: status({other: 1.0 for other in keys if other != key}) for key in keys}
    found, more = links(all_linked)
    assert [(link["from"], link["to"]) for link in found] == [("a", "b"), ("a", "c"), ("a", "d")]
    assert more == 3
