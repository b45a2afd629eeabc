"""Draws the ring to scale (SVG): each node's part of the ring, the nodes and the links. No I/O.

Zero is at the top, and numbers grow clockwise. The style sheet has the colours, for light and for dark.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from html import escape
from itertools import groupby
from typing import Any, Final

from ring.placement import SPACE, hash32

WIDTH: Final = 520
HEIGHT: Final = 400
CENTRE: Final = (WIDTH / 2, HEIGHT / 2)
RADIUS: Final = 140
BAND: Final = 20
"""Width of the band. The band shows the names that each node masters."""
LABELS: Final = RADIUS + BAND + 6
LINE: Final = 17
"""The distance between two labels at least."""

HUES: Final = 8
"""The number of different colours. In a larger network several nodes share a colour."""

FINEST: Final = SPACE // 1440
"""A quarter of a degree. A narrower arc is invisible, and is joined with the arc before."""

LABELLED: Final = 20
"""The number of nodes up to which the drawing has names. With more nodes, only the table has names."""

LINKS: Final = 200
"""The number of drawn links at most."""

Point = tuple[float, float]


def hue(node: dict[str, Any]) -> str:
    """Return the class for the node's colour."""
    return f"hue-{node.get('hue', 0) % HUES}" if node["alive"] else "dead"


def at(point: int, radius: float) -> Point:
    angle = 2 * math.pi * point / SPACE
    return CENTRE[0] + radius * math.sin(angle), CENTRE[1] - radius * math.cos(angle)


def circle(view: dict[str, Any]) -> str:
    """Draw the circle. view: as in page.py."""
    nodes: list[dict[str, Any]] = view["nodes"]
    by_key = {node["ring_key"]: node for node in nodes}
    text = f"The ring of {len(nodes)} nodes, drawn to scale. The table of nodes says the same in words."
    parts = [
        f'<circle class="track" cx="{CENTRE[0]}" cy="{CENTRE[1]}" r="{RADIUS + BAND / 2}"/>',
        *_arcs(view.get("arcs") or [], by_key),
        *_links(view.get("links") or [], by_key),
        *_quarters([node["point"] for node in nodes]),
        *_dots(nodes),
        *(_labels(nodes) if len(nodes) <= LABELLED else ()),
    ]
    ring = hash32(repr((view.get("arcs"), [node["alive"] for node in nodes])))  # lets the script notice a changed ring
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{text}" data-ring="{ring}">{"".join(parts)}</svg>'
    )


def mark(located: dict[str, Any]) -> str:
    """Draw a name's position, and a line to the name's master, for an overlay on the circle."""
    x, y = at(located["J"], RADIUS)
    to_x, to_y = at(located["nodes"][0]["K"], RADIUS) if located["nodes"] else (x, y)
    text_x, text_y = at(located["J"], RADIUS - 22)
    name = escape(_short(located["name"], 18))
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true">'
        f'<line class="way" x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}"/>'
        f'<circle class="name" cx="{x:.1f}" cy="{y:.1f}" r="6"/>'
        f'<text class="name" x="{text_x:.1f}" y="{text_y:.1f}" text-anchor="{_inward(text_x)}">{name}</text></svg>'
    )


def joined(arcs: Iterable[list[Any]]) -> list[list[Any]]:
    """Join arcs: equal neighbours, and arcs too narrow to see. Each arc is [start, end, ring key]."""
    found: list[list[Any]] = []
    for start, end, key in arcs:
        if found and (found[-1][2] == key or end - start < FINEST):
            found[-1][1] = end
        else:
            found.append([start, end, key])
    return found


def _arcs(arcs: list[list[Any]], by_key: dict[str, dict[str, Any]]) -> Iterator[str]:
    for key, group in groupby(sorted(joined(arcs), key=lambda arc: str(arc[2])), key=lambda arc: arc[2]):
        node = by_key.get(key)
        if node is not None:
            path = "".join(_band(start, end + 1) for start, end, _ in group)
            title = f"{node['name']} masters {_percent(node.get('share'))} of all names"
            yield f'<path class="arc {hue(node)}" d="{path}"><title>{escape(title)}</title></path>'


