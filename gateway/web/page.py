"""The page of the ring: the circle to scale, nodes, links, happenings, and the master of a name. No I/O.

The page is complete as sent. A script (ring/page.js) replaces `parts` of the page with newer parts. Nothing is loaded
from other sites.

A view is plain data, so that nodes and directories share the page:

    network, seen_by    names
    nodes               name, ip, ring_key, point, irc, http, version, alive, leaving; and, as far as known:
                        share (of the names that the node masters, 0 to 1), hue, up_s, clients, level, mastered (kind ->
                        groups), received_per_s and sent_per_s (messages; None if not measured yet)
    arcs                [start, end, ring key] of each node's part, if known; distance, points: of the ring
    links               from, to (ring keys), up_s, round_trip_ms or None; left out if unknown
    more_links          number of links beyond `links`
    wrong               sentences, None if not known yet; left out by a directory
    happenings          id, at, text, the newest first; left out by a directory
    operators           whether there are an API for operators (/api/v1) and a chat (/chat)
"""

from __future__ import annotations

import re
from html import escape
from typing import Any, Final, NamedTuple

from gateway.irc.times import server_time
from gateway.web.drawing import circle, hue, mark
from gateway.web.sums import located_part
from gateway.web.tables import cell, duration, number, table

SHOWN: Final = 40
"""The number of happenings on the page."""


class Made(NamedTuple):
    """A view, and the parts of the page for the view."""

    view: dict[str, Any]
    parts: dict[str, str]


def make(view: dict[str, Any]) -> Made:
    """Make the parts of the page. Time O(nodes + links): with a thousand nodes, a tenth of a second."""
    return Made(view, parts(view))


def page(made: Made, located: dict[str, Any] | None, problem: str, asked: str) -> str:
    """Make the whole page. located: of `views.locate`. problem: the reason if `asked` cannot be located, in words."""
    view, shown = made
    title = f"{view['network']}: the ring"
    wrong = f'<section id="wrong" aria-label="What is wrong">{shown["wrong"]}</section>' if "wrong" in shown else ""
    chat = ' <a href="/chat">Chat in the browser</a>' if view.get("operators") else ""
    script = '<script type="module" src="/ring/operators.js"></script>' if view.get("operators") else ""
    links = f'<section><h2>Links</h2><div id="links">{shown["links"]}</div></section>' if "links" in shown else ""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{escape(title)}</title><link rel="icon" href="/ring/icon.svg">
<link rel="stylesheet" href="/ring/page.css"><script type="module" src="/ring/page.js"></script>{script}</head>
<body{_source(view)}>
<header><h1>{escape(title)}</h1>
<p><span id="health">{shown["health"]}</span> As {escape(view["seen_by"])} sees the network.
<span id="live" role="status">Load the page again for news.</span>{chat}</p>
<p id="elsewhere" hidden>{shown["elsewhere"]}</p></header>
<main>{wrong}
<div id="totals">{shown["totals"]}</div>
<div class="two"><section aria-label="The ring"><div class="ring"><div id="circle">{shown["circle"]}</div>
<div id="mark">{mark(located) if located is not None else ""}</div></div>
<p class="note">The band shows which names each node masters, to scale. A name lies at J, clockwise from 0.</p>
</section>
<section><h2>Where does a channel or nick live?</h2>
<form action="/" method="get" role="search"><label for="name">Name</label>
<span class="row"><input id="name" name="name" value="{escape(asked)}" placeholder="#erlang" autocomplete="off"
 autocapitalize="off" spellcheck="false" maxlength="200"><button>Locate</button></span></form>
<div id="located" aria-live="polite">{located_part(located, problem)}</div></section></div>
<section><h2>Nodes</h2><div id="nodes">{shown["nodes"]}</div></section>
{_happenings(view)}
{links}
<section><h2>Addresses</h2><div id="addresses">{shown["addresses"]}</div></section>
{OPERATORS if view.get("operators") else ""}</main>
<footer><p>For programs: <a href="/nodes.json">nodes.json</a>, <a href="/locate?name=%23erlang">locate</a>,
<a href="/metrics">metrics</a>, <a href="/healthz">healthz</a>, <a href="/readyz">readyz</a>.</p></footer>
</body></html>
"""


OPERATORS: Final = """<section id="operators" hidden><h2>For operators</h2>
<form><label for="token">Token, from <code>circlet token new</code></label>
<span class="row"><input id="token" name="token" type="password" autocomplete="off" required maxlength="500">
<button>Show the lists</button></span></form>
<p><span id="token-says" role="status"></span> <button id="forget" type="button" hidden>Forget the token</button></p>
<div id="lists" class="row" role="group" aria-label="Lists"></div><div id="list" aria-live="polite"></div></section>
<noscript><p class="note">The operators' part of this page needs JavaScript.</p></noscript>
"""
"""Lists of the API, for people with a token (ring/operators.js)."""


def parts(view: dict[str, Any]) -> dict[str, str]:
    """Make the parts that change while the page is open: HTML by the id of the element."""
    found = {
        "health": _health(view),
        "elsewhere": _elsewhere(view),
        "totals": _totals(view),
        "circle": circle(view),
        "nodes": _nodes(view),
        "addresses": _addresses(view),
    }
    if "wrong" in view:
        found["wrong"] = _wrong(view["wrong"])
    if "links" in view:
        found["links"] = _links(view)
    return found


def _source(view: dict[str, Any]) -> str:
    """Name the address at which the script gets new happenings."""
    if "happenings" not in view:
        return ""
    newest = view["happenings"][0]["id"] if view["happenings"] else ""
    return f' data-events="/events?after={escape(newest)}"'


def _health(view: dict[str, Any]) -> str:
    if not view["nodes"]:
        return '<strong class="bad">No node is known.</strong>'
    away = [node["name"] for node in view["nodes"] if not node["alive"]]
    count = len(view["nodes"])
    if away:
        return f'<strong class="bad">Not alive: {escape(", ".join(away))}.</strong>'
    return f'<strong class="good">{f"All {count} nodes are" if count > 1 else "The node is"} alive.</strong>'


def _elsewhere(view: dict[str, Any]) -> str:
    """Link to the other nodes' pages. The script shows these links if the page loses the page's own node."""
    others = [node for node in view["nodes"] if node.get("http") and node["alive"] and node["name"] != view["seen_by"]]
    return f"Pages of other nodes: {', '.join(_link(node) for node in others)}." if others else ""


def _wrong(wrong: list[str] | None) -> str:
    if wrong is None:
        return '<p class="note">The nodes are being asked how they are.</p>'
    if not wrong:
        return '<p class="good">Nothing is wrong.</p>'
    return f'<h2>What is wrong</h2><ul class="wrong">{"".join(f"<li>{_sentence(line)}</li>" for line in wrong)}</ul>'


def _sentence(line: str) -> str:
    """Mark text between backquotes as a command."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(line))


