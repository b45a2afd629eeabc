"""Several batches of changes as one, and what a batch takes of memory."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ring.batches import LINE_BYTES, merged, shortened, size
from ring.ids import GroupId, Term
from ring.storage.store import Batch, Line, Range
from tests.sim.stores import MemoryStore

GROUPS = [GroupId("channel", name) for name in ("#a", "#b")]
TERM = Term(1, "127.0.0.1", 1)


def line(group: int, seq: int, event: bytes = b"hi") -> Line:
    return Line(GROUPS[group], TERM, seq, seq, f"m{seq}", event)


def contents(store: MemoryStore) -> tuple[object, ...]:
    said = [store.lines(Range(group, None, None, 1000, False)) for group in GROUPS]
    return dict(store.replicas()), said


LINES = st.lists(st.builds(line, st.integers(0, 1), st.integers(1, 8), st.binary(max_size=2)), max_size=5)
ENDS = st.dictionaries(st.sampled_from(GROUPS), st.integers(0, 8), max_size=2)
COPIES = st.dictionaries(st.sampled_from(GROUPS), st.none() | st.binary(max_size=2), max_size=2)
BATCHES = st.lists(st.tuples(COPIES, ENDS, LINES), min_size=1, max_size=4)


@settings(max_examples=60)
@given(LINES, BATCHES)
def test_merged_batches_do_what_the_batches_do(
    before: list[Line], parts: list[tuple[dict[GroupId, bytes | None], dict[GroupId, int], list[Line]]]
) -> None:
    batches = [Batch(number, *part) for number, part in enumerate(parts, 1)]
    one, other = MemoryStore(), MemoryStore()
    for store in (one, other):
        store.write([Batch(0, {}, {}, before)])
    one.write(batches)
    whole = merged(batches)
    other.write([whole])
    assert contents(one) == contents(other) and whole.number == len(batches)
    assert size(whole) <= sum(map(size, batches))


def test_a_size_counts_events_replicas_and_ends() -> None:
    batch = Batch(1, {GROUPS[0]: bytes(1000), GROUPS[1]: None}, {GROUPS[0]: 5}, [line(0, 1, bytes(50))])
    assert size(batch) == 1050 + 4 * LINE_BYTES
    assert size(Batch(1, {}, {}, [])) == 0


@settings(max_examples=60)
@given(LINES, st.integers(-10, 2000))
def test_a_batch_is_shortened_at_its_beginning_and_no_more_than_needed(lines: list[Line], most: int) -> None:
    batch = Batch(1, {GROUPS[0]: b"replica"}, {GROUPS[1]: 3}, lines)
    short = shortened(batch, most)
    assert (short.replicas, short.ends, short.number) == (batch.replicas, batch.ends, 1)
    assert short.lines == lines[len(lines) - len(short.lines) :]
    assert size(short) <= most or short.lines == []
    if len(short.lines) < len(lines):
        assert size(batch._replace(lines=lines[len(lines) - len(short.lines) - 1 :])) > most
