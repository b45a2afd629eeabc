"""circlet init"""

from __future__ import annotations

from pathlib import Path

import click

from config.generate import InitError, write_network
from gateway.cli.files import fail


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--nodes", default=3, show_default=True, help="how many supernodes")
@click.option("--directories", default=3, show_default=True, help="how many directory servers")
def init(folder: Path, nodes: int, directories: int) -> None:
    """Write the files of a network on this machine's loopback addresses: a key, the nodes, the directories."""
    try:
        written = write_network(folder, nodes, directories)
    except (InitError, OSError, ValueError) as problem:
        fail(str(problem))
    for path in written:
        click.echo(path)
