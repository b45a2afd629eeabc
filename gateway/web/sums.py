"""Shows where a name lives, with the sum that decides. A pocket calculator is enough to check the sum. No I/O."""

from __future__ import annotations

from html import escape
from typing import Any, Final

from gateway.web.tables import table
from ring.placement import SPACE

SHOWN: Final = 12
"""The number of nodes shown; further nodes do not matter to the name."""


def located_part(located: dict[str, Any] | None, problem: str) -> str:
    """Show the place of a name. located: of `views.locate`. problem: the reason if a name cannot be located."""
    if located is None:
        return f'<p class="bad">{escape(problem)}</p>' if problem else ""
    name, j, nodes = located["name"], located["J"], located["nodes"]
    if not nodes or not nodes[0]["alive"]:
        return '<p class="bad">No node is alive, so nobody masters the name.</p>'
    heads = ["node", "role", "K", f"distance = {formula(located['distance'])}"]
    rows = [
        [
            escape(row["name"]),
            escape(row["role"]) if row["alive"] else '<span class="bad">dead</span>',
            f'<span title="md5({escape(repr(row["K_of"]))}) mod 2^32">{row["K"]}</span>',
            f"{escape(_sum(row['K'], j, located['distance']))} = <strong>{row['distance']}</strong>",
        ]
        for row in nodes[:SHOWN]
    ]
    return (
        f"<p><strong>{escape(nodes[0]['name'])}</strong> masters <strong>{escape(name)}</strong>: of the living nodes, "
        f"this node is nearest to the name on the ring.</p>"
        f"<p>J = md5({escape(repr(name))}) mod 2^32 = <strong>{j}</strong><br>{_points(nodes)}</p>"
        f'<div class="sum">{table("Distances", heads, rows, (2, 3))}</div>{_more(len(nodes) - SHOWN)}'
    )


def formula(distance: str) -> str:
    return "min(|K − J|, 2^32 − |K − J|)" if distance == "circular" else "|K − J|"


def _sum(k: int, j: int, distance: str) -> str:
    """Write the formula with numbers."""
    apart = f"|{k} − {j}|"
    if distance != "circular":
        return apart
    return f"min({abs(k - j)}, {SPACE - abs(k - j)})"


def _points(nodes: list[dict[str, Any]]) -> str:
    """Explain K with the example of the nearest node."""
    first = nodes[0]
    text = f"K = md5({escape(repr(first['K_of']))}) mod 2^32 = <strong>{first['K']}</strong>"
    if any(row["K_of"] != row["ring_key"] for row in nodes):
        return f"{text}, of {escape(first['name'])}: each node has several points, and its nearest counts"
    return f"{text}, of {escape(first['name'])}, and so for each node"


def _more(count: int) -> str:
    return f'<p class="note">And {count} nodes that are farther away.</p>' if count > 0 else ""
