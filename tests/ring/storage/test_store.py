"""What stores keep, and what a node without a store answers."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from ring.ids import GroupId, Term
from ring.storage.store import Line, Range, StoreError, no_store

TEXT = st.text(max_size=8)
NUMBERS = st.integers(-(2**63), 2**64 - 1)
GROUPS = st.builds(GroupId, TEXT, TEXT)


@settings(max_examples=50)
@given(st.builds(Line, GROUPS, st.builds(Term, NUMBERS, TEXT, NUMBERS), NUMBERS, NUMBERS, TEXT, st.binary(max_size=8)))
def test_a_line_crosses_a_link_as_it_is(line: Line) -> None:
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(line), type=Line) == line


@settings(max_examples=50)
@given(GROUPS, st.none() | NUMBERS, st.none() | NUMBERS, NUMBERS, st.booleans(), st.sampled_from(["seq", "at"]))
def test_a_range_crosses_a_link_as_it_is(
    group: GroupId, after: int | None, before: int | None, limit: int, newest: bool, by: Any
) -> None:
    wanted = Range(group, after, before, limit, newest, by)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(wanted), type=Range) == wanted


def test_a_node_without_a_store_answers_with_an_error_and_never_runs_the_job() -> None:
    ran, answers = list[object](), list[Any]()
    no_store(ran.append, answers.append)
    assert ran == [] and isinstance(answers[0], StoreError) and str(answers[0]) == "this node has no store"
