"""circlet top"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import click

from gateway.cli.files import config_option


@click.command()
@config_option
@click.option("--once", is_flag=True, help="print one table, and end; in a pipe the option is not needed")
@click.option("--sort", type=click.Choice(["rate", "members", "name", "lag"]), default="rate", help="of the channels")
def top(path: Path, once: bool, sort: str) -> None:
    """Watch how busy the nodes and channels are. Enter shows the chosen channel or node alone; q or Ctrl-C ends."""
    from gateway.cli.screen import Screen  # TLS and the nodes' core are not needed by the other commands
    from gateway.cli.visits import Operator

    screen = Screen(Operator(path), sort)
    with suppress(KeyboardInterrupt):
        asyncio.run(screen.run(once=once))
