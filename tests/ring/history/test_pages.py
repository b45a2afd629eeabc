"""The lines in answer to a query, put together from stores with parts of the lines."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ring.history.pages import Found, History, Sought, merge_pages
from ring.history.resume import Resumed
from ring.ids import GroupId, Term
from ring.storage.store import Batch, Line
from ring.wire.history import Cursor, Mark, Query
from tests.sim.stores import MemoryStore

ROOM = GroupId("talk", "#room")
ONE, TWO, OTHER = Term(1, "a", 1), Term(2, "b", 1), Term(3, "c", 1)


def line(seq: int, at: int | None = None, term: Term = ONE) -> Line:
    return Line(ROOM, term, seq, 10 * seq if at is None else at, f"m{term.number}-{seq}", str(seq).encode())


def disk(lines: list[Line]) -> MemoryStore:
    made = MemoryStore()
    made.write([Batch(1, {}, {}, lines)])
    return made


def history(head: int, fork: int | None = None) -> History:
    """fork: the second term begins here."""

    def is_ours(found: Line) -> bool:
        return found.seq <= head and found.term == (TWO if fork is not None and found.seq >= fork else ONE)

    def passes(found: Line) -> bool:
        return not found.event.startswith(b"hidden")

    def resume(cursor: Cursor) -> Resumed | None:
        return None if cursor.term == OTHER else Resumed(cursor.seq - 2, lambda msgid, at: msgid == f"m1-{cursor.seq}")

    return History(ROOM, head, lambda msgid: None, is_ours, passes, resume)


def ask(known: History, query: Query, *disks: MemoryStore) -> list[int] | None:
    """The positions of the answer."""
    steps, found = merge_pages(known, query), None
    while True:
        try:
            want = next(steps) if found is None else steps.send(found)
        except StopIteration as end:
            return None if end.value is None else [answer.seq for answer in end.value]
        found = []
        for one in disks:
            if isinstance(want, Sought):
                hit = one.find(want.group, want.msgid)
                found.append(Found([hit] if hit is not None else [], False))
            else:
                lines = one.lines(want)
                found.append(Found(lines, len(lines) >= want.limit))


TEN = [line(seq) for seq in range(1, 11)]


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        (Query(3), [8, 9, 10]),
        (Query(3, newest=False), [1, 2, 3]),
        (Query(3, before=Mark(seq=5)), [2, 3, 4]),
        (Query(3, before=Mark(msgid="m1-5")), [2, 3, 4]),
        (Query(3, before=Mark(at=50)), [2, 3, 4]),
        (Query(3, before=Mark(at=51)), [3, 4, 5]),
        (Query(3, newest=False, after=Mark(seq=5)), [6, 7, 8]),
        (Query(3, newest=False, after=Mark(at=50)), [6, 7, 8]),
        (Query(3, newest=False, after=Mark(at=49)), [5, 6, 7]),
        (Query(3, after=Mark(msgid="m1-8")), [9, 10]),
        (Query(3, newest=False, read=Cursor(5, 50, ONE)), [4, 6, 7]),  # the page goes on from 3, and has 5
        (Query(3, newest=False, after=Mark(seq=6), read=Cursor(5, 50, ONE)), [7, 8, 9]),
        (Query(9, read=Cursor(2, 75, OTHER)), [8, 9, 10]),  # a log of which nothing is known
        (Query(9, after=Mark(seq=3), before=Mark(at=60)), [4, 5]),
        (Query(9, after=Mark(seq=7), before=Mark(seq=7)), []),
        (Query(9, after=Mark(seq=8), before=Mark(seq=3)), []),
        (Query(4, around=Mark(msgid="m1-5")), [3, 4, 5, 6]),
        (Query(5, around=Mark(at=50)), [3, 4, 5, 6, 7]),
        (Query(4, around=Mark(msgid="m1-1")), [1, 2, 3, 4]),
        (Query(1, around=Mark(msgid="m1-5")), [5]),
        (Query(4, around=Mark(at=10**9)), [9, 10]),
        (Query(4, around=Mark(at=0)), [1, 2, 3, 4]),
        (Query(3, before=Mark(at=10)), []),
        (Query(3, after=Mark(at=100)), []),
        (Query(3, before=Mark(seq=-(2**62))), []),
        (Query(3, before=Mark(seq=2**62)), [8, 9, 10]),
        (Query(3, after=Mark(seq=2**62)), []),
        (Query(3, after=Mark(at=2**62)), []),
        (Query(3, before=Mark(at=2**62)), [8, 9, 10]),
        (Query(2, False, Mark(seq=2), Mark(seq=9), between=True), [3, 4]),
        (Query(2, False, Mark(seq=9), Mark(seq=2), between=True), [7, 8]),
        (Query(2, False, Mark(at=90), Mark(msgid="m1-2"), between=True), [7, 8]),
        (Query(2, False, Mark(msgid="m1-9"), Mark(at=20), between=True), [7, 8]),
        (Query(2, False, Mark(at=85), Mark(at=25), between=True), [7, 8]),
        (Query(2, False, Mark(at=25), Mark(at=85), between=True), [3, 4]),
        (Query(2, False, Mark(seq=4), Mark(seq=4), between=True), []),
        (Query(0), []),
        (Query(-5), []),
        (Query(20, since=80), [8, 9, 10]),
        (Query(20, since=81), [9, 10]),
        (Query(20, since=2**62), []),
        (Query(3, before=Mark(msgid="who knows")), None),
        (Query(3, around=Mark(msgid="")), None),
    ],
)
def test_each_query(query: Query, answer: list[int] | None) -> None:
    assert ask(history(10), query, disk(TEN[:5]), disk(TEN[5:]), disk(TEN[3:7])) == answer
    assert ask(history(10), query, disk(TEN)) == answer


def test_what_no_term_of_the_lineage_said_is_left_out() -> None:
    lost = [line(seq) for seq in range(6, 9)]
    kept = [line(seq, term=TWO) for seq in range(6, 8)]
    assert ask(history(7, fork=6), Query(9), disk(TEN[:5] + lost), disk(kept)) == [1, 2, 3, 4, 5, 6, 7]
    assert ask(history(7, fork=6), Query(9, after=Mark(msgid="m1-7")), disk(TEN[:5] + lost), disk(kept)) is None


def test_what_another_side_said_keeps_its_time_and_stands_where_it_was_taken_in() -> None:
    lines = [*TEN[:5], line(6, at=23), line(7, at=24), *TEN[7:]]
    assert ask(history(10), Query(9, before=Mark(at=30)), disk(lines)) == [1, 2, 6, 7]
    assert ask(history(10), Query(9, after=Mark(at=30)), disk(lines)) == [4, 5, 8, 9, 10]
    assert ask(history(10), Query(2, before=Mark(seq=8)), disk(lines)) == [6, 7]


def test_what_the_asker_may_not_see_does_not_count() -> None:
    lines = [line(seq) for seq in range(1, 3001)]
    hidden = [Line(*msg[:5], b"hidden") for msg in [(ROOM, ONE, seq, 10 * seq, f"m1-{seq}") for seq in range(4, 2990)]]
    half = disk([*lines[:3], *hidden, *lines[2989:]])
    assert ask(history(3000), Query(13), half) == [2, 3, *range(2990, 3001)]
    assert ask(history(3000), Query(5, newest=False), half) == [1, 2, 3, 2990, 2991]


@given(st.data())
@settings(max_examples=60)
def test_pages_of_any_size_are_the_whole_history_in_order(data: st.DataObject) -> None:
    """Any lines may be in each store, as long as every line is in one of the stores."""
    chance = random.Random(data.draw(st.integers(0, 2**32)))
    head = data.draw(st.integers(0, 400))
    seqs = [seq for seq in range(1, head + 1) if chance.random() < 0.8]
    disks = [disk([]) for _ in range(data.draw(st.integers(1, 3)))]
    for seq in seqs:
        for one in {chance.choice(disks), chance.choice(disks)} if len(disks) > 1 else disks:
            one.write([Batch(1, {}, {}, [line(seq)])])
    size = data.draw(st.integers(1, 90))
    known = history(head)
    assert ask(known, Query(10_000), *disks) == seqs
    for back, name in ((True, "seq"), (True, "msgid"), (False, "seq"), (False, "at")):
        walked: list[int] = []
        mark: Mark | None = None
        while page := ask(known, Query(size, newest=back, **{"before" if back else "after": mark}), *disks):
            assert len(page) <= size
            walked = page + walked if back else walked + page
            at = page[0] if back else page[-1]
            mark = {"seq": Mark(seq=at), "msgid": Mark(msgid=f"m1-{at}"), "at": Mark(at=10 * at)}[name]
        assert walked == seqs
