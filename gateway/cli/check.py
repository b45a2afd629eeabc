"""circlet check"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from config import ConfigErrors, load
from gateway.cli.files import FILE


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=FILE)
def check(files: tuple[Path, ...]) -> None:
    """Validate configuration files. Prints every mistake, with the place in the file and a right value."""
    wrong = False
    for path in files:
        try:
            load(path)
        except ConfigErrors as problem:
            click.echo(str(problem), err=True)
            wrong = True
        else:
            click.echo(f"{path}: good")
    sys.exit(1 if wrong else 0)
