"""circlet hash-password"""

from __future__ import annotations

import sys

import click

from gateway.cli.files import fail
from gateway.shells.passwords import MAX_BYTES
from gateway.shells.passwords import hash_password as hash_text


@click.command("hash-password")
def hash_password() -> None:
    """Read a password (a prompt, or a line of standard input) and print its hash, for an operator's entry."""
    if sys.stdin.isatty():
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    size = len(password.encode("utf-8", "surrogateescape"))
    if not 1 <= size <= MAX_BYTES:
        fail(f"a password has 1 to {MAX_BYTES} bytes, this one has {size}")
    click.echo(hash_text(password))
