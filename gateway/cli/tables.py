"""Tables for people. No cell is cut off, on a terminal or in a pipe."""

from __future__ import annotations

import sys

from rich import box
from rich.console import Console, RenderableType
from rich.style import StyleType
from rich.table import Table
from rich.text import Text

PIPE_WIDTH = 240


class Plain(Table):
    """A table without markup: Rich would take `[fd00::11]:6667` or the account `[joe]` for markup."""

    def add_row(self, *cells: RenderableType | None, style: StyleType | None = None, end_section: bool = False) -> None:
        plain = (Text(cell) if isinstance(cell, str) else cell for cell in cells)
        super().add_row(*plain, style=style, end_section=end_section)


def table(*headers: str) -> Plain:
    made = Plain(box=box.SIMPLE_HEAD)
    for header in headers:
        made.add_column(header, overflow="fold")
    return made


def text_of(made: Table) -> str:
    """Format the table for standard output: coloured on a terminal, without trailing spaces in a pipe."""
    console = Console(width=None if sys.stdout.isatty() else PIPE_WIDTH)
    with console.capture() as capture:
        console.print(made)
    return "\n".join(line.rstrip() for line in capture.get().split("\n")).strip("\n") + "\n"
