"""Makes tables in HTML. A phone shows rows as cards: the style sheet puts `data-head` before each value. No I/O."""

from __future__ import annotations

from collections.abc import Container, Sequence
from html import escape


def table(label: str, heads: Sequence[str], rows: Sequence[Sequence[str]], numbers: Container[int] = ()) -> str:
    """Make a table. rows: cells as HTML; the first cell of each row is the row's head. numbers: columns of numbers.

    The roles are explicit, because browsers drop the roles of a table with rows shown as cards.
    """
    top = "".join(
        f'<th role="columnheader" scope="col"{_kind(column, numbers)}>{escape(head)}</th>'
        for column, head in enumerate(heads)
    )
    body = "".join(_row(heads, row, numbers) for row in rows)
    return (
        f'<table role="table" aria-label="{escape(label)}"><thead role="rowgroup"><tr role="row">{top}</tr></thead>'
        f'<tbody role="rowgroup">{body}</tbody></table>'
    )


def _row(heads: Sequence[str], row: Sequence[str], numbers: Container[int]) -> str:
    first, *rest = row
    cells = "".join(
        f'<td role="cell" data-head="{escape(heads[column])}"{_kind(column, numbers)}>{content}</td>'
        for column, content in enumerate(rest, 1)
    )
    return f'<tr role="row"><th role="rowheader" scope="row">{first}</th>{cells}</tr>'


def _kind(column: int, numbers: Container[int]) -> str:
    return ' class="number"' if column in numbers else ""


def cell(value: int | None) -> str:
    return "–" if value is None else str(value)


def number(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def duration(seconds: float | None) -> str:
    """Format in the largest units that matter: 42 s, 5 min, 3 h 10 min, 2 d 4 h."""
    if seconds is None:
        return "–"
    minutes = int(seconds // 60)
    if minutes < 1:
        return f"{int(seconds)} s"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes // 1440} d {minutes // 60 % 24} h"
