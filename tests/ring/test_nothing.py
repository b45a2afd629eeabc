"""A table of everybody stays empty, whoever writes a table of the own."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from ring.nothing import NOTHING, drop, own


def test_a_write_makes_a_table_of_the_own_and_keeps_that_table() -> None:
    first: Mapping[str, int] = NOTHING
    table = first = own(first)
    table["a"] = 1
    assert own(first) is first and first == {"a": 1}
    assert len(NOTHING) == 0


def test_what_is_dropped_is_returned_once() -> None:
    table = {"a": 1}
    assert drop(table, "a") == 1
    assert drop(table, "a") is None
    assert drop(NOTHING, "a") is None


def test_nobody_writes_the_empty_table() -> None:
    with pytest.raises(TypeError):
        NOTHING["a"] = 1  # type: ignore[index]
