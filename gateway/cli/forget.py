"""circlet forget"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.files import FILE, fail

if TYPE_CHECKING:
    from gateway.cli.visits import Operator
    from gateway.status import Status
    from ring.roster import NodeRecord

NODE_S = 3.0
INCOMPLETE = 2


@click.command()
@click.argument("node")
@click.option("--config", "path", required=True, type=FILE, help="the file of a node that runs")
def forget(node: str, path: Path) -> None:
    """Tell all nodes that NODE (a name or IP) will never come back.

    A node that did not leave in order is missing until the node comes back or is forgotten. While a node is missing,
    `circlet status` reports the node, the network acts at no feature level above the node's, and some accounts wait for
    newer copies that the node may have (accounts with only copies started from disk). This command ends all three. Data
    that only the missing node had are lost. Exit code 2 if some nodes were not told: repeat the command once these
    nodes run.
    """
    from gateway.cli.visits import Operator  # TLS and the nodes' core are not needed by the other commands

    told, silent, refused = asyncio.run(_tell(Operator(path), node))
    for line in told:
        click.echo(line)
    if refused:
        fail("\n".join(refused))
    for line in silent:
        click.echo(line, err=True)
    sys.exit(INCOMPLETE if silent else 0)


async def _tell(operator: Operator, node: str) -> tuple[list[str], list[str], list[str]]:
    """Tell all living nodes. Returns the nodes' answers, the nodes not told, and the reasons of a refusal."""
    from gateway.admin_clients.requests import Done, ForgetNode, Problem, StatusAsk
    from gateway.status import Status

    records = (await operator.known()).records
    replies = await asyncio.gather(*(operator.visit(record, StatusAsk(), NODE_S) for record in records))
    alive = {r.key: s for r, s in zip(records, replies, strict=True) if isinstance(s, Status)}
    key = _key(node, records, alive)
    if not alive:
        return [], [], ["no node answers: is the network running?"]
    if key is None:
        names = ", ".join(sorted(record.name for record in records))
        return [], [], [f"no node knows {node}: give a name of `circlet status`, or an IP address. There are {names}"]
    if key in alive:
        return [], [], [f"{node} is alive: stop the node first"]
    there = [record for record in records if record.key in alive]
    said = await asyncio.gather(*(operator.visit(record, ForgetNode(key), NODE_S) for record in there))
    told = [f"{r.name}: {reply.text}" for r, reply in zip(there, said, strict=True) if isinstance(reply, Done)]
    problems = [f"{r.name}: {reply.text}" for r, reply in zip(there, said, strict=True) if isinstance(reply, Problem)]
    others = [record for record in records if record.key not in alive and record.key != key]
    silent = [f"{record.name} does not answer, and was not told" for record in others]
    return told, [*problems, *silent], []


def _key(node: str, records: list[NodeRecord], alive: dict[str, Status]) -> str | None:
    """Return the ring key of the node with this name or IP; None if no living node knows the node."""
    keys = {record.name: record.key for record in records} | {record.ip: record.key for record in records}
    for status in alive.values():
        keys |= {name: seen.ring_key for seen in status.roster for name in (seen.name, seen.ring_key)}
        keys |= {name: key for key, name in status.missing.items()} | {key: key for key in status.missing}
    return keys.get(node)
