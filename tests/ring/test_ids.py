"""Terms are ordered, and never two of them are equal (P3); positions follow their terms."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ring.ids import NO_TERM, UNREADABLE, GroupId, Incarnation, Position, Term

TERMS = st.builds(Term, st.integers(0, 3), st.sampled_from(["", "127.0.0.1", "127.0.0.2"]), st.integers(0, 3))


def test_terms_are_ordered_by_number_then_key_then_life() -> None:
    terms = [Term(2, "a", 9), Term(2, "b", 1), Term(2, "b", 2), Term(3, "a", 1)]
    assert sorted(terms) == terms and min(terms) > NO_TERM


@given(TERMS, TERMS)
def test_two_masters_have_different_terms_and_one_of_them_is_higher(one: Term, other: Term) -> None:
    """Whatever their numbers are: two nodes, or two lives of a node, never share a term."""
    if (one.key, one.incarnation) != (other.key, other.incarnation):
        assert one != other and (one < other) != (other < one)
    assert (one < other) == (Position(one, 9) < Position(other, 1)) or one == other


@settings(max_examples=50)
@given(st.text(), st.text(), st.integers(-(2**63), 2**63 - 1))
def test_names_travel_as_lists_and_come_back(kind: str, name: str, number: int) -> None:
    for value in (GroupId(kind, name), Incarnation(name, number), Term(number, name, 1)):
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(value), type=type(value)) == value


@pytest.mark.parametrize("data", [b"\xc1", b"\x91\xa1\xff", b"\x91" * 100_000, b"\xa5abc", b"\x92\x01\x02", b""])
def test_whatever_a_peer_sends_fails_in_one_of_the_known_ways(data: bytes) -> None:
    with pytest.raises(UNREADABLE):
        msgspec.msgpack.decode(data, type=GroupId)


@given(st.integers(0, 2**63 - 2), st.integers(1, 2**20 - 1), st.integers(1, 2**20 - 1))
def test_questions_of_two_lives_in_a_row_have_different_numbers(life: int, one: int, other: int) -> None:
    before, after = Incarnation("a", life), Incarnation("a", life + 1)
    assert before.first_number + one != after.first_number + other
    assert 0 <= after.first_number < 2**32
