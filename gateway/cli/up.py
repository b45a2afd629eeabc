"""circlet up"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click

from config import ConfigErrors, NodeConfig, load
from gateway.cli.files import fail
from gateway.cli.supervisor import Child, Supervisor
from gateway.cli.tables import table, text_of


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, exists=True, file_okay=False))
def up(folder: Path) -> None:
    """Start every process configured in DIR as a child; one that dies is started again."""
    files = [*sorted(folder.glob("directory-*.yaml")), *sorted(folder.glob("node-*.yaml"))]
    if not files:
        fail(f"{folder}: no node-*.yaml or directory-*.yaml here: `circlet init {folder}` writes some")
    mistakes, children, configs = [], [], []
    for path in files:
        try:
            config = load(path)
        except ConfigErrors as problem:
            mistakes.append(str(problem))
            continue
        kind = "node" if isinstance(config, NodeConfig) else "directory"
        children.append(Child(path.stem, [sys.executable, "-m", "gateway.cli.main", kind, str(path)]))
        configs.append(config)
    if mistakes:
        fail("\n".join(mistakes))
    nodes = [config for config in configs if isinstance(config, NodeConfig)]
    drain_s = max([node.drain_s for node in nodes], default=1.0)
    sys.exit(asyncio.run(Supervisor(children, drain_s + 5.0, lambda: _greet(nodes)).run()))


def _greet(nodes: list[NodeConfig]) -> str:
    """Where to connect, once the nodes are up."""
    rows = table("node", "address", "irssi", "WeeChat")
    for node in nodes:
        address = node.irc_address
        if address is not None:
            irssi = f"irssi -c {address.host} -p {address.port} -n $USER"
            rows.add_row(node.node.name, str(address), irssi, f"weechat irc://$USER@{address}")
    return f"\nConnect to any node, then /join #erlang. Ctrl-C stops everything.\n\n{text_of(rows)}"
