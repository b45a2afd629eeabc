"""How the messages of a network grow with its nodes: small networks of `python -m tests.sim.scale`."""

from __future__ import annotations

from functools import cache

import pytest

from tests.sim.scale import Row, Scale, exponent, table

SIZES = [6, 18]


@cache
def measured() -> list[list[Row]]:
    return [Scale(size).measure() for size in SIZES]


def growth(what: str, name: str = "messages") -> float:
    """Return the exponent with which a situation's messages grow; 0 if there are none."""
    values = [float(getattr(row, name)) for rows in measured() for row in rows if row.what == what]
    assert len(values) == len(SIZES), what
    return exponent(SIZES, values) or 0.0


@pytest.mark.parametrize(
    ("what", "most"), [("LUSERS", 0), ("LIST", 40), ("WHO with a mask", 10), ("WHO of a nick", 10)]
)
def test_few_nodes_of_a_large_network_are_asked(what: str, most: int) -> None:
    """The own commands settle before LIST and WHO, and links that were closed without use are made again."""
    assert next(row.messages for row in measured()[1] if row.what == what) <= most


def test_no_node_does_more_each_second_than_the_network_has_nodes() -> None:
    assert growth("idle: all", "most") <= 1.1
    assert growth("idle: directories") <= 0.1
    assert growth("idle: questions to nodes") <= 0.3
    assert growth("idle: groups") <= 0.5


@pytest.mark.parametrize(
    "what",
    [
        "WHOIS",
        "WHOIS of an absent nick",
        "a message to a channel",
        "a ban in a channel",
        "a new channel",
        "a person comes",
        "a watch of an absent nick",
    ],
)
def test_what_concerns_one_group_does_not_grow(what: str) -> None:
    assert growth(what) <= 0.6


def test_a_line_of_the_table_tells_what_grows() -> None:
    rows = [[Row("x", "in all", float(n * n), 0.0, 0.0)] for n in (10, 100)]
    assert table([10, 100], rows)[-1] == "| x | messages in all | 100 | 10,000 | 2.0 |"
    assert exponent([10], [1.0]) is None
