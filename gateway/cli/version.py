"""circlet version"""

from __future__ import annotations

import click

from gateway.io.version import VERSION, compiled_modules, cores


@click.command()
@click.option("--modules", is_flag=True, help="List the compiled modules, too.")
def version(modules: bool) -> None:
    """Print the version, and whether the cores run compiled or interpreted."""
    click.echo(f"circlet {VERSION}\ncores: {cores()}")
    if modules:
        for name in compiled_modules():
            click.echo(name)
