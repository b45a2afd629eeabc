"""What the HTTP listener of a node tells of the network: plain data, read from the core. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from gateway.node import NodeCore
from gateway.status import Directory
from gateway.web.refusal import BadRequest
from ring.placement import explain, hash32, text_of
from ring.roster import NodeRecord

MAX_NAME = 512
"""Bytes of a name that is asked for; the longest channel name is far shorter."""


class Readiness(NamedTuple):
    """why: in words, "" if the node takes clients."""

    ready: bool
    why: str


def nodes(core: NodeCore) -> dict[str, Any]:
    """Every node that this node knows: name, ip, ring point, addresses, version, alive. Missing nodes included."""
    engine = core.engine
    rows = [_node(record, alive=record.key not in engine.peers.dead) for record in engine.roster.records()]
    rows += [_node(record, alive=False) for record in engine.peers.missing.values()]
    return {"network": core.edge.settings.network_name, "seen_by": engine.peers.me.name, "nodes": rows}


def _node(record: NodeRecord, *, alive: bool) -> dict[str, Any]:
    return {
        "name": record.name,
        "ip": record.ip,
        "ring_key": record.key,
        "point": hash32(record.key),
        "irc": record.irc or None,
        "http": record.http or None,
        "version": record.version,
        "started": record.started,
        "alive": alive,
        "leaving": record.leaving,
    }


def locate(core: NodeCore, name: str) -> dict[str, Any]:
    """Where a channel or nick lives: J, then every node with its K and distance, the master first, the dead last.

    Raises BadRequest.
    """
    if not name:
        raise BadRequest("name is missing: ask for /locate?name=%23erlang")
    if len(name.encode("utf-8", "surrogateescape")) > MAX_NAME:
        raise BadRequest(f"name is longer than {MAX_NAME} bytes: no channel or nick is")
    if not name.isprintable():
        raise BadRequest("name has bytes that no name can have: give UTF-8, percent-encoded")
    settings, peers = core.engine.settings.ring, core.engine.peers
    folded = core.edge.settings.casemap(name)
    places = explain(folded, peers.ring)
    living = [place for place in places if peers.is_alive(place.key)]
    rows = []
    for index, found in enumerate([*living, *(place for place in places if place not in living)]):
        record = peers.roster.get(found.key)
        role = "master" if index == 0 else "backup" if index < settings.copies else "next"
        rows.append(
            {
                "role": role if index < len(living) else "none",
                "name": record.name if record is not None else found.key,
                "ring_key": found.key,
                "K": found.point,
                "K_of": text_of(found, settings.points),
                "distance": found.distance,
                "alive": index < len(living),
            }
        )
    return {"name": folded, "J": hash32(folded), "distance": settings.distance, "nodes": rows}


def readiness(core: NodeCore, directories: Sequence[Directory] = ()) -> Readiness:
    """Whether the node takes new clients now. directories: as this node finds them.

    Directories that do not answer are no reason, as the network goes on without them; nor is one that refuses the node
    while another lists it.
    """
    if core.engine.peers.me.leaving:
        return Readiness(False, "the node is stopping: its channels are handed to other nodes")
    refused = [found for found in directories if found.refused]
    if refused and not any(found.lease_left_s for found in directories):
        return Readiness(False, f"the directory {refused[0].address} refuses the node: {refused[0].problem}")
    if not core.attending:
        return Readiness(False, "the node has not joined the network yet")
    return Readiness(True, "")
