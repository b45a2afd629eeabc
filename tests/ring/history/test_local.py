"""One node's part of a history: what the log tells, within what a message carries."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ring.history import local
from ring.history.erased import Erased
from ring.history.local import (
    FAR,
    LIMIT,
    ahead,
    bounded,
    fitting,
    forgotten,
    history_of,
    in_log,
    logged,
    recorded_again,
    within,
)
from ring.history.pages import Found, Sought
from ring.ids import NO_TERM, GroupId, Incarnation, Position, Term
from ring.replication.replica import Replica
from ring.storage.store import Line, Range
from ring.wire.codec import packed
from ring.wire.history import Cursor, Query
from ring.wire.log import Entry
from tests.ring.toy import ToyKind, ToyState

ROOM = GroupId("channel", "#room")
FIRST, SECOND = Term(1, "a", 1), Term(2, "b", 1)
EDGE = Incarnation("e", 1)


def entry(seq: int, *event: Any, at: int | None = None, **changes: Any) -> Entry:
    return Entry(seq, 10 * seq if at is None else at, EDGE, seq, seq, None, [*event] or None, **changes)


def replica(*entries: Entry, lineage: Any = ((FIRST, 1), (SECOND, 4)), seq: int | None = None) -> Replica:
    made = Replica(ROOM, ToyKind(), ToyState(), lineage, seq if seq is not None else entries[-1].seq if entries else 0)
    for one in entries:
        made.log.append(one)
    return made


TALK = replica(
    entry(3, "say", "three"),
    entry(4, "join", "k", 1),
    entry(5, "say", "five"),
    entry(6),
    entry(7, "say", "seven", original_id=("theirs-9", 45)),
    entry(8, "say", "eight"),
)


def seqs(lines: list[Line]) -> list[int]:
    return [line.seq for line in lines]


def wanted(after: int | None = None, before: int | None = None, **more: Any) -> Range:
    return Range(ROOM, after, before, **{"limit": 100, "newest": False, **more})


@pytest.mark.parametrize(
    ("want", "found", "more"),
    [
        (wanted(), [3, 5, 7, 8], False),
        (wanted(3, 8), [5, 7], False),
        (wanted(limit=2), [3, 5], True),
        (wanted(limit=2, newest=True), [7, 8], True),
        (wanted(limit=4), [3, 5, 7, 8], True),  # as many as wanted: there may be more
        (wanted(limit=0), [], False),
        (wanted(limit=0, newest=True), [], False),
        (wanted(40, 60, by="at"), [5, 7], False),  # seven was said at 45, on another side
        (wanted(FAR), [], False),
    ],
)
def test_ranges_of_the_log(want: Range, found: list[int], more: bool) -> None:
    answer = in_log(TALK, want)
    assert seqs(answer.lines) == found
    assert answer.more is more


def test_a_line_is_found_by_the_msgid_that_another_side_gave_it() -> None:
    (line,) = in_log(TALK, Sought(ROOM, "theirs-9")).lines
    assert (line.seq, line.at, line.msgid) == (7, 45, "theirs-9")
    assert in_log(TALK, Sought(ROOM, "theirs-8")) == Found([], False)
    merged = replica(entry(1, "join", "k", 1, original_id=("theirs-1", 5)))
    assert in_log(merged, Sought(ROOM, "theirs-1")) == Found([], False)  # no message


def test_lines_of_the_log_have_their_terms_and_names() -> None:
    three, five, *_ = in_log(TALK, wanted()).lines
    assert (three.term, five.term) == (FIRST, SECOND) and three.msgid != five.msgid
    assert three.event == packed(["say", "three"]) and three.msgid.endswith("-3")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (Query(10), [3, 5, 7, 8]),
        (Query(10, wanted="e"), [3, 5, 7, 8]),
        (Query(10, wanted="seven"), [7]),
        (Query(10, since=46), [5, 8]),
        (Query(10, read=Cursor(5, 50, SECOND)), [7, 8]),
        (Query(10, read=Cursor(3, 30, FIRST)), [5, 7, 8]),
        (Query(10, read=Cursor(8, 80, SECOND)), []),
        (Query(10, read=Cursor(8, 47, Term(9, "z", 1))), [5, 8]),  # an unknown term: only the time tells
    ],
)
def test_the_logs_part_of_an_answer(query: Query, found: list[int]) -> None:
    assert seqs(logged(TALK, query)) == found


def test_a_line_is_recorded_again_as_the_log_has_it() -> None:
    stored = Line(ROOM, SECOND, 5, 50, TALK.event_id(5, 50).msgid, b"of an earlier build")
    assert recorded_again(TALK, stored).event == packed(["say", "five"])
    others = [
        Line(ROOM, SECOND, 2, 20, "x", b"too old"),
        Line(ROOM, SECOND, 99, 990, "x", b"too new"),
        Line(ROOM, SECOND, 5, 50, "of another log-5", b"another line"),
        Line(ROOM, SECOND, 6, 60, TALK.event_id(6, 60).msgid, b"no event"),
    ]
    assert all(recorded_again(TALK, line) is line for line in others)
    assert recorded_again(replica(seq=9), stored) is stored


def test_a_reader_goes_on_after_its_place() -> None:
    found = ahead(TALK, Cursor(5, 50, SECOND), "", 10)
    assert (found.after, found.head, seqs(found.lines or [])) == (5, 8, [7, 8]) and found.end.seq == 8
    assert seqs(ahead(TALK, Cursor(5, 50, SECOND), "", 1).lines or []) == [7]
    assert seqs(ahead(TALK, Cursor(2, 20, FIRST), "five", 10).lines or []) == [5]
    assert ahead(TALK, Cursor(8, 80, SECOND), "", 10).lines == []


def test_a_log_that_does_not_go_back_so_far_says_so() -> None:
    assert ahead(TALK, Cursor(1, 10, FIRST), "", 10).lines is None
    assert ahead(TALK, Cursor(1, 10, FIRST), "", 10).after == 1
    strange = ahead(TALK, Cursor(5, 50, Term(9, "z", 1)), "", 10)
    assert (strange.after, strange.lines) == (None, None)
    empty = replica(seq=8)
    assert ahead(empty, Cursor(5, 50, SECOND), "", 10).lines is None
    assert ahead(empty, Cursor(8, 80, SECOND), "", 10).lines == []


def test_a_reader_is_not_given_what_it_has_read_on_another_side() -> None:
    theirs = Term(2, "c", 1)
    cursor = Cursor(4, 40, SECOND, (Position(theirs, 9),))
    assert seqs(ahead(TALK, cursor, "", 10).lines or []) == [5, 7, 8]


# The history as the whole network has it ------------------------------------------------------------------------------


def test_positions_and_lines_that_belong_to_the_replicas_lineage() -> None:
    history = history_of(TALK, "", 0)
    assert (history.group, history.head) == (ROOM, 8)
    assert [history.position(TALK.event_id(seq, 0).msgid) for seq in (3, 8)] == [3, 8]
    odd = ["", "5", "nonsense-", "-zz", f"{TALK.msgid_prefix}0", f"{TALK.msgid_prefix}-5", f"{TALK.msgid_prefix}9"]
    assert [history.position(msgid) for msgid in odd] == [None] * len(odd)
    assert history.position(f"{TALK.msgid_prefix}3") is None  # a position of the term before
    places = [(FIRST, 3), (SECOND, 4), (SECOND, 9), (FIRST, 4), (NO_TERM, 3)]
    lines = [Line(ROOM, term, seq, 1, "x", b"") for term, seq in places]
    assert [history.is_ours(line) for line in lines] == [True, True, False, False, False]


def test_lines_that_are_too_old_unreadable_or_not_selected_do_not_pass() -> None:
    history = history_of(TALK, "hello", 100)
    said = packed(["say", "hello ann"])
    cases = [(100, said, True), (99, said, False), (100, b"\xc1", False), (100, packed(["say", "bye"]), False)]
    for at, event, passes in cases:
        assert history.passes(Line(ROOM, FIRST, 1, at, "x", event)) is passes


# Bounds ---------------------------------------------------------------------------------------------------------------


@given(st.integers() | st.none(), st.integers() | st.none(), st.integers())
def test_any_range_has_bounds_that_a_store_can_count(after: int | None, before: int | None, limit: int) -> None:
    want = within(Range(ROOM, after, before, limit, True))
    assert want.after is None if after is None else want.after is not None and abs(want.after) <= FAR
    assert want.before is None if before is None else want.before is not None and abs(want.before) <= FAR
    assert 0 <= want.limit <= LIMIT and want.newest
    if after is not None and abs(after) <= FAR:
        assert want.after == after


SIZES = st.lists(st.integers(0, 300), max_size=12)


@settings(max_examples=60)
@given(SIZES, st.booleans(), st.integers(0, 15))
def test_an_answer_fits_a_message_and_says_whether_there_is_more(sizes: list[int], newest: bool, limit: int) -> None:
    lines = [Line(ROOM, FIRST, seq, seq, "m", bytes(size)) for seq, size in enumerate(sizes)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local, "BYTES", 500)
        found = bounded(lines, wanted(limit=limit, newest=newest))
        kept = fitting(lines, newest=newest)
    size = sum(len(line.event) + len(line.msgid) + 64 for line in kept)
    assert kept == [] if not lines else len(kept) == 1 or size <= 500
    assert len(found.lines) <= limit
    assert found.lines == (lines[len(lines) - len(found.lines) :] if newest else lines[: len(found.lines)])
    if len(found.lines) < len(lines) and limit > 0:
        assert found.more


def test_the_test_for_lines_to_be_forgotten_reads_authors_only_where_they_count() -> None:
    class Kind(ToyKind):
        def authors(self, event: Any) -> tuple[str, ...]:
            return (event[0],)

    line = Line(ROOM, FIRST, 1, 10, "m1", packed(["ann", "hello"]))
    broken = Line(ROOM, FIRST, 1, 10, "m1", b"\xc1")
    by_author = forgotten(Kind(), Erased(authors={"ann": 10}))
    assert by_author(line) and not by_author(broken)
    by_msgid = forgotten(Kind(), Erased(msgids=frozenset({"m1"})))
    assert by_msgid(line) and by_msgid(broken)
