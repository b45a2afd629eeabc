"""A store fetches missing lines from another store, page by page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ring.history import repair
from ring.history.repair import Got, Keep, Mine, Send, Which, _keep, refill
from ring.ids import GroupId, Term
from ring.storage.store import Batch, Line, Range
from tests.sim.stores import MemoryStore

ROOM = GroupId("talk", "#room")
OLD, NOW = Term(1, "a", 1), Term(2, "b", 1)


def line(seq: int, term: Term = NOW) -> Line:
    return Line(ROOM, term, seq, 10 * seq, f"m{seq}", b"x" * seq)


def store(lines: list[Line]) -> MemoryStore:
    made = MemoryStore()
    made.write([Batch(1, {}, {}, lines)])
    return made


def lines_of(one: MemoryStore) -> list[Line]:
    return one.lines(Range(ROOM, None, None, 10_000, True))


def run(mine: MemoryStore, theirs: MemoryStore, head: int, most: int) -> list[int]:
    """most: lines of a message. Return the positions sent."""
    steps, sent = refill(ROOM, head, lambda found: found.term == NOW), []
    got: Got | None = None
    while True:
        try:
            step = next(steps) if got is None else steps.send(got)
        except StopIteration:
            return sent
        if isinstance(step, Keep):
            assert sum(_keep(step.lines)(mine)) == len(step.lines)
            got = Got([], [], False)
            continue
        found = (mine if isinstance(step, Mine) else theirs).lines(step.wanted)
        more = len(found) == step.wanted.limit
        if isinstance(step, Send):
            found, more = found[-most:], more or len(found) > most
            sent += [one.seq for one in found]
        got = Got([one.seq for one in found] if isinstance(step, Which) else [], found, more)


@pytest.fixture(autouse=True, scope="module")
def _small_pages() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(repair, "PAGE", 7)
        yield


seqs = st.sets(st.integers(1, 120))


@given(seqs, seqs, st.sets(st.integers(1, 120)), st.integers(1, 9), st.integers(1, 130))
def test_whatever_the_other_has_is_there(
    mine: set[int], theirs: set[int], lost: set[int], most: int, head: int
) -> None:
    """lost: lines of the other store under a term that did not last."""
    here = store([line(seq) for seq in mine])
    there = store([line(seq, OLD if seq in lost else NOW) for seq in theirs])
    sent = run(here, there, head, most)
    wanted = {seq for seq in theirs - lost if seq <= head}
    assert [one.seq for one in lines_of(here)] == sorted(mine | wanted)
    assert all(one.term == NOW for one in lines_of(here))
    assert run(here, there, head, most) == [] or lost & theirs
    assert wanted - mine <= {*sent}


def test_what_a_later_term_wrote_stays() -> None:
    here = store([line(1), line(2, Term(3, "c", 1)), line(3, OLD)])
    assert sum(_keep([line(1), line(2), line(3), line(4)])(here)) == 2
    assert [one.term for one in lines_of(here)] == [NOW, Term(3, "c", 1), NOW, NOW]
