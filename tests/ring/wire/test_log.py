"""Entries, commands and snapshots cross a link unchanged, with the kinds' contents still encoded."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ring.ids import UNREADABLE, Incarnation, Term
from ring.wire.codec import packed, reencode, size
from ring.wire.log import (
    Command,
    Entry,
    ForkState,
    MergedTerm,
    MergeRecord,
    PackedClientLog,
    RawCommand,
    RawEntry,
    Snapshot,
    raw,
)

EDGE, TERM = Incarnation("e", 1), Term(2, "b", 1)
MERGED = (MergedTerm(TERM, 9, 4),)
CLIENTS = (PackedClientLog(EDGE, 7, ((6, 3, 30, reencode(["ok"])), (7, 4, 40, reencode(None)))),)

VALUES = st.none() | st.integers(-5, 5) | st.text(max_size=4) | st.lists(st.text(max_size=3), max_size=3)
ENTRIES = st.builds(
    Entry,
    st.integers(0, 9),
    st.integers(0, 9),
    st.none() | st.just(EDGE),
    st.integers(0, 9),
    st.integers(0, 9),
    VALUES,
    VALUES,
    st.none() | st.just(TERM),
    st.none() | st.just(("a", "b")),
    st.none() | st.just(("theirs-9", 45)),
    st.none() | st.just(MergeRecord(CLIENTS, 3, MERGED, (("theirs-9", "ours-3"),))),
)


@settings(max_examples=60)
@given(ENTRIES)
def test_an_entry_is_read_raw_and_written_again_as_it_came(entry: Entry) -> None:
    """A follower passes on entries that the follower itself cannot read."""
    read = msgspec.msgpack.decode(packed(entry), type=RawEntry)
    assert packed(read) == packed(entry) and size(entry) == len(packed(entry))
    assert msgspec.msgpack.decode(read.outcome) == entry.outcome and msgspec.msgpack.decode(read.event) == entry.event
    assert (read.seq, read.origin, read.handed, read.members) == (entry.seq, entry.origin, entry.handed, entry.members)
    assert (read.original_id, read.side) == (entry.original_id, entry.side)


def test_a_command_is_read_raw_with_the_state_of_another_side() -> None:
    side = ForkState(reencode({"a": 1}), CLIENTS, 3, MERGED, (("theirs-9", "ours-3"),))
    command = Command(5, 50, EDGE, 7, 6, ["say", "hello"], side=side)
    read = msgspec.msgpack.decode(packed(command), type=RawCommand)
    assert packed(read) == packed(command) and msgspec.msgpack.decode(read.command) == ["say", "hello"]
    assert read.side is not None and bytes(read.side.state) == packed({"a": 1}) and read.side.merged == MERGED


def test_a_value_is_written_in_place_of_raw_bytes() -> None:
    tail = [Entry(1, 10, None, 0, 0, raw(None), raw(["say", "x"]))]
    snapshot = Snapshot(((TERM, 1),), 1, 10, raw([[], ["x"]]), CLIENTS, tail)
    read = msgspec.msgpack.decode(packed(snapshot), type=Snapshot)
    assert bytes(read.state) == packed([[], ["x"]]) and bytes(read.tail[0].event) == packed(["say", "x"])
    assert packed(read) == packed(snapshot)
    assert (read.pending, read.merged, read.archives, read.aliases, read.members, read.epoch) == ([], (), (), (), (), 0)


ODD = [[], [1, 2], ["one", 10, None, 0, 0, None, None], [1, 10, "edge", 0, 0, None, None], [1, 10, None, 0, 0, None]]


@pytest.mark.parametrize("fields", ODD)
def test_what_is_no_entry_is_not_read(fields: list[Any]) -> None:
    with pytest.raises(UNREADABLE):
        msgspec.msgpack.decode(packed(fields), type=RawEntry)
