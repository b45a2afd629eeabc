"""Views of the network for the HTTP listener: plain data, from the process's knowledge. No I/O."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from gateway.irc.message import is_plain
from gateway.web.refusal import BadRequest, Unknown
from gateway.web.sight import SeenNode, Sight
from ring.placement import SPACE, Ring, arcs, explain, hash32, text_of

MAX_NAME = 512
"""Bytes of a requested name at most; the longest channel name is far shorter."""


def nodes(sight: Sight) -> dict[str, Any]:
    """List every known node: name, ip, ring point, addresses, version, alive. A node lists missing nodes, too."""
    return {"network": sight.network, "seen_by": sight.seen_by, "nodes": [_node(seen) for seen in sight.nodes]}


def _node(seen: SeenNode) -> dict[str, Any]:
    record = seen.record
    return {
        "name": record.name,
        "ip": record.ip,
        "ring_key": record.key,
        "point": hash32(record.key),
        "irc": record.irc or None,
        "http": record.http or None,
        "version": record.version,
        "started": record.started,
        "alive": seen.alive,
        "leaving": record.leaving,
    }


def ring(sight: Sight) -> dict[str, Any]:
    """Return the view of a directory, which does not know the status of nodes."""
    found = nodes(sight)
    return with_ring(found, sight.placement.ring) if sight.placement is not None else found


def with_ring(found: dict[str, Any], placed: Ring, gone: Iterable[str] = ()) -> dict[str, Any]:
    """Add to nodes() the part of each node, and sort the nodes by name. For directories, too.

    gone: ring keys of former nodes that may come back. A node's hue counts the known nodes before the node on the ring,
    with the gone nodes: neighbours differ, and hues stay the same while nodes go and come back.
    """
    owned = arcs(placed)
    names = Counter[str]()
    for arc in owned:
        names[arc.key] += arc.end - arc.start + 1
    known = {*gone, *(node["ring_key"] for node in found["nodes"])}
    hues = {key: index for index, key in enumerate(sorted(known, key=lambda key: (hash32(key), key)))}
    rows = [node | {"share": names[key := node["ring_key"]] / SPACE, "hue": hues[key]} for node in found["nodes"]]
    return {
        **found,
        "nodes": sorted(rows, key=lambda node: by_name(node["name"])),
        "distance": placed.distance,
        "points": placed.points,
        "arcs": [list(arc) for arc in owned],
    }


def by_name(name: str) -> list[tuple[bool, int, str]]:
    """Make a sort key that puts node-2 before node-10."""
    parts = re.findall(r"[0-9]{1,18}|[^0-9]+", name)
    return [(part[0] in "0123456789", int(part) if part[0] in "0123456789" else 0, part) for part in parts]


def locate(sight: Sight, name: str) -> dict[str, Any]:
    """Locate a channel or nick: J, then every node with K and distance, the master first, the dead last.

    Raises BadRequest; Unknown if the process cannot tell.
    """
    if not name:
        raise BadRequest("name is missing: ask for /locate?name=%23erlang")
    if len(name.encode("utf-8", "surrogateescape")) > MAX_NAME:
        raise BadRequest(f"name is longer than {MAX_NAME} bytes: a channel or nick is much shorter")
    if not is_plain(name):
        raise BadRequest("name has bytes that no name can have: give UTF-8, percent-encoded")
    if sight.placement is None:
        raise Unknown(sight.unplaced)
    placed, copies, casemap = sight.placement
    folded, seen = casemap(name), {one.record.key: one for one in sight.nodes}
    places = explain(folded, placed)
    living = [place for place in places if seen[place.key].alive]
    rows = []
    for index, found in enumerate([*living, *(place for place in places if place not in living)]):
        role = "master" if index == 0 else "backup" if index < copies else "next"
        rows.append(
            {
                "role": role if index < len(living) else "none",
                "name": seen[found.key].record.name,
                "ring_key": found.key,
                "K": found.point,
                "K_of": text_of(found, placed.points),
                "distance": found.distance,
                "alive": index < len(living),
            }
        )
    if not rows:
        raise Unknown("all nodes are stopping: no node masters a name until one is started again")
    return {"name": folded, "J": hash32(folded), "distance": placed.distance, "nodes": rows}
