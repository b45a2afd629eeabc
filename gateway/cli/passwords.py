"""Reads a password for a command: from a prompt on a terminal, otherwise from standard input."""

from __future__ import annotations

import sys

import click

from gateway.accounts.credentials import flaw
from gateway.cli.files import fail


def read_password() -> str:
    """Read a password without a `flaw`. A password with a flaw ends the command."""
    try:
        if sys.stdin.isatty():
            password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
        else:
            password = sys.stdin.buffer.readline().rstrip(b"\r\n").decode()
    except UnicodeDecodeError:
        problem: str | None = "A password must be UTF-8"
    else:
        problem = flaw(password)
    if problem is not None:
        fail(f"{problem[0].lower()}{problem[1:]}: give a password of 1 to 1,000 bytes of UTF-8")
    return str(password)
