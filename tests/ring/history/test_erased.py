"""Which lines are named by an erasure."""

from __future__ import annotations

import pytest

from ring.history.erased import NOTHING, Erased
from ring.ids import GroupId, Term
from ring.storage.store import Line

LINE = Line(GroupId("channel", "#a"), Term(1, "k", 1), 5, 1000, "m5", b"")


@pytest.mark.parametrize(
    ("erased", "authors", "named"),
    [
        (NOTHING, ("ann",), False),
        (Erased(before=999), (), False),
        (Erased(before=1000), (), True),
        (Erased(msgids=frozenset({"m4"})), (), False),
        (Erased(msgids=frozenset({"m4", "m5"})), (), True),
        (Erased(authors={"ann": 1000}), ("ann",), True),
        (Erased(authors={"ann": 999}), ("ann",), False),
        (Erased(authors={"ann": 1000}), ("bob",), False),
        (Erased(authors={"ann": 1000}), (), False),
        (Erased(authors={"ann": 1000}), ("bob", "ann"), True),  # a nick and an account
    ],
)
def test_a_line_is_named_by_time_msgid_or_author(erased: Erased, authors: tuple[str, ...], named: bool) -> None:
    assert erased.has(LINE, authors) is named
