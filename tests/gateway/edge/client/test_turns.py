"""Turns: lines of slow clients share a turn, and the connections take turns."""

from __future__ import annotations

from typing import Any

from gateway.edge.client.turns import LINES, Turns


def test_a_turn_has_so_many_lines() -> None:
    turns = Turns()
    assert [turns.take() for _ in range(LINES + 2)] == [True] * LINES + [False] * 2
    turns.begin()
    assert turns.take()


def test_nobody_passes_a_connection_that_waits() -> None:
    turns = Turns()
    first: Any = object()
    turns.waiting[first] = None
    assert not turns.take()
    assert turns.next() is first
    assert turns.next() is None
    assert turns.take()


def test_waiting_connections_are_carried_out_in_order_a_line_each() -> None:
    turns = Turns()
    connections: list[Any] = [object() for _ in range(3)]
    turns.waiting.update(dict.fromkeys(connections))
    served = []
    for _ in range(6):
        one = turns.next()
        assert one is not None
        served.append(one)
        turns.waiting[one] = None  # the connection has one more line
    assert served == connections * 2


def test_a_full_turn_serves_nobody_until_the_next_turn() -> None:
    turns = Turns()
    one: Any = object()
    for _ in range(LINES):
        turns.take()
    turns.waiting[one] = None
    assert turns.next() is None and one in turns.waiting
    turns.begin()
    assert turns.next() is one
