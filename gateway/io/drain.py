"""The end of a node in order: the groups go to other nodes, then the clients go."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.io.node_process import NodeProcess

LOOK_S = 0.05
"""Seconds between looks whether the node still holds groups or clients."""


async def drain(node: NodeProcess) -> None:
    """Hand the groups over, close the clients, and wait until the clients' last effects are settled."""
    engine, started, clients = node.core.engine, node.now, len(node.sockets)
    node.systemd.stopping()
    limit, handed = started + node.config.drain_s, engine.noted["hand_off"]
    node.log.info("drain_started", groups=len(engine.replicas.masters), clients=clients)
    await node.listeners.stop()
    node.begin()
    node.record = node.peers.leave()
    engine.leave(node.record)
    node.peers.announce()
    node.touched()
    while node.core.holds_groups and node.now < limit:
        await asyncio.sleep(LOOK_S)
    node.begin()
    node.core.edge.clients.close_all("Server is shutting down")
    node.touched()
    while not node.core.edge.clients.idle and node.now < limit:
        await asyncio.sleep(LOOK_S)
    node.flush()
    node.peers.owes = node.core.holds_groups
    node.log.info(
        "drain_finished",
        handed_over=engine.noted["hand_off"] - handed,
        groups_left=sum(bool(m.replica.state.subscribers) for m in engine.replicas.masters.values()),
        clients=clients,
        took_ms=round((node.now - started) * 1000),
    )
