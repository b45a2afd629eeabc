"""circlet schema"""

from __future__ import annotations

import click

from config.schema import schema_text


@click.command()
@click.argument("of", type=click.Choice(["config", "status"]), default="config")
def schema(of: str) -> None:
    """Print a JSON Schema: of the configuration files, for editors, or of the output of `circlet status --json`."""
    if of == "status":
        from gateway.cli import report  # the nodes' core is not needed by the other schema

        click.echo(report.schema_text(), nl=False)
    else:
        click.echo(schema_text(), nl=False)
