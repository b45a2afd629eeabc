"""Tables show what they are given, letter by letter."""

from __future__ import annotations

import pytest

from gateway.cli.tables import table, text_of


@pytest.mark.parametrize(
    "cell", ["[fd00::11]:6667", "[joe]", "[bold]", "[/]", r"\[x]", ":smile:", "[link=file:///etc]a"]
)
def test_a_cell_is_no_markup(cell: str) -> None:
    rows = table("name", "IRC address")
    rows.add_row("node-1", cell)
    assert text_of(rows).splitlines()[-1].split() == ["node-1", *cell.split()]
