"""Messages between replicas: what earlier builds leave out has its default, and entries stay encoded."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ring.features import unsupported
from ring.ids import NO_TERM, UNREADABLE, GroupId, Term
from ring.wire.codec import decode, encode, packed
from ring.wire.log import Command, Entry, Snapshot, raw
from ring.wire.replication import Ack, Append, Held, Prepare, Promise, Publish, Replace, Stopped

ROOM, TERM = GroupId("channel", "#room"), Term(2, "b", 1)
PLACE, LINEAGE = ["channel", "#room"], [[[2, "b", 1], 1]]


def test_entries_and_commands_are_read_raw_and_passed_on_as_they_came() -> None:
    entries: Any = [Entry(1, 10, None, 0, 0, ["ok"], ["say", "x"], members=("a", "b"))]
    commands: Any = [Command(2, 20, None, 0, 0, ["say", "y"], handed=TERM)]
    sent = encode([Publish(ROOM, TERM, 1, entries), Append(ROOM, TERM, commands)])
    publish, append = decode(sent)
    assert isinstance(publish, Publish) and isinstance(append, Append)
    assert type(publish.entries[0].event) is msgspec.Raw and publish.entries[0].members == ("a", "b")
    assert bytes(append.commands[0].command) == packed(["say", "y"]) and append.commands[0].handed == TERM
    assert encode([publish, append]) == sent


def test_a_promise_without_the_later_fields_says_nothing_of_them() -> None:
    (read,) = decode(packed([[17, [[PLACE, "copy", LINEAGE, 7]]]]))
    held = Held(ROOM, "copy", ((TERM, 1),), 7)
    assert read == Promise([held])
    assert (held.epoch, held.promised, held.cold, held.members, held.coming) == (0, NO_TERM, False, (), ())


def test_a_replica_sent_for_members_makes_no_backup() -> None:
    snapshot = Snapshot((), 0, 0, raw(None), (), [])
    (read,) = decode(packed([[7, PLACE, snapshot, 3]]))
    assert isinstance(read, Replace) and not read.is_backup and read.shown == 3


def test_one_message_speaks_of_many_groups() -> None:
    other = GroupId("nick", "ann")
    sent = [Ack([(ROOM, TERM, 5, 6), (other, TERM, 1, -1)]), Prepare([(ROOM, TERM), (other, NO_TERM)])]
    assert decode(encode([*sent])) == sent


def test_builds_that_cannot_read_it_are_not_told_of_a_stop() -> None:
    assert unsupported(Stopped(ROOM), 0) and not unsupported(Stopped(ROOM), 1)


@pytest.mark.parametrize(
    "fields",
    [
        [4, PLACE, [2, "b", 1], 1, [[1, 2]]],
        [8, [[PLACE, [2, "b", 1], 5]]],
        [16, [[PLACE]]],
        [17, [[PLACE, 7, LINEAGE, 7]]],
        [23, PLACE, "term", []],
        [50],
    ],
)
def test_what_is_no_such_message_is_not_read(fields: list[Any]) -> None:
    with pytest.raises(UNREADABLE):
        decode(packed([fields]))
