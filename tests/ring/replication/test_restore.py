"""A replica from a snapshot is the replica that the snapshot was made of; what cannot be read says so."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ring.ids import Incarnation, Term
from ring.replication.guarded import GroupBroken
from ring.replication.judging import decide
from ring.replication.replica import Replica
from ring.replication.restore import apply, restore
from ring.wire.codec import decode, encode
from ring.wire.log import Command, MergedTerm
from ring.wire.replication import Fetched
from tests.ring.ports import ROOM
from tests.ring.toy import ToyKind, ToyState

ANN, BOB = Incarnation("127.0.0.8", 1), Incarnation("127.0.0.9", 1)
FIRST, SECOND = Term(1, "a", 1), Term(2, "b", 1)


def full() -> Replica:
    """A replica with something in every field that a snapshot carries."""
    made = Replica(ROOM, ToyKind(), ToyState(), ((FIRST, 1), (SECOND, 3)))
    commands = [["join", *ANN], ["say", "one"], ["say", "!no"], ["say", "two"]]
    for number, words in enumerate(commands, start=1):
        made.place(Command(0, 0, ANN, number, 1, words), 1000)
        made.advance(decide(made))
    made.place(Command(0, 0, None, 0, 0, None, members=("a", "b")), 1000)
    made.advance(decide(made))
    made.place(Command(0, 0, BOB, 7, 7, ["say", "pending"]), 2000)
    made.archives, made.aliases = ("c",), (("theirs", "ours"),)
    made.merged = {FIRST: MergedTerm(FIRST, 9, 2)}
    return made


FIELDS = ("group", "seq", "at", "lineage", "epoch", "members", "archives", "aliases", "merged", "pending", "log")


@pytest.mark.parametrize("tail_after", [None, 0, 3, 5])
def test_a_replica_survives_the_wire(tail_after: int | None) -> None:
    made = full()
    (message,) = decode(encode([Fetched(ROOM, made.snapshot(tail_after, pending=True))]))
    assert isinstance(message, Fetched) and message.snapshot is not None
    read = restore(ROOM, ToyKind(), message.snapshot)
    made.log = type(made.log)(entry for entry in made.log if tail_after is None or entry.seq > tail_after)
    assert {name: getattr(read, name) for name in FIELDS} == {name: getattr(made, name) for name in FIELDS}
    assert read.state.snapshot() == made.state.snapshot()
    logs = [{o: (c.last, c.outcomes) for o, c in one.client_logs.items()} for one in (read, made)]
    assert logs[0] == logs[1]


def test_a_follower_is_sent_no_pending_commands() -> None:
    assert not restore(ROOM, ToyKind(), decode(encode([Fetched(ROOM, full().snapshot())]))[0].snapshot).pending  # type: ignore[union-attr, arg-type]


class Bad(ToyKind):
    """Cannot read its own state."""

    def __init__(self, problem: Exception) -> None:
        super().__init__()
        self.problem = problem

    def restore(self, name: str, snapshot: msgspec.Raw) -> Any:
        raise self.problem


def test_bytes_that_cannot_be_read_and_a_mistake_are_told_apart() -> None:
    snapshot = full().snapshot()
    with pytest.raises(msgspec.ValidationError):
        restore(ROOM, Bad(msgspec.ValidationError("another build's")), snapshot)
    mistake = KeyError("no such rank")
    with pytest.raises(GroupBroken) as broken:
        restore(ROOM, Bad(mistake), snapshot)
    assert broken.value.group == ROOM and broken.value.mistake is mistake


def test_an_event_outside_of_the_log_changes_the_state_alone() -> None:
    made = full()
    assert apply(made, ["join", *BOB], 5) and made.state.subscribers == {ANN: 1, BOB: 1}
    assert made.seq == 5
    with pytest.raises(GroupBroken):
        apply(made, ["no such event"], 5)
