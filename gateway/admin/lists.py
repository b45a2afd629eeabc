"""Pages of lists of the whole network, merged from the pages of all nodes. No I/O."""

from __future__ import annotations

from typing import NamedTuple

from gateway.admin.procedures import AskAll, Heard, Problem, Procedure, need_level
from gateway.edge.ports import EdgePort
from gateway.edge.procedures import AskNode
from gateway.edge.rpc.operator_asks import ChannelRow, Page, PageAsk, Row, What
from gateway.edge.rpc.pages import MOST

LEVEL = 2
"""Nodes of older levels do not know these questions."""


class Listed(NamedTuple):
    """rows: (name of the answering node, row), in the order of the rows' keys. next: where the next page begins; None
    after the last page. silent: nodes that did not answer in time; their rows are missing."""

    rows: list[tuple[str, Row]]
    next: str | None
    silent: tuple[str, ...]


def page(edge: EdgePort, what: What, after: str, limit: int, node: str | None = None) -> Procedure[Listed]:
    """Ask the nodes for a page of a list. limit: 1 to MOST rows. node: ask only the node with this name."""
    need_level(edge, LEVEL)
    limit = max(1, min(limit, MOST))
    ask = PageAsk(what, after, limit)
    heard: Heard = (yield AskAll(ask)) if node is None else (yield from _one_node(edge, node, ask))
    return together(heard, limit)


def _one_node(edge: EdgePort, name: str, ask: PageAsk) -> Procedure[Heard]:
    record = next((one for one in edge.network.live() if one.name == name), None)
    if record is None:
        raise Problem("unknown", f"no living node is called {name[:64]!r}: /nodes.json lists the nodes")
    reply = yield AskNode(record.key, ask)
    return Heard({name: reply}, ()) if reply is not None else Heard({}, (name,))


def together(heard: Heard, limit: int) -> Listed:
    """Merge the pages of several nodes, up to the first key at which the page of some node ends."""
    pages = {node: reply for node, reply in heard.replies.items() if isinstance(reply, Page)}
    ends = [reply.upto for reply in pages.values() if reply.upto]
    end = min(ends) if ends else None
    found: dict[str, tuple[str, Row]] = {}
    for node in sorted(pages):
        for row in pages[node].rows:
            if (end is None or row.key <= end) and _is_newer(row, found.get(row.key)):
                found[row.key] = node, row
    keys = sorted(found)
    shown = keys[:limit]
    following = shown[-1] if len(keys) > limit else end
    return Listed([found[key] for key in shown], following, heard.silent)


def _is_newer(row: Row, known: tuple[str, Row] | None) -> bool:
    """Tell whether the row replaces the known row: if two nodes master a channel for a moment, the higher term counts
    (P39).
    """
    if known is None:
        return True
    other = known[1]
    return isinstance(row, ChannelRow) and isinstance(other, ChannelRow) and row.term > other.term


def rows_of(edge: EdgePort, what: What, key: str) -> Procedure[Listed]:
    """Ask all nodes for the rows with this key."""
    need_level(edge, LEVEL)
    heard: Heard = yield AskAll(PageAsk(what, "", MOST, key))
    rows = [
        (node, row)
        for node in sorted(heard.replies)
        for row in getattr(heard.replies[node], "rows", ())
        if row.key == key
    ]
    return Listed(rows, None, heard.silent)
