"""Conversations with a network of node cores: commands, and the lines read by each client."""

from __future__ import annotations

from typing import Any

from argon2 import PasswordHasher

from config.people import Limits
from ring.features import LEVEL
from tests.settings import edge_settings, edge_with, operator, section
from tests.sim.net import Client, Net

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
SETTINGS = edge_settings(burst=10_000, rate=10_000, queued=10_000, per_address=0, created=1_699_000_000)


def network(
    nodes: int = 1,
    limits: dict[str, int] | None = None,
    seed: int = 0,
    *,
    disks: bool = False,
    level: int = LEVEL,
    **settings: Any,
) -> Net:
    """A network without faults. level: the feature level of the builds.

    Passwords are compared as plain text: argon2 belongs to the shell."""
    wanted = edge_with(SETTINGS, limits=section(Limits, **limits or {}), **settings)
    net = Net(nodes, seed, disks=disks, edge=wanted, level=level)
    for node in net.nodes.values():
        node.core.edge.outside.check_password = lambda wanted, given, done: done(wanted == given)
    return net


def people(net: Net, *nicks: str, channel: str = "", caps: str = "") -> list[Client]:
    """Make one client per nick, spread over the nodes in order; all in the channel, the first client its operator."""
    names = list(net.nodes)
    clients = [net.client(names[i % len(names)], nick, caps) for i, nick in enumerate(nicks)]
    for client in clients:
        if channel:
            client.ask(f"JOIN {channel}")
    settle(*clients)
    return clients


def settle(*clients: Client) -> None:
    """Wait until all have read all earlier lines."""
    for _ in range(2):
        for client in clients:
            client.sync()


def source(nick: str) -> str:
    return f":{nick}!~{nick}@10.0.0.1"


OPERATOR = operator("root", "sesame", "*@10.0.0.*")
