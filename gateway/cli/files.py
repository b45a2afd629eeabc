"""Reading configuration files for commands: mistakes go to standard error, all at once, and end the command."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NoReturn

import click

from config import ConfigErrors, DirectoryConfig, NodeConfig, load

FILE = click.Path(path_type=Path)


def read(path: Path) -> NodeConfig | DirectoryConfig:
    try:
        return load(path)
    except ConfigErrors as problem:
        fail(str(problem))


def fail(text: str) -> NoReturn:
    """One clear text on standard error, exit code 1."""
    click.echo(text, err=True)
    sys.exit(1)
