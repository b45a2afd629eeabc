"""Gathers the rows of LIST and WHO from the asked nodes, page by page, in the order of their names (P39).

Theory of operation. Each node is asked for its first page, and for a further page when the rows of the page before are
used up. The pages are merged by name, so rows of one name from two nodes meet, and the better row counts. So the asker
holds a page of each node and no more, and a node is asked no faster than the client reads (client/long_answer.py).

Below PAGES_LEVEL, a node knows no pages, and answers with all rows that one answer may hold.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from heapq import heapify, heappop, heappush
from typing import Any, Final, Generic, TypeVar

import msgspec

from gateway.edge.ports import EdgePort
from gateway.edge.procedures import AskNode, Procedure, Together
from gateway.edge.rpc.asks import FindAsk, Found, ListAsk, ListReply
from gateway.state.channel.questions import ListRow
from gateway.state.people import Person
from ring.roster import NodeRecord

Row = TypeVar("Row")

PAGE: Final = 500
"""Rows of a page: some 40 KiB on the way, and half a millisecond to write or to read."""

PAGES_LEVEL: Final = 2
"""From this feature level on, nodes answer in pages."""


class Node(Generic[Row]):
    """One node's part of the list. rows: of the last page, as far as these are not merged yet. more: another page
    follows on the key `after`."""

    def __init__(self, key: str, name: str, ask: ListAsk | FindAsk) -> None:
        self.key = key
        self.name = name
        self.ask = ask
        self.rows: deque[tuple[str, Row]] = deque()
        self.after = ""
        self.more = True


class Gathering(Generic[Row]):
    """silent: names of nodes without an answer. is_cut: rows are missing, as an older node has more than it sends."""

    def __init__(
        self,
        edge: EdgePort,
        asks: Iterable[tuple[NodeRecord, ListAsk | FindAsk]],
        rows_of: Callable[[Any], tuple[Row, ...]],
        key: Callable[[Row], str],
        is_better: Callable[[Row, Row], bool],
    ) -> None:
        """asks: the nodes, each with the question. rows_of: the rows of a reply. key: the name by which a row is
        sorted. is_better(one, other): of two rows of one name, the first counts."""
        self._edge = edge
        self._rows_of = rows_of
        self._key = key
        self._is_better = is_better
        self._in_pages = edge.network.level >= PAGES_LEVEL
        self._nodes = [Node[Row](record.key, record.name, ask) for record, ask in asks]
        self._heads: list[tuple[str, int]] = []  # a heap: the key of each node's next row, and the node's index
        self.silent: list[str] = []
        self.is_cut = False

    @property
    def others(self) -> int:
        """Return the number of nodes that are asked beside the first, which is this node or counts as this node."""
        return len(self._nodes) - 1

    def next(self, most: int) -> Procedure[list[Row]]:
        """Return the next rows, about `most`; none at the end of the list."""
        found: list[Row] = []
        while not found:
            wanted = [node for node in self._nodes if node.more and not node.rows]
            if wanted:
                yield Together([self._fetch(node) for node in wanted])
                self._heads = [(node.rows[0][0], index) for index, node in enumerate(self._nodes) if node.rows]
                heapify(self._heads)
            if not self._heads:
                return found
            self._merge(found, most)
        return found

    def _merge(self, found: list[Row], most: int) -> None:
        """Take rows, the smallest name first, until a node's page is used up, and more of the node is to be asked for.
        All rows of a name are taken together."""
        heads, nodes, last = self._heads, self._nodes, ""
        while heads and not (len(found) >= most and heads[0][0] != last):
            name, index = heappop(heads)
            node = nodes[index]
            _, row = node.rows.popleft()
            if not found or name != last:
                found.append(row)
            elif self._is_better(row, found[-1]):
                found[-1] = row
            last = name
            if node.rows:
                heappush(heads, (node.rows[0][0], index))
            elif node.more:
                self._take_same(found, name)
                return

    def _take_same(self, found: list[Row], name: str) -> None:
        """Take the rows of this name from the other nodes, too."""
        heads, nodes = self._heads, self._nodes
        while heads and heads[0][0] == name:
            _, index = heappop(heads)
            _, row = nodes[index].rows.popleft()
            if self._is_better(row, found[-1]):
                found[-1] = row
            if nodes[index].rows:
                heappush(heads, (nodes[index].rows[0][0], index))

    def _fetch(self, node: Node[Row]) -> Procedure[None]:
        ask = node.ask
        if self._in_pages:
            ask = msgspec.structs.replace(ask, after=node.after, limit=PAGE)
        reply = yield AskNode(node.key, ask)
        node.more = False
        if reply is None:
            self.silent.append(node.name)
            return
        rows = [(self._key(row), row) for row in self._rows_of(reply)]
        if not self._in_pages:
            rows.sort(key=lambda one: one[0])
            self.is_cut = self.is_cut or reply.cut
        elif rows and reply.cut:
            node.more, node.after = True, rows[-1][0]
        node.rows.extend(rows)


def channels(edge: EdgePort, ask: ListAsk) -> Gathering[ListRow]:
    """Gather channels. If two nodes master a channel for a moment, the row of the higher term counts."""
    fold = edge.settings.casemap

    def rows_of(reply: ListReply) -> tuple[ListRow, ...]:
        return reply.rows

    nodes = [(record, ask) for record in edge.network.live()]
    if not edge.census.asks_all:
        nodes = _of_index(edge, ask, nodes)
    return Gathering(edge, nodes, rows_of, lambda row: fold(row.name), lambda one, other: one.term > other.term)


def _of_index(
    edge: EdgePort, ask: ListAsk, nodes: list[tuple[NodeRecord, ListAsk]]
) -> list[tuple[NodeRecord, ListAsk]]:
    """Return what to ask in a large network: this node for its channels and the asker's, and the index's keepers."""
    rooms, index = msgspec.structs.replace(ask, part="rooms"), msgspec.structs.replace(ask, part="index")
    kept = edge.index.keepers()
    here = [record for record, _ in nodes if record.key == edge.record.key]
    return [
        *((record, ask) for record in here),
        *((record, rooms) for record in here),
        *((record, index) for record, _ in nodes if record.key in kept),
    ]


def people(edge: EdgePort, ask: FindAsk) -> Gathering[Person]:
    """Gather people. If two nodes have a person for a moment, the newer profile counts."""

    def rows_of(reply: Found) -> tuple[Person, ...]:
        return reply.people

    nodes = [(record, ask) for record in edge.network.live()]
    return Gathering(edge, nodes, rows_of, lambda one: one.uid, lambda one, other: one.version > other.version)
