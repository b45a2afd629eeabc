"""The page of the ring: the circle drawn to scale, the nodes as a table, and where a name lives, with the sum.

Plain HTML and SVG without scripts or anything from outside; light and dark by the reader's setting.
"""

from __future__ import annotations

import math
from html import escape
from typing import Any, Final

SPACE: Final = 2**32
SIZE: Final = 360
RADIUS: Final = 130
MARGIN: Final = 60
"""Room for the names left and right of the circle."""
DOT: Final = 9

DEAD: Final = ' <span class="bad">(dead)</span>'
STYLE: Final = """
:root { color-scheme: light dark; --line: #8886; --good: #1a7f37; --bad: #c62828; --name: #0b61c4; }
@media (prefers-color-scheme: dark) { :root { --good: #4cc26a; --bad: #ff7b72; --name: #79b8ff; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.5rem; margin: 0 0 .5rem; } h2 { font-size: 1.1rem; margin: 1.5rem 0 .5rem; }
.two { display: flex; flex-wrap: wrap; gap: 1.5rem; align-items: flex-start; }
.two > * { flex: 1 1 20rem; min-width: 0; }
svg { width: 100%; max-width: 24rem; height: auto; } text { fill: currentColor; font: 12px system-ui, sans-serif; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .25rem .6rem .25rem 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
input, button { font: inherit; padding: .3rem .6rem; } .good { color: var(--good); } .bad { color: var(--bad); }
"""


def page(nodes: dict[str, Any], located: dict[str, Any] | None, problem: str, asked: str) -> str:
    """nodes, located: of `views`. problem: why `asked` cannot be located, in words."""
    title = f"{nodes['network']}: the ring"
    found = _sum(located) if located is not None else f'<p class="bad">{escape(problem)}</p>' if problem else ""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title><style>{STYLE}</style></head><body>
<h1>{escape(title)}</h1>
<p>As {escape(nodes["seen_by"])} sees the network now. {_health(nodes)}</p>
<div class="two"><div>{_circle(nodes, located)}</div><div>
<h2>Where does a channel or nick live?</h2>
<form action="/" method="get"><label>Name <input name="name" value="{escape(asked)}" placeholder="#erlang"></label>
<button>Locate</button></form>{found}</div></div>
<h2>Nodes</h2>{_table(nodes)}
<p>For programs: <a href="/nodes.json">nodes.json</a>, <a href="/locate?name=%23erlang">locate</a>,
<a href="/metrics">metrics</a>, <a href="/healthz">healthz</a>, <a href="/readyz">readyz</a>.</p>
</body></html>
"""


def _health(nodes: dict[str, Any]) -> str:
    away = [node["name"] for node in nodes["nodes"] if not node["alive"]]
    if not away:
        return f'<span class="good">All {len(nodes["nodes"])} nodes are alive.</span>'
    return f'<span class="bad">Not alive: {escape(", ".join(away))}.</span>'


def _at(point: int, radius: float) -> tuple[float, float]:
    """Where a point of the ring lies: 0 at the top, clockwise."""
    angle = 2 * math.pi * point / SPACE
    return SIZE / 2 + radius * math.sin(angle), SIZE / 2 - radius * math.cos(angle)


def _circle(nodes: dict[str, Any], located: dict[str, Any] | None) -> str:
    parts = [
        f'<svg viewBox="{-MARGIN} 0 {SIZE + 2 * MARGIN} {SIZE}" role="img" aria-label="The ring, drawn to scale">',
        f'<circle cx="{SIZE / 2}" cy="{SIZE / 2}" r="{RADIUS}" fill="none" stroke="var(--line)" stroke-width="2"/>',
    ]
    for node in nodes["nodes"]:
        x, y = _at(node["point"], RADIUS)
        label_x, label_y = _at(node["point"], RADIUS + 24)
        anchor = "start" if label_x > SIZE / 2 + 30 else "end" if label_x < SIZE / 2 - 30 else "middle"
        colour = "var(--good)" if node["alive"] else "var(--bad)"
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{DOT}" fill="{colour}"/>')
        name = escape(node["name"].partition(".")[0])
        parts.append(f'<text x="{label_x:.1f}" y="{label_y:.1f}" text-anchor="{anchor}">{name}</text>')
    if located is not None:
        x, y = _at(located["J"], RADIUS)
        inner_x, inner_y = _at(located["J"], RADIUS - 34)
        master_x, master_y = _at(located["nodes"][0]["K"], RADIUS)
        parts.append(
            f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{master_x:.1f}" y2="{master_y:.1f}" stroke="var(--name)" '
            f'stroke-dasharray="4"/><circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="var(--name)"/>'
            f'<text x="{inner_x:.1f}" y="{inner_y:.1f}" text-anchor="middle">{escape(located["name"][:24])}</text>'
        )
    return "".join([*parts, "</svg>"])


def _table(nodes: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td>{escape(node['name'])}</td><td>{escape(node['ip'])}</td><td>{escape(node['irc'] or '')}</td>"
        f'<td class="number">{node["point"]}</td><td>{escape(node["version"])}</td><td>{_state(node)}</td></tr>'
        for node in nodes["nodes"]
    )
    heads = ("node", "ip", "IRC", "K = md5(ring key) mod 2^32", "version", "state")
    return f'<div class="scroll"><table><tr>{"".join(f"<th>{head}</th>" for head in heads)}</tr>{rows}</table></div>'


def _state(node: dict[str, Any]) -> str:
    if node["alive"]:
        return "stopping" if node["leaving"] else '<span class="good">alive</span>'
    return '<span class="bad">dead</span>'


def _sum(located: dict[str, Any]) -> str:
    name, j, circular = located["name"], located["J"], located["distance"] == "circular"
    formula = "min(|K - J|, 2^32 - |K - J|)" if circular else "|K - J|"
    rows = "".join(
        f"<tr><td>{row['role']}{'' if row['alive'] else DEAD}</td>"
        f"<td>{escape(row['name'])}</td>"
        f'<td class="number">{row["K"]}</td><td class="number">{row["distance"]}</td></tr>'
        for row in located["nodes"]
    )
    return (
        f"<p>J = md5({escape(repr(name))}) mod 2^32 = {j}<br>The nearest living node masters the name.</p>"
        '<div class="scroll"><table><tr><th>role</th><th>node</th><th>K</th>'
        f"<th>{formula}</th></tr>{rows}</table></div>"
    )
