"""A user composed of parts: which of the user's connections hear, speak, and count as inside a channel."""

from __future__ import annotations

import msgspec

from gateway.edge.client.connection import Connection
from gateway.edge.client.outputs import Outputs
from gateway.edge.users.rooms import Room
from gateway.edge.users.user import User
from gateway.state.idempotency import IdempotencyKey, Speaker
from ring.ids import GroupId, Incarnation
from tests.gateway.edge.client.test_outputs import ROOM, said, someone

TALK = GroupId("conversation", "ann bob")
NODE = Incarnation("k", 1)


def devices(number: int) -> tuple[User, list[Connection]]:
    """A user of one channel with so many connections; all have been played the channel."""
    outputs = Outputs[Connection]()
    found = [Connection(index, "10.0.0.1", outputs, secure=False, now=5.0) for index in range(number)]
    user = someone(found[0])
    room = Room(ROOM)
    room.add(user)
    for connection in found[1:]:
        user.attach(connection)
        connection.delivery.awaiting = {}
        room.let_in(connection)
    return user, found


def test_a_new_client_awaits_playback_of_all_that_the_session_hears() -> None:
    user, (first,) = devices(1)
    user.seats.begin_returning(TALK, [first])
    late = Connection(9, "10.0.0.1", Outputs(), secure=False, now=5.0)
    user.attach(late)
    assert [*late.delivery.awaiting] == [ROOM, TALK] and late.user is user
    assert late not in user.seats.rooms[ROOM].connections, "the missed lines come first"
    assert [*user.seats.end_returning(TALK)] == [first, late]
    assert user.connection is first
    user.detach(first)
    assert user.connection is late and first not in user.seats.rooms[ROOM].connections
    user.detach(late)
    assert user.connection is None


def test_a_message_is_said_by_the_client_that_its_key_names() -> None:
    user, (first, second) = devices(2)
    second.remote.speaker = Speaker(NODE, 7)
    assert user.speaker(IdempotencyKey(Speaker(NODE, 7), 1, 0)) is second
    assert user.speaker(IdempotencyKey(Speaker(NODE, 8), 1, 0)) is None
    assert user.speaker(None) is None, "either of the two may have said the message"
    user.detach(second)
    assert user.speaker(None) is first


def test_a_line_goes_to_clients_with_the_capability_and_not_to_the_speaker() -> None:
    user, (first, second, third) = devices(3)
    second.caps = third.caps = frozenset(("setname",))
    assert user.send(said("one"), needs="setname", skip=third) == 1
    assert [len(connection.socket.ready) for connection in (first, second, third)] == [0, 1, 0]
    assert user.send(said("two")) == 3


def test_clients_inside_a_channel_out_of_sight_are_remembered() -> None:
    """Not a client that has still to be shown the channel, and nobody where the channel is detached."""
    user, (inside, played, late) = devices(3)
    room = user.seats.rooms[ROOM]
    for connection in (played, late):
        room.drop(connection)
        connection.delivery.await_playback(ROOM)
    played.delivery.playbacks = {ROOM: object()}
    user.lose_sight(room)
    assert [*user.seats.unseen[ROOM]] == [inside, played]
    user.seats.forget_unseen(ROOM)
    user.session.detached = {ROOM: False}
    user.lose_sight(room)
    assert not user.seats.unseen


def test_a_merged_claim_changes_the_age_also_of_a_pending_change_but_not_of_a_pending_nick() -> None:
    user, _ = devices(1)
    user.identity.change(away="tea")
    user.claimed(3)
    assert user.person.since == user.identity.pending.since == 3 and user.identity.pending.away == "tea"
    user.identity.pending = msgspec.structs.replace(user.person, nick="other", since=9)
    user.claimed(2)
    assert (user.person.since, user.identity.pending.since) == (2, 9)
