"""Entries and commands cross a link as they are; a kind that cannot read a part says so."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ring.ids import Incarnation, Term
from ring.replication.application import UNJUDGED
from ring.replication.raw import as_raw, as_raw_commands, read_command, read_entry, read_optional
from ring.wire.codec import decode, encode, reencode
from ring.wire.log import Command, Entry
from ring.wire.replication import Append, Publish
from tests.ring.ports import ME, ROOM
from tests.ring.toy import ToyKind

small = st.integers(0, 2**40)
words = st.lists(st.text(max_size=9), min_size=1, max_size=3)
origins = st.none() | st.builds(Incarnation, st.text(max_size=9), small)
terms = st.none() | st.builds(Term, small, st.text(max_size=9), small)
members = st.none() | st.lists(st.text(max_size=9), max_size=3).map(tuple)
names = st.none() | st.tuples(st.text(max_size=9), small)
outcomes = st.none() | st.just(UNJUDGED) | words


entries = st.builds(Entry, small, small, origins, small, small, outcomes, st.none() | words, terms, members, names)
commands = st.builds(Command, small, small, origins, small, small, st.none() | words, terms, members, names)


@given(st.lists(entries))
def test_entries_arrive_as_they_were_sent(sent: list[Entry]) -> None:
    (message,) = decode(encode([Publish(ROOM, Term(1, *ME), 9, as_raw(sent))]))
    assert isinstance(message, Publish)
    assert [read_entry(ToyKind(), entry) for entry in message.entries] == sent


@given(st.lists(commands))
def test_commands_arrive_as_they_were_sent(sent: list[Command]) -> None:
    (message,) = decode(encode([Append(ROOM, Term(1, *ME), as_raw_commands(sent))]))
    assert isinstance(message, Append)
    assert [read_command(ToyKind(), command) for command in message.commands] == sent


class Strict(ToyKind):
    """Reads no command, and every event."""

    def read_command(self, raw: msgspec.Raw) -> Any:
        raise msgspec.ValidationError("no such command")


def test_a_command_of_another_side_is_an_event() -> None:
    """P25."""
    (message,) = decode(encode([Append(ROOM, Term(1, *ME), as_raw_commands(
        [Command(1, 1, ME, 1, 1, ["say", "x"], original_id=("id", 5)), Command(2, 1, ME, 2, 1, ["say", "y"])]
    ))]))  # fmt: skip
    assert isinstance(message, Append)
    event, command = message.commands
    assert read_command(Strict(), event).command == ["say", "x"]
    with pytest.raises(msgspec.ValidationError):
        read_command(Strict(), command)


@pytest.mark.parametrize(("value", "read"), [(None, None), (False, UNJUDGED), (["x"], "read"), (0, "read")])
def test_nothing_and_a_mistake_are_read_by_no_kind(value: Any, read: Any) -> None:
    assert read_optional(lambda data: "read", reencode(value)) == read
