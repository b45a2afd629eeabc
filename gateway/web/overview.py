"""The view that a node's page shows of the network, as plain data (page.py describes the form). No I/O."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from gateway.node import NodeCore
from gateway.status import NICK, Status
from gateway.web import views
from gateway.web.lookout import Lookout
from gateway.web.source import sight_of
from ring.placement import SPACE, Ring, arcs, hash32

KINDS: Final = ("channel", NICK, "account")
"""The groups that the page counts."""


def overview(core: NodeCore, lookout: Lookout) -> dict[str, Any]:
    """The network and each node's status. A node that has not answered appears without status."""
    peers = core.engine.peers
    gone = {*peers.left, *peers.given_up, *peers.too_old}
    found = with_ring(views.nodes(sight_of(core)), peers.living_ring, gone)
    for node in found["nodes"]:
        node |= _facts(node["ring_key"], lookout)
    statuses = {node["ring_key"]: lookout.status(node["ring_key"]) for node in found["nodes"]}
    return {**found, "links": links(statuses), "wrong": lookout.wrong(), "level": core.engine.level}


def with_ring(found: dict[str, Any], ring: Ring, gone: Iterable[str] = ()) -> dict[str, Any]:
    """views.nodes(), in the order of their names, with what each node masters. For directories, too.

    gone: ring keys of nodes that were here and may come back. A node's hue counts the known nodes before the node on
    the ring, the gone nodes among them: neighbours differ, and hues stay as they are while nodes go and come back.
    """
    owned = arcs(ring)
    names = Counter[str]()
    for arc in owned:
        names[arc.key] += arc.end - arc.start + 1
    known = {*gone, *(node["ring_key"] for node in found["nodes"])}
    hues = {key: index for index, key in enumerate(sorted(known, key=lambda key: (hash32(key), key)))}
    nodes = [node | {"share": names[key := node["ring_key"]] / SPACE, "hue": hues[key]} for node in found["nodes"]]
    return {
        **found,
        "nodes": sorted(nodes, key=lambda node: by_name(node["name"])),
        "distance": ring.distance,
        "points": ring.points,
        "arcs": [list(arc) for arc in owned],
    }


def by_name(name: str) -> list[tuple[bool, int, str]]:
    """Sorts node-2 before node-10."""
    parts = re.findall(r"[0-9]{1,18}|[^0-9]+", name)
    return [(part[0] in "0123456789", int(part) if part[0] in "0123456789" else 0, part) for part in parts]


def _facts(key: str, lookout: Lookout) -> dict[str, Any]:
    status, rates = lookout.status(key), lookout.rates(key)
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
    """The node's groups of the kind. The group of a nick outlives the nick's holder, and counts no more then."""
    if kind == NICK and status.nicks is not None:
        return status.nicks
    return status.mastered.get(kind, 0)


def links(statuses: Mapping[str, Status | None]) -> list[dict[str, Any]]:
    """Each link once, joined from the statuses of both ends. statuses: by ring key, in the order of the page."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    order = {key: index for index, key in enumerate(statuses)}
    for key, status in statuses.items():
        for other, up_s in status.links.items() if status is not None else ():
            if other not in order:
                continue
            ends = (key, other) if order[key] < order[other] else (other, key)
            link = found.setdefault(ends, {"from": ends[0], "to": ends[1], "up_s": up_s, "round_trip_ms": None})
            trip = status.round_trips.get(other) if status is not None else None
            if trip is not None and link["round_trip_ms"] is None:
                link["round_trip_ms"] = round(trip * 1000, 2)
    return [found[ends] for ends in sorted(found, key=lambda ends: (order[ends[0]], order[ends[1]]))]