def _band(start: int, end: int) -> str:
    """Draw a piece of the band as a path. A whole turn needs two pieces: an arc from a point to itself is empty."""
    if end - start > SPACE - FINEST:
        half = start + (end - start) // 2
        return _band(start, half) + _band(half, end - 1)
    large = int(end - start > SPACE // 2)
    outer, inner = RADIUS + BAND, RADIUS
    (a_x, a_y), (b_x, b_y), (c_x, c_y), (d_x, d_y) = at(start, outer), at(end, outer), at(end, inner), at(start, inner)
    return (
        f"M{a_x:.2f} {a_y:.2f}A{outer} {outer} 0 {large} 1 {b_x:.2f} {b_y:.2f}"
        f"L{c_x:.2f} {c_y:.2f}A{inner} {inner} 0 {large} 0 {d_x:.2f} {d_y:.2f}Z"
    )


def _quarters(points: list[int]) -> Iterator[str]:
    """Draw ticks with the numbers of the scale, except near a node."""
    for quarter, number in enumerate(("0", "2^30", "2^31", "3 · 2^30")):
        if any(abs(point - quarter * SPACE // 4) % SPACE < SPACE // 32 for point in points):
            continue
        (x, y), (to_x, to_y) = at(quarter * SPACE // 4, RADIUS - 6), at(quarter * SPACE // 4, RADIUS)
        text_x, text_y = at(quarter * SPACE // 4, RADIUS - 15)
        yield f'<line class="tick" x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}"/>'
        yield (
            f'<text class="tick" x="{text_x:.1f}" y="{text_y + 3:.1f}" '
            f'text-anchor="{("middle", "end", "middle", "start")[quarter]}">{number}</text>'
        )


def _links(links: list[dict[str, Any]], by_key: dict[str, dict[str, Any]]) -> Iterator[str]:
    shown = [link for link in links if link["from"] in by_key and link["to"] in by_key][:LINKS]
    for link in shown:
        one, other = by_key[link["from"]], by_key[link["to"]]
        (x, y), (to_x, to_y) = at(one["point"], RADIUS), at(other["point"], RADIUS)
        title = f"{one['name']} and {other['name']} are linked{_took(link)}"
        yield (
            f'<line class="link" x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}">'
            f"<title>{escape(title)}</title></line>"
        )
        if link.get("round_trip_ms") is not None and len(shown) <= LABELLED:
            text_x, text_y = (x + to_x) / 2, (y + to_y) / 2
            yield (
                f'<text class="round-trip" x="{text_x:.1f}" y="{text_y + 4:.1f}" text-anchor="middle">'
                f"{link['round_trip_ms']:.1f} ms</text>"
            )


def _took(link: dict[str, Any]) -> str:
    trip = link.get("round_trip_ms")
    return f", round trip {trip:.1f} ms" if trip is not None else ""


def _dots(nodes: list[dict[str, Any]]) -> Iterator[str]:
    for node in nodes:
        x, y = at(node["point"], RADIUS)
        title = f"<title>{escape(node['name'])}: K = {node['point']}</title>"
        yield f'<circle class="dot {hue(node)}" cx="{x:.1f}" cy="{y:.1f}" r="8">{title}</circle>'
        if not node["alive"]:
            yield f'<path class="dead" d="M{x - 4:.1f} {y - 4:.1f}l8 8m0 -8l-8 8"/>'


def _labels(nodes: list[dict[str, Any]]) -> Iterator[str]:
    """Draw names beside the circle. Names of close nodes are moved apart."""
    for right in (True, False):
        side = [node for node in nodes if (at(node["point"], 1)[0] >= CENTRE[0]) is right]
        side.sort(key=lambda node: at(node["point"], 1)[1])
        lines = _apart([at(node["point"], LABELS)[1] for node in side])
        for node, y in zip(side, lines, strict=True):
            x = at(node["point"], LABELS)[0]
            words = _short(node["name"].partition(".")[0], 12)
            kind = "label" if node["alive"] else "label bad"
            anchor = "start" if right else "end"
            yield f'<text class="{kind}" x="{x:.1f}" y="{y + 5:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _apart(lines: list[float]) -> list[float]:
    """Move the lines, given from top to bottom, so that no two overlap and all are on the drawing."""
    found: list[float] = []
    for y in lines:
        found.append(max(y, found[-1] + LINE if found else LINE))
    floor: float = HEIGHT - LINE
    for index in reversed(range(len(found))):
        found[index] = min(found[index], floor)
        floor = found[index] - LINE
    return found


def _inward(x: float) -> str:
    return "end" if x > CENTRE[0] + 30 else "start" if x < CENTRE[0] - 30 else "middle"


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _percent(share: float | None) -> str:
    return "a part" if share is None else f"{100 * share:.1f} %"
