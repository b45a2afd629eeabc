"""Reads configuration files for commands. Mistakes in a file go to standard error and end the command."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NoReturn

import click

from config import ConfigErrors, DirectoryConfig, NodeConfig, load


class _File(click.Path):
    """The path of a file. If a required file is missing, the message says which file to give."""

    def get_missing_message(self, param: click.Parameter, ctx: click.Context | None = None) -> str | None:
        if not isinstance(param, click.Option):
            return None
        return f"Give {param.help}: {param.opts[0]} run/net/node-1.yaml. `circlet init` writes such files."


FILE = _File(path_type=Path)

config_option = click.option("--config", "path", required=True, type=FILE, help="a node's file")
"""The option of commands that ask a running network."""


def read(path: Path) -> NodeConfig | DirectoryConfig:
    try:
        return load(path)
    except ConfigErrors as problem:
        fail(str(problem))


def fail(text: str) -> NoReturn:
    """Print the text to standard error, and exit with code 1."""
    click.echo(text, err=True)
    sys.exit(1)
