"""Tables for people: nothing is cut off, whether on a terminal or in a pipe."""

from __future__ import annotations

import sys

from rich import box
from rich.console import Console
from rich.table import Table

PIPE_WIDTH = 240


def table(*headers: str) -> Table:
    made = Table(box=box.SIMPLE_HEAD)
    for header in headers:
        made.add_column(header, overflow="fold")
    return made


def text_of(made: Table) -> str:
    """As standard output shows it: coloured on a terminal, without trailing spaces in a pipe."""
    console = Console(width=None if sys.stdout.isatty() else PIPE_WIDTH)
    with console.capture() as capture:
        console.print(made)
    return "\n".join(line.rstrip() for line in capture.get().split("\n")).strip("\n") + "\n"
