"""Cursors on the way to a client: merged, bounded, and believed once the client's machine has the bytes."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.edge.cursors.delivery import Delivery, OnTheWay, Reader, Sent, arrive, bound, learn
from gateway.state.session.session import CURSORS
from ring.ids import Term
from ring.wire.history import Cursor

TERM = Term(1, "127.0.0.1", 1)


def place(seq: int) -> Cursor:
    return Cursor(seq, 1_000 + seq, TERM)


@given(st.lists(st.integers(1, 50), min_size=1))
def test_the_furthest_of_the_cursors_counts_in_whatever_order(numbers: list[int]) -> None:
    places: dict[str, Cursor] = {}
    for number in numbers:
        learn(places, {"#c": place(number)})
    assert places == {"#c": place(max(numbers))}


def test_a_table_of_cursors_is_bounded_and_the_longest_unchanged_goes() -> None:
    places: dict[str, Cursor] = {}
    for number in range(CURSORS):
        learn(places, {f"#{number}": place(1)})
    learn(places, {"#0": place(2)})
    learn(places, {"#new": place(1)})
    assert len(places) == CURSORS and "#1" not in places and places["#0"] == place(2)


def test_bounding_keeps_the_newest_entries() -> None:
    table = dict.fromkeys("abcde", 1)
    bound(table, 2)
    assert [*table] == ["d", "e"]
    bound(table, 5)
    assert [*table] == ["d", "e"]


def test_pieces_arrive_in_order_and_only_as_far_as_the_bytes() -> None:
    waiting = [OnTheWay(10, {"#c": place(1)}), OnTheWay(20, {"#c": place(2)}), OnTheWay(30, {"#d": place(3)})]
    reached: dict[str, Cursor] = {}
    assert arrive(waiting, 9, reached) is None and reached == {}
    last = arrive(waiting, 20, reached)
    assert last is not None and last.upto == 20 and reached == {"#c": place(2)}
    assert arrive(waiting, 20, reached) is None
    assert arrive(waiting, float("inf"), reached) == OnTheWay(30, {"#d": place(3)})
    assert not waiting and reached["#d"] == place(3)


def test_a_sent_cursor_remembers_the_last_and_all_before() -> None:
    first = Sent.after(None, place(5))
    assert first == Sent(place(5), place(5))
    assert Sent.after(first, place(3)) == Sent(place(3), place(5))


def test_a_reader_goes_on_after_the_answer_to_its_own_ping() -> None:
    reader, done = Reader(), list[str]()
    reader.unread, reader.token = 900, "t1"
    reader.waiting.append(lambda: done.append("a"))
    reader.answered("t0")
    reader.answered("")
    assert done == [] and reader.unread == 900
    reader.answered("t1")
    assert done == ["a"] and (reader.unread, reader.token, reader.waiting) == (0, "", [])
    reader.answered("t1")
    assert done == ["a"]


def test_whoever_waits_again_waits_for_the_next_answer() -> None:
    reader, count = Reader(), [0]

    def again() -> Any:
        count[0] += 1
        reader.waiting.append(again)

    reader.token = "t1"
    reader.waiting.append(again)
    reader.answered("t1")
    assert count == [1] and reader.waiting == [again]


def test_a_new_connection_has_nothing_on_the_way() -> None:
    delivery = Delivery()
    assert not delivery.on_the_way and not delivery.awaiting and delivery.inquiry is None
