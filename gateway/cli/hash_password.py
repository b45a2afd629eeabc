"""circlet hash-password"""

from __future__ import annotations

import click

from gateway.cli.passwords import read_password
from gateway.io.passwords import hash_password as hash_text


@click.command("hash-password")
def hash_password() -> None:
    """Read a password (from a prompt, or a line of standard input) and print the hash, for an operator's entry."""
    click.echo(hash_text(read_password()))
