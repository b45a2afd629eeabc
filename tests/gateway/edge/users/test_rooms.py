"""The members of a channel on one node, and the seats of one user."""

from __future__ import annotations

from gateway.edge.client.connection import Connection
from gateway.edge.client.outputs import Outputs
from gateway.edge.users.rooms import INVITES, Room, Seats, counted, uncounted
from ring.ids import GroupId
from ring.nothing import NOTHING
from tests.gateway.edge.client.test_outputs import ROOM, room_of, said, someone

TALK = GroupId("conversation", "ann bob")


def test_a_group_without_any_is_not_counted_and_never_below_none() -> None:
    counts = uncounted(NOTHING, ROOM)
    assert counts is NOTHING
    counts = counted(counted(counts, ROOM), ROOM)
    counts = uncounted(counts, ROOM)
    assert counts == {ROOM: 1}
    counts = uncounted(counts, ROOM)
    assert counts is NOTHING


def test_a_user_sits_in_a_channel_and_in_a_conversation_apart() -> None:
    user = someone(Connection(1, "10.0.0.1", Outputs(), secure=False, now=5.0))
    room, talk = Room(ROOM), Room(TALK)
    room.add(user)
    talk.add(user)
    assert user.seats.rooms == {ROOM: room} and user.seats.conversations == {TALK: talk}
    assert user.seats.all == {ROOM: room, TALK: talk}
    assert talk.discard(user.uid) is user
    assert user.seats.all == {ROOM: room} and not talk.connections
    assert talk.discard(user.uid) is None, "the user has no seat to give up"


def test_nothing_is_told_to_a_client_that_waits_for_playback_or_to_a_user_that_quits() -> None:
    outputs, room = Outputs[Connection](), Room(ROOM)
    late, leaver = (Connection(number, "10.0.0.1", outputs, secure=False, now=5.0) for number in range(2))
    user, quitting = someone(late), someone(leaver)
    late.delivery.await_playback(ROOM)
    quitting.quitting = True
    room.add(user)
    room.add(quitting)
    assert [*room.users] == [user.uid, quitting.uid] and room.deliver(said("one")) == 0
    room.held_back[late] = None
    room.let_in(late)
    assert room.deliver(said("two")) == 1 and late not in room.held_back
    assert late.socket.ready == [said("two").render(0)] and leaver.socket.ready == []


def test_a_member_who_is_put_out_hears_no_more_and_the_next_line_reaches_the_others() -> None:
    room, (ann, bob), _ = room_of(2)
    assert ann.user is not None
    room.deliver(said("one"))
    room.listed.add(ann.user.uid)
    ann.user.session.detached = {ROOM: True}
    room.watch(ann.user)
    room.discard(ann.user.uid)
    assert room.deliver(said("two")) == 1 and not room.listed and not room.watchers
    assert (len(ann.socket.ready), len(bob.socket.ready)) == (1, 2)


def test_a_member_who_comes_hears_the_next_line() -> None:
    room, _, outputs = room_of(2)
    room.deliver(said("one"))
    late = Connection(9, "10.0.0.1", outputs, secure=False, now=5.0)
    room.add(someone(late))
    assert room.deliver(said("two")) == 3 and late.socket.ready == [said("two").render(0)]


def test_a_member_watches_a_detached_channel_only_for_a_highlight() -> None:
    room, (ann, _), _ = room_of(2)
    assert ann.user is not None
    for detached, watches in (({ROOM: True}, True), ({ROOM: False}, False), ({ROOM: True}, True), ({}, False)):
        ann.user.session.detached = dict(detached)
        room.watch(ann.user)
        assert (ann.user.uid in room.watchers) == watches, detached


def test_the_oldest_invitation_is_forgotten_first() -> None:
    seats = Seats()
    groups = [GroupId("channel", f"#{number}") for number in range(INVITES + 2)]
    for group in groups:
        seats.invite(group, group.name.upper())
    assert [*seats.invites] == groups[2:]
    seats.withdraw_invite(groups[0])
    seats.withdraw_invite(groups[5])
    assert groups[5] not in seats.invites and len(seats.invites) == INVITES - 1


def test_a_profile_is_told_to_channels_of_which_the_join_is_under_way() -> None:
    seats, other = Seats(), GroupId("channel", "#d")
    seats.take(Room(ROOM))
    seats.take(Room(TALK))
    seats.begin_joining(other)
    seats.begin_joining(other)
    seats.end_joining(other)
    assert [*seats.channels] == [ROOM, other]
    seats.end_joining(other)
    seats.begin_rejoining(other)
    assert [*seats.channels] == [ROOM, other]
    seats.end_rejoining(other)
    assert [*seats.channels] == [ROOM]


def test_a_client_that_goes_is_waited_for_nowhere() -> None:
    room, (ann, bob), _ = room_of(2)
    assert ann.user is not None
    seats, far = ann.user.seats, GroupId("channel", "#far")
    seats.begin_returning(TALK, [ann])
    seats.attach(bob)
    seats.lose_sight(far, [ann])
    seats.lose_sight(far, [bob])
    assert [*seats.unseen[far]] == [ann, bob]
    room.held_back[ann] = None
    seats.detach(ann)
    assert [*seats.unseen[far]] == [bob] and ann not in room.connections and not room.held_back
    assert [*seats.end_returning(TALK)] == [bob] and [*seats.end_returning(TALK)] == []
    seats.take(Room(far))
    assert not seats.unseen, "the channel is in sight again"
