"""Questions about a history, as they cross a link."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ring.ids import NO_TERM, UNREADABLE, GroupId, Position, Term
from ring.storage.store import Range
from ring.wire.codec import decode, encode, packed
from ring.wire.history import Cursor, HistoryQuery, Mark, Query, Read

NUMBERS = st.integers(-(2**63), 2**63 - 1)
TERMS = st.builds(Term, NUMBERS, st.text(max_size=3), NUMBERS)
POSITIONS = st.lists(st.builds(Position, TERMS, NUMBERS), max_size=2).map(tuple)
CURSORS = st.builds(Cursor, NUMBERS, NUMBERS, TERMS, POSITIONS)
MARKS = st.none() | st.builds(Mark, st.none() | NUMBERS, st.none() | NUMBERS, st.none() | st.text(max_size=5))
QUERIES = st.builds(
    Query, NUMBERS, st.booleans(), MARKS, MARKS, st.booleans(), MARKS, st.text(max_size=3), NUMBERS, st.none() | CURSORS
)


@settings(max_examples=60)
@given(QUERIES, st.integers(0, 2**62))
def test_a_question_is_read_as_it_was_asked(query: Query, number: int) -> None:
    asked = HistoryQuery(GroupId("channel", "#a"), number, query)
    assert decode(encode([asked])) == [asked]


def test_what_a_shorter_message_leaves_out_has_its_default() -> None:
    assert msgspec.msgpack.decode(packed([5, 50]), type=Cursor) == Cursor(5, 50, NO_TERM, ())
    assert msgspec.msgpack.decode(packed([10]), type=Query) == Query(10)
    group = ["channel", "#a"]
    (read,) = decode(packed([[35, 1, [group, None, 9, 5, True]]]))
    assert read == Read(1, Range(GroupId("channel", "#a"), None, 9, 5, True), None)


@pytest.mark.parametrize("fields", [[], ["many"], [10, "yes"], [10, True, 5], [10, True, None, [1, 2, 3]]])
def test_what_is_no_question_is_not_read(fields: list[Any]) -> None:
    with pytest.raises(UNREADABLE):
        msgspec.msgpack.decode(packed(fields), type=Query)
