"""What a group has accepted from one origin: the last number, and the outcomes down to the origin's floor (P6, P8)."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from ring.ids import Incarnation
from ring.replication.client_log import ClientLog
from ring.wire.codec import reencode
from ring.wire.log import Entry, PackedClientLog

ANN = Incarnation("127.0.0.9", 1)


def entry(number: int, floor: int = 0) -> Entry:
    return Entry(10 + number, 1000 + number, ANN, number, floor, f"outcome {number}", None)


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 5)), max_size=40))
def test_outcomes_are_kept_down_to_the_floor(steps: list[tuple[int, int]]) -> None:
    """steps: how far the number rises, and how many commands still wait for an answer."""
    log, number, floor, accepted = ClientLog(), 0, 0, []
    for rise, waiting in steps:
        number += rise
        accepted.append(number)
        floor = max(floor, number - waiting)
        log.accept(entry(number, floor))
        assert log.last == number
        assert [*log.outcomes] == [n for n in accepted if n >= floor]
        assert log.outcomes[number] == (10 + number, 1000 + number, f"outcome {number}")


numbers = st.sets(st.integers(1, 30), max_size=10).map(sorted)


@given(numbers, numbers)
def test_the_counters_of_another_side_fill_the_gaps_and_replace_nothing(ours: list[int], theirs: list[int]) -> None:
    log = ClientLog()
    for number in ours:
        log.accept(entry(number))
    packed = tuple((n, 3, 4, reencode(f"theirs {n}")) for n in theirs)
    log.take(PackedClientLog(ANN, max(theirs, default=0), packed), 99, msgspec.msgpack.decode)
    assert log.last == max([0, *ours, *theirs])
    assert [*log.outcomes] == sorted({*ours, *theirs})
    for number, (seq, at, outcome) in log.outcomes.items():
        own = (10 + number, 1000 + number, f"outcome {number}")
        assert (seq, at, outcome) == (own if number in ours else (99, 4, f"theirs {number}"))