def _totals(view: dict[str, Any]) -> str:
    told = [node for node in view["nodes"] if "mastered" in node]
    if not told:
        return ""
    pairs = [
        ("clients", f"{sum(node['clients'] for node in told)}"),
        *((f"{kind}s", f"{sum(node['mastered'][kind] for node in told)}") for kind in told[0]["mastered"]),
        ("messages in per s", number(_sum(told, "received_per_s"))),
        ("messages out per s", number(_sum(told, "sent_per_s"))),
    ]
    return f"<dl>{''.join(f'<div><dt>{name}</dt><dd>{value}</dd></div>' for name, value in pairs)}</dl>"


def _sum(nodes: list[dict[str, Any]], field: str) -> float | None:
    found = [node[field] for node in nodes if node[field] is not None]
    return sum(found) if found else None


def _nodes(view: dict[str, Any]) -> str:
    heads = [
        "node",
        "state",
        "of all names",
        "channels",
        "nicks",
        "accounts",
        "clients",
        "in per s",
        "out per s",
        "up for",
    ]
    numbers = range(2, 10)
    return table("Nodes", heads, [_node_cells(node) for node in view["nodes"]], numbers)


def _node_cells(node: dict[str, Any]) -> list[str]:
    share, mastered = node.get("share"), node.get("mastered", {})
    return [
        f'<span class="swatch {hue(node)}"></span>{_link(node)}',
        _state(node),
        "–" if share is None else f"{100 * share:.1f} %",
        *(cell(mastered.get(kind)) for kind in ("channel", "nick", "account")),
        cell(node.get("clients")),
        number(node.get("received_per_s")),
        number(node.get("sent_per_s")),
        duration(node.get("up_s") if node["alive"] else None),
    ]


def _link(node: dict[str, Any]) -> str:
    """Show the node's name, as a link if the node has a page."""
    name = escape(node["name"])
    return f'<a href="{escape(node["http"])}" rel="noreferrer">{name}</a>' if node.get("http") else name


def _state(node: dict[str, Any]) -> str:
    if not node["alive"]:
        return '<span class="bad">dead</span>'
    return "stopping" if node["leaving"] else '<span class="good">alive</span>'


def _links(view: dict[str, Any]) -> str:
    if not view["links"]:
        return '<p class="note">No links are known.</p>'
    names = {node["ring_key"]: escape(node["name"]) for node in view["nodes"]}
    rows = [
        [
            f"{names[link['from']]} and {names[link['to']]}",
            duration(link["up_s"]),
            "–" if link["round_trip_ms"] is None else f"{link['round_trip_ms']:.1f} ms",
        ]
        for link in view["links"]
    ]
    more = view.get("more_links", 0)
    rest = f'<p class="note">There are {more} more links.</p>' if more else ""
    return table("Links", ["between", "up for", "round trip"], rows, (1, 2)) + rest


def _addresses(view: dict[str, Any]) -> str:
    heads = ["node", "address", "IRC", "K = md5(ring key) mod 2^32", "ring key", "version", "level"]
    rows = [
        [
            escape(node["name"]),
            escape(node["ip"]),
            escape(node["irc"] or "–"),
            str(node["point"]),
            escape(node["ring_key"]),
            escape(node["version"]),
            cell(node.get("level")),
        ]
        for node in view["nodes"]
    ]
    return table("Addresses", heads, rows, (3, 6))


def _happenings(view: dict[str, Any]) -> str:
    if "happenings" not in view:
        return ""
    rows = "".join(_happening(one) for one in view["happenings"][:SHOWN])
    return (
        '<section><h2>What happens</h2><ol id="happenings" aria-live="polite" aria-relevant="additions">'
        f'{rows}</ol><p class="note none">No takeover, hand-off or merge has happened lately.</p></section>'
    )


def _happening(one: dict[str, Any]) -> str:
    when = server_time(int(one["at"] * 1000))
    return f'<li><time datetime="{when}">{when[11:19]} UTC</time> {escape(one["text"])}</li>'
