"""circlet schema"""

from __future__ import annotations

import click

from config.schema import schema_text


@click.command()
def schema() -> None:
    """Print the JSON Schema of the configuration files, for editors."""
    click.echo(schema_text(), nl=False)
