"""Detached channels: what is hidden, what the clients read of the change, and which words show a channel again."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.edge.client.connection import Connection
from gateway.edge.sessions import detach
from gateway.edge.users.rooms import Room
from gateway.edge.users.user import User
from gateway.state.people import Person
from gateway.state.session.messages import Detach, Detached, Stored
from gateway.state.session.session import Session
from ring.ids import GroupId
from tests.gateway.edge.client.test_outputs import ROOM, room_of
from tests.gateway.state.cast import Stage

SESSION = GroupId("session", "ann")
HIGHLIGHT, ALWAYS = Detached(1, highlight=True), Detached(1)


class Edge:
    """An edge with a session whose group has the given detached channels; the channel's members are all its users."""

    def __init__(self, *members: Person) -> None:
        self.network, self.sessions = self, self
        self.session: Any = Session("ann")
        self.channel = Stage(*members).channel
        self.submitted: list[tuple[GroupId, Any]] = []
        self.arrived: list[Room] = []

    def group(self, account: str) -> GroupId:
        return GroupId("session", account)

    def state(self, group: GroupId) -> Any:
        return {SESSION: self.session, ROOM: self.channel}[group]

    def applied_to(self, group: GroupId) -> Any:
        return None

    def submit(self, group: GroupId, command: Any) -> None:
        self.submitted.append((group, command))

    def arrive(self, user: User, room: Room) -> None:
        self.arrived.append(room)

    def has(self, **detached: Detached) -> None:
        self.session.stored = Stored(detached={f"#{name}": one for name, one in detached.items()})


@pytest.fixture
def cast() -> tuple[Any, Room, Connection, Connection]:
    """ann, who has an account, and bob in the channel."""
    room, (ann, bob), _ = room_of(2)
    assert ann.user is not None and bob.user is not None
    ann.user.session.account = "ann"
    return Edge(ann.user.person, bob.user.person), room, ann, bob


def test_a_channel_attached_again_is_not_detached() -> None:
    stored = Stored(detached={"#a": HIGHLIGHT, "#b": ALWAYS, "#c": Detached(2, highlight=True, off=True)})
    assert detach.detached(stored) == {GroupId("channel", "#a"): True, GroupId("channel", "#b"): False}


def test_only_a_detached_channel_of_an_account_is_attached_again(cast: Any) -> None:
    edge, _, ann, bob = cast
    detach.attach(edge, ann.user, ROOM)
    bob.user.session.detached = {ROOM: True}
    detach.attach(edge, bob.user, ROOM)
    assert edge.submitted == []
    ann.user.session.detached = {ROOM: False}
    detach.attach(edge, ann.user, ROOM)
    assert edge.submitted == [(SESSION, Detach("#c", off=True))]
    assert SESSION in ann.user.unsettled, "a PONG comes after the change"


def test_a_channel_is_hidden_with_a_part_and_shown_again_with_playback(cast: Any) -> None:
    edge, room, ann, bob = cast
    edge.has(c=ALWAYS, nowhere=ALWAYS)
    for _ in range(2):
        detach.check(edge, ann.user)
    assert [*map(bytes.decode, ann.socket.ready)] == [f":{ann.user.person.source} PART #C Detached\r\n"]
    assert ann not in room.connections and ROOM in ann.delivery.awaiting
    assert bob in room.connections and not bob.socket.ready and edge.arrived == []
    edge.has(c=Detached(2, off=True), nowhere=ALWAYS)
    for _ in range(2):
        detach.check(edge, ann.user)
    assert edge.arrived == [room] and ann.user.session.detached == {GroupId("channel", "#nowhere"): False}


def test_a_client_that_waits_for_playback_reads_no_part(cast: Any) -> None:
    edge, room, ann, _ = cast
    ann.delivery.await_playback(ROOM)
    edge.has(c=ALWAYS)
    detach.check(edge, ann.user)
    assert ann.socket.ready == [] and ann not in room.connections


def test_a_detached_channel_is_watched_for_a_highlight_only_as_long_as_asked(cast: Any) -> None:
    edge, room, ann, _ = cast
    for one, watches in ((HIGHLIGHT, True), (ALWAYS, False), (HIGHLIGHT, True), (Detached(2, off=True), False)):
        edge.has(c=one)
        detach.check(edge, ann.user)
        assert (ann.user.uid in room.watchers) == watches, one


def test_a_group_that_is_not_known_here_changes_nothing(cast: Any) -> None:
    edge, _, ann, _ = cast
    ann.user.session.detached = {ROOM: True}
    edge.session = None
    detach.check(edge, ann.user)
    assert ann.user.session.detached == {ROOM: True}


@pytest.mark.parametrize(
    ("nick", "text", "calls"),
    [
        ("ann", b"hello ANN, there?", True),
        ("ann", b"ann", True),
        ("ann", b"\xff\xfe ann \xff", True),
        ("ann", b"annual", False),
        ("ann", b"ann-marie", False),
        ("ann", b"-ann", False),
        ("ann", b"", False),
        ("a[b]|c", b"a[b]|c: hi", True),
        ("a[b]|c", b"c or ab", False),
        ("a^", b"a", False),
    ],
)
def test_a_channel_is_attached_again_by_the_whole_nick(cast: Any, nick: str, text: bytes, calls: bool) -> None:
    edge, room, ann, bob = cast
    ann.user.session.detached = {ROOM: True}
    room.watch(ann.user)
    ann.user.person = Person("u0", 1, nick, "u", "h", "real", "k", 1)
    detach.called(edge, room, bob.user.uid, text)
    assert bool(edge.submitted) == calls


def test_nobody_calls_the_own_nick(cast: Any) -> None:
    edge, room, ann, _ = cast
    ann.user.session.detached = {ROOM: True}
    room.watch(ann.user)
    detach.called(edge, room, ann.user.uid, ann.user.person.nick.encode())
    assert edge.submitted == []
