"""Lines of a client that its session's node has not settled yet (P9)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.edge.sessions.unsettled import BYTES, LINE, UnsettledLines


def test_lines_are_dropped_up_to_the_settled_number() -> None:
    held = UnsettledLines(10)
    for line in (b"11", b"12", b"13"):
        held.add(line)
    held.settle(12)
    assert [*held.lines] == [b"13"] and held.settled == 12
    held.settle(11)
    assert [*held.lines] == [b"13"] and held.settled == 12


def test_more_than_there_is_cannot_be_settled() -> None:
    held = UnsettledLines(0)
    held.add(b"1")
    held.settle(99)
    assert not held.lines and held.settled == 1


def test_the_limit_counts_bytes_and_lines() -> None:
    held = UnsettledLines(0)
    for _ in range(BYTES // LINE):
        assert not held.is_full
        held.add(b"")
    assert held.is_full
    held.settle(1)
    assert not held.is_full
    held.add(b"x" * BYTES)
    assert held.is_full


@given(st.lists(st.one_of(st.binary(max_size=9), st.integers(0, 40)), max_size=40), st.integers(0, 5))
def test_what_is_left_is_always_the_end_of_what_was_added(steps: list[bytes | int], start: int) -> None:
    held, added = UnsettledLines(start), list[bytes]()
    for step in steps:
        if isinstance(step, bytes):
            held.add(step)
            added.append(step)
        else:
            held.settle(step)
        assert [*held.lines] == added[held.settled - start :]
    held.settle(10**9)
    assert not held.is_full and held.settled == start + len(added)
