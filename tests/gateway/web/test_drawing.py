"""The drawing of the ring: to scale, complete, bounded, and safe with any name."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from itertools import pairwise
from typing import Any

import pytest

from gateway.web.drawing import CENTRE, FINEST, HEIGHT, LABELLED, LINE, LINKS, RADIUS, _apart, at, circle, joined, mark
from ring.placement import SPACE


def node(name: str, point: int = 0, **facts: Any) -> dict[str, Any]:
    return {"name": name, "ring_key": name, "point": point, "alive": True, **facts}


def drawn(*nodes: dict[str, Any], **facts: Any) -> ET.Element:
    return ET.fromstring(circle({"nodes": list(nodes), **facts}))


def of_class(svg: ET.Element, word: str) -> list[ET.Element]:
    return [one for one in svg.iter() if one.get("class", "").split(" ")[0] == word]


def test_zero_is_at_the_top_and_numbers_grow_clockwise() -> None:
    x, y = CENTRE
    for quarter, place in enumerate([(x, y - RADIUS), (x + RADIUS, y), (x, y + RADIUS), (x - RADIUS, y)]):
        assert at(quarter * SPACE // 4, RADIUS) == pytest.approx(place)


def test_equal_and_invisible_arcs_are_joined() -> None:
    wide = FINEST * 10
    assert joined([[0, wide, "a"], [wide, 2 * wide, "a"]]) == [[0, 2 * wide, "a"]]
    assert joined([[0, wide, "a"], [wide, wide + FINEST - 1, "b"]]) == [[0, wide + FINEST - 1, "a"]]
    assert len(joined([[0, wide, "a"], [wide, wide + FINEST, "b"]])) == 2
    assert joined([]) == []


def test_a_node_alone_has_a_whole_band_of_two_pieces() -> None:
    (arc,) = of_class(drawn(node("a"), arcs=[[0, SPACE - 1, "a"]]), "arc")
    assert arc.get("d", "").count("M") == 2


def test_names_are_no_markup() -> None:
    bad = "<script>&\"'"
    svg = drawn(node(bad), arcs=[[0, SPACE - 1, bad]], links=[{"from": bad, "to": bad}])
    assert svg.find(".//script") is None
    assert any(bad in "".join(title.itertext()) for title in svg.iter("title"))
    assert ET.fromstring(mark({"J": 0, "nodes": [], "name": bad})).find(".//script") is None


def test_a_dead_node_is_crossed_out_and_has_no_colour() -> None:
    svg = drawn(node("a", hue=3), node("b", SPACE // 2, alive=False))
    assert [dot.get("class") for dot in of_class(svg, "dot")] == ["dot hue-3", "dot dead"]
    assert len(of_class(svg, "dead")) == 1


@pytest.mark.parametrize(("count", "labels"), [(LABELLED, LABELLED), (LABELLED + 1, 0)])
def test_only_a_small_ring_has_labels(count: int, labels: int) -> None:
    assert len(of_class(drawn(*(node(f"n{i}", i) for i in range(count))), "label")) == labels


def test_so_many_links_are_drawn_and_none_to_an_unknown_node() -> None:
    nodes = (node("a"), node("b", 5))
    link = {"from": "a", "to": "b", "round_trip_ms": 1.25}
    assert len(of_class(drawn(*nodes, links=[link] * (LINKS + 1)), "link")) == LINKS
    svg = drawn(*nodes, links=[{"from": "a", "to": "gone"}, link])
    assert len(of_class(svg, "link")) == 1
    assert [text.text for text in of_class(svg, "round-trip")] == ["1.2 ms"]


@pytest.mark.parametrize("lines", [[], [200.0] * 3, [-50.0, -50.0], [HEIGHT + 50.0] * 4, [10.0, 390.0, 391.0]])
def test_labels_keep_apart_and_on_the_drawing(lines: list[float]) -> None:
    found = _apart(lines)
    assert len(found) == len(lines) and all(LINE <= y <= HEIGHT - LINE for y in found)
    assert all(below - above >= LINE for above, below in pairwise(found))
