"""People see each message once, from any replica; the application hears of a group first and last (P25)."""

from __future__ import annotations

from typing import Any

import pytest

from ring.ids import GroupId, Incarnation, Term
from ring.replication.people import People
from ring.replication.replica import Replica
from ring.wire.codec import reencode
from ring.wire.log import Entry, MergeRecord
from tests.ring.ports import ME, ROOM, B, C, NotedPort
from tests.ring.toy import ToyKind, ToyState

Call = tuple[Any, ...]


class Host:
    """Writes down the calls of the application."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def applied(self, group: GroupId, state: Any, event: Any, event_id: Any, token: object) -> None:
        self.calls.append(("applied", event, token))

    def interrupted(self, group: GroupId, *, parted: bool) -> None:
        self.calls.append(("interrupted", parted))

    def replaced(self, group: GroupId, old: Any, state: Any, missed: Any, lost: int) -> None:
        self.calls.append(("replaced", old is not None, [event for event, _ in missed], lost))

    def dropped(self, group: GroupId) -> None:
        self.calls.append(("dropped",))


class Node(NotedPort):
    """A node with people, and the replica of a room. completed: numbers of this edge's commands with an answer."""

    def __init__(self) -> None:
        super().__init__()
        self.app = Host()
        self.completed: list[int] = []
        self.people = People(self)
        self.replica = room()

    def complete(self, group: GroupId, number: int, outcome: Any, event_id: Any) -> None:
        self.app.calls.append(("completed", number))

    def advance(self, *entries: Entry, replica: Replica | None = None) -> list[Call]:
        """Let the replica take the entries; return the calls of the application."""
        replica = replica or self.replica
        for entry in entries:
            self.people.show(replica, entry, self.people.advance(replica, entry))
        return self.told()

    def told(self) -> list[Call]:
        calls, self.app.calls = self.app.calls, []
        return calls


def room(term: int = 1, master: Incarnation = B, *, here: bool = False) -> Replica:
    return Replica(ROOM, ToyKind(), ToyState({ME: 1} if here else {}), ((Term(term, *master), 1),))


def entry(seq: int, *words: Any, origin: Incarnation = C, number: int | None = None, **more: Any) -> Entry:
    event = list(words) or None
    return Entry(seq, 1000 + seq, origin, seq if number is None else number, 0, ["ok"], event, **more)


@pytest.fixture
def node() -> Node:
    return Node()


def test_a_group_without_members_here_is_not_shown(node: Node) -> None:
    assert node.advance(entry(1, "say", "hello")) == []


def test_a_member_of_this_edge_sees_the_group_then_its_own_event_then_the_answer(node: Node) -> None:
    """P11."""
    joined = entry(1, "join", *ME, origin=ME)
    assert node.advance(joined, entry(2, "say", "hello")) == [
        ("replaced", False, [], 0), ("applied", ["join", *ME], None), ("completed", 1),
        ("applied", ["say", "hello"], None),
    ]  # fmt: skip


def test_the_event_of_the_last_member_is_still_shown(node: Node) -> None:
    node.advance(entry(1, "join", *ME))
    assert node.advance(entry(2, "part", *ME), entry(3, "say", "gone")) == [("applied", ["part", *ME], None)]


def test_a_refused_command_is_answered_and_shown_to_nobody(node: Node) -> None:
    node.advance(entry(1, "join", *ME))
    assert node.advance(entry(2, origin=ME)) == [("completed", 2)]


def test_a_merge_is_shown_as_one_difference(node: Node) -> None:
    node.advance(entry(1, "join", *ME))
    merged = entry(2, "merge", [[*C, 1]], side=MergeRecord((), 4, ()))
    assert node.advance(merged) == [("replaced", True, [], 4)]


def test_a_message_of_the_other_side_interrupts_and_is_not_this_edges_command(node: Node) -> None:
    node.advance(entry(1, "join", *ME))
    again = entry(2, "say", "there", origin=ME, original_id=("id", 5))
    assert node.advance(again) == [("interrupted", True), ("applied", ["say", "there"], None)]


def test_unseen_entries_change_the_replica_alone(node: Node) -> None:
    change = node.people.advance(node.replica, entry(1, "join", *ME), unseen=True)
    node.people.show(node.replica, entry(1, "join", *ME), change)
    assert node.told() == [] and node.replica.state.subscribers == {ME: 1}


def test_who_arrives_is_shown_own_commands_and_messages_after_them(node: Node) -> None:
    tail = [
        entry(1, "say", "before"), entry(2, "join", *ME, origin=ME), entry(3, "say", "after"), entry(4, "part", *C),
    ]  # fmt: skip
    node.people.arrive(room(here=True), tail)
    assert node.told() == [
        ("replaced", False, [], 0), ("applied", ["join", *ME], None), ("completed", 2),
        ("applied", ["say", "after"], None), ("replaced", True, [], 0),
    ]  # fmt: skip


def test_a_replica_that_goes_on_names_what_was_missed_and_how_much_is_lost(node: Node) -> None:
    known, new = room(here=True), room(here=True)
    known.seq, new.seq = 3, 8
    node.people.go_on(known, new, [entry(6, "say", "six"), entry(7), entry(8, "say", "eight")])
    assert node.told() == [("replaced", True, [["say", "six"], ["say", "eight"]], 2)]


def test_what_people_were_shown_before_a_partition_is_not_shown_twice(node: Node) -> None:
    """People leave with a message known; the other side of the partition brings the same message once more."""
    node.advance(entry(1, "join", *ME), entry(2, "say", "hello"))
    node.people.leave(node.replica)
    assert node.told() == [("dropped",)]
    other = room(2, C, here=True)
    told = node.advance(
        entry(1, "say", "hello", number=2, original_id=("id", 5)), entry(2, "say", "hello", number=2), replica=other
    )
    assert told == [("interrupted", True), ("applied", ["say", "hello"], None)], "passed over once, not for ever"


def test_what_people_know_is_forgotten_after_a_while(node: Node) -> None:
    node.advance(entry(1, "join", *ME), entry(2, "say", "hello"))
    node.people.leave(node.replica)
    node.told()
    node.now += node.settings.log_keep_s + 0.1
    node.people.tick()
    assert node.advance(entry(1, "say", "hello", number=2), replica=room(2, C, here=True)) == [
        ("applied", ["say", "hello"], None)
    ]


def test_of_two_logs_that_parted_people_are_shown_what_they_lack(node: Node) -> None:
    known, new = room(here=True), room(2, C, here=True)
    known.advance(entry(1, "say", "both"))
    known.advance(entry(2, "say", "ours"))
    new.advance(entry(1, "say", "theirs", number=7))
    new.advance(entry(2, "say", "both", number=1))
    assert not node.people.reveal(known, new), "members are still here"
    assert node.told() == [("replaced", True, [["say", "theirs"]], 0)]
    assert node.people.was_shown(ROOM, entry(9, "say", "ours", number=2)), "the merge may bring it again"
    assert node.people.reveal(known, room(2, C)), "all members here have gone"


def test_a_state_before_a_merge_is_a_second_object(node: Node) -> None:
    node.advance(entry(1, "join", *ME))
    before = node.replica.state_before(entry(2, side=MergeRecord((), 0, ())))
    assert before is not node.replica.state
    assert before is not None and reencode(before.snapshot()) == reencode(node.replica.state.snapshot())
