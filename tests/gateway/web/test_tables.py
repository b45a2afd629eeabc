"""Tables in HTML: each cell under its head, and numbers and times in short words."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.web.tables import cell, duration, number, table


class Cells(HTMLParser):
    """Collects (data-head, class, text) of each cell of the body."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str | None, str | None, str]] = []
        self._open: tuple[str | None, str | None] | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "td" or (tag == "th" and ("scope", "row") in attrs):
            known = dict(attrs)
            self._open = known.get("data-head"), known.get("class")
            self.found.append((*self._open, ""))

    def handle_data(self, data: str) -> None:
        if self._open is not None:
            head, kind, text = self.found[-1]
            self.found[-1] = head, kind, text + data

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._open = None


def test_each_cell_has_its_head_and_numbers_are_marked() -> None:
    made = table("Nodes", ["name", "ip", "up"], [["n1", "10.0.0.1", "5 s"], ["n2", "10.0.0.2", "–"]], (2,))
    assert Cells(made).found == [
        (None, None, "n1"), ("ip", None, "10.0.0.1"), ("up", "number", "5 s"),
        (None, None, "n2"), ("ip", None, "10.0.0.2"), ("up", "number", "–"),
    ]  # fmt: skip


def test_heads_and_label_are_text_and_cells_are_markup() -> None:
    made = table('a "b"', ["<h>", "x"], [["<b>n1</b>", "1"]])
    assert 'aria-label="a &quot;b&quot;"' in made and "&lt;h&gt;" in made and "<b>n1</b>" in made


def test_a_table_without_rows_has_its_heads() -> None:
    assert "<tbody" in table("Nodes", ["name"], []) and ">name</th>" in table("Nodes", ["name"], [])


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"), (0, "0 s"), (59.9, "59 s"), (60, "1 min"), (3_599, "59 min"), (3_600, "1 h 0 min"),
        (11_400, "3 h 10 min"), (86_400, "1 d 0 h"), (187_200, "2 d 4 h"),
    ],
)  # fmt: skip
def test_durations_have_the_largest_units_that_matter(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(("value", "text"), [(None, "–"), (0, "0.0"), (9.96, "10.0"), (99.94, "99.9"), (100, "100")])
def test_numbers_are_short(value: float | None, text: str) -> None:
    assert number(value) == text


@given(st.none() | st.integers())
def test_a_cell_shows_the_number_or_a_dash(value: int | None) -> None:
    assert cell(value) == ("–" if value is None else str(value))
