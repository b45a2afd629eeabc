"""Where a name lives, with a sum that a pocket calculator can check."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.web.sums import SHOWN, formula, located_part
from ring.placement import SPACE


def row(number: int, alive: bool = True, k: int = 10, key: str = "", distance: int = 5) -> dict[str, Any]:
    ip = f"127.0.0.{number}"
    facts = {"name": f"n{number}", "role": "master" if number == 1 else "next", "alive": alive}
    return {**facts, "K": k, "K_of": key or ip, "ring_key": ip, "distance": distance}


def located(*nodes: dict[str, Any], distance: str = "absolute") -> dict[str, Any]:
    return {"name": "#<c>", "J": 5, "distance": distance, "nodes": list(nodes)}


def test_the_sum_is_written_with_its_numbers() -> None:
    text = located_part(located(row(1, k=10, distance=5)), "")
    assert "<strong>n1</strong> masters <strong>#&lt;c&gt;</strong>" in text
    assert "|10 − 5| = <strong>5</strong>" in text and "mod 2^32 = <strong>5</strong>" in text


def test_around_the_circle_the_shorter_way_counts() -> None:
    text = located_part(located(row(1, k=SPACE - 1, distance=6), distance="circular"), "")
    assert f"min({SPACE - 6}, 6) = <strong>6</strong>" in text
    assert formula("circular") == "min(|K − J|, 2^32 − |K − J|)" and formula("absolute") == "|K − J|"


def test_with_several_points_the_nearest_point_of_a_node_counts() -> None:
    one = located_part(located(row(1)), "")
    many = located_part(located(row(1, key="127.0.0.1#3")), "")
    assert "and so for each node" in one and "its nearest counts" in many


@pytest.mark.parametrize("nodes", [(), (row(1, alive=False),)])
def test_where_no_node_is_alive_nobody_masters_the_name(nodes: tuple[Any, ...]) -> None:
    assert "No node is alive" in located_part(located(*nodes), "")


def test_dead_nodes_are_marked_and_far_nodes_are_counted() -> None:
    text = located_part(located(row(1), row(2, alive=False), *(row(number) for number in range(3, SHOWN + 6))), "")
    assert '<span class="bad">dead</span>' in text
    assert "And 5 nodes that are farther away." in text and text.count("rowheader") == SHOWN
    assert "farther away" not in located_part(located(row(1)), "")


def test_a_name_that_cannot_be_located_has_a_reason_and_no_name_has_nothing() -> None:
    assert located_part(None, "a name has <no> spaces") == '<p class="bad">a name has &lt;no&gt; spaces</p>'
    assert located_part(None, "") == ""
