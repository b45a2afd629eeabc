"""Makes the view of the network for a node's page, as plain data (page.py describes the form). No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from gateway.node import NodeCore
from gateway.status import NICK, Status
from gateway.web import views
from gateway.web.lookout import Judge, Lookout, Rates
from gateway.web.sight import Sight
from gateway.web.source import sight_of
from ring.placement import Ring

KINDS: Final = ("channel", NICK, "account")
"""The kinds of groups that the page counts."""

LISTED: Final = 500
"""The number of links that the page lists. Further links are only counted."""


class Glimpse(NamedTuple):
    """A node's knowledge of the network at one moment. The data never change, so a thread may read them.

    gone: ring keys, as in `views.with_ring`. statuses, rates: by ring key. judge: from `Lookout.judge`.
    """

    sight: Sight
    ring: Ring
    gone: frozenset[str]
    statuses: dict[str, Status | None]
    rates: dict[str, Rates | None]
    judge: Judge
    level: int


def glimpse(core: NodeCore, lookout: Lookout) -> Glimpse:
    """Collect the data, in time O(nodes)."""
    peers, sight = core.engine.peers, sight_of(core)
    keys = [seen.record.key for seen in sight.nodes]
    return Glimpse(
        sight,
        peers.living_ring,
        frozenset((*peers.left, *peers.given_up, *peers.too_old)),
        {key: lookout.status(key) for key in keys},
        {key: lookout.rates(key) for key in keys},
        lookout.judge(),
        core.engine.level,
    )


def overview(seen: Glimpse) -> dict[str, Any]:
    """Describe the network and each node's status. A node without an answer appears without a status.

    Takes time O(nodes^2), because each node reports on every other node: with a thousand nodes, some tenths of a
    second.
    """
    found = views.with_ring(views.nodes(seen.sight), seen.ring, seen.gone)
    for node in found["nodes"]:
        node |= _facts(seen.statuses[node["ring_key"]], seen.rates[node["ring_key"]])
    linked, more = links({node["ring_key"]: seen.statuses[node["ring_key"]] for node in found["nodes"]})
    return {**found, "links": linked, "more_links": more, "wrong": seen.judge(), "level": seen.level}


def _facts(status: Status | None, rates: Rates | None) -> dict[str, Any]:
    if status is None:
        return {}
    return {
        "up_s": status.up_s,
        "clients": status.clients,
        "level": status.level,
        "mastered": {kind: _counted(status, kind) for kind in KINDS},
        "received_per_s": round(rates.received, 1) if rates is not None else None,
        "sent_per_s": round(rates.sent, 1) if rates is not None else None,
    }


def _counted(status: Status, kind: str) -> int:
    """Count the node's groups of the kind. Of the groups of nicks, count only nicks in use."""
    if kind == NICK and status.nicks is not None:
        return status.nicks
    return status.mastered.get(kind, 0)


def links(statuses: Mapping[str, Status | None]) -> tuple[list[dict[str, Any]], int]:
    """List the first LISTED links, each once, from the statuses of both ends; and count the further links.

    statuses: by ring key, in the order of the page.
    """
    keys, order = list(statuses), {key: index for index, key in enumerate(statuses)}
    found = set[tuple[int, int]]()
    for key, status in statuses.items():
        here = order[key]
        for other in status.links if status is not None else ():
            there = order.get(other)
            if there is not None:
                found.add((here, there) if here < there else (there, here))
    shown = sorted(found)[:LISTED]
    return [_link(keys[one], keys[other], statuses) for one, other in shown], len(found) - len(shown)


def _link(one: str, other: str, statuses: Mapping[str, Status | None]) -> dict[str, Any]:
    """Describe a link. For each fact use the first end with the fact."""
    ends = [(status, to) for key, to in ((one, other), (other, one)) if (status := statuses[key]) is not None]
    up_s = next(status.links[to] for status, to in ends if to in status.links)
    trip = next((status.round_trips[to] for status, to in ends if to in status.round_trips), None)
    return {
        "from": one,
        "to": other,
        "up_s": up_s,
        "round_trip_ms": round(trip * 1000, 2) if trip is not None else None,
    }
