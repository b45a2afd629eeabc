"""A line for all connections of a room: the same bytes as for each alone, whatever becomes of the connections."""

from __future__ import annotations

from gateway.edge.client.connection import Connection
from gateway.edge.client.lines import TAGS, TIME, Line
from gateway.edge.client.outputs import Outputs
from gateway.edge.users.rooms import Room
from gateway.edge.users.user import User
from gateway.state.people import Person
from ring.ids import GroupId, Incarnation

ROOM = GroupId("channel", "#c")


def someone(connection: Connection) -> User:
    name = f"u{connection.number}"
    person = Person(name, name, "u", "h", "real", None, Incarnation("k", 1), connection.socket.opened)
    connection.user = User(person, GroupId("nick", name), connection, connection.socket.opened)
    return connection.user


def room_of(count: int) -> tuple[Room, list[Connection], Outputs]:
    outputs, room = Outputs(), Room(ROOM)
    found = [Connection(number, "10.0.0.1", outputs, secure=False, now=5.0) for number in range(count)]
    for connection in found:
        room.add(someone(connection))
    return room, found, outputs


def said(text: str) -> Line:
    return Line("ann!a@h", "PRIVMSG", ("#c", text), at=7, msgid="m")


def test_everybody_gets_the_line_in_the_own_variant_and_is_dirty_once_a_turn() -> None:
    room, (ann, bob, cat), outputs = room_of(3)
    bob.negotiate(frozenset(), TIME)
    cat.negotiate(frozenset(), TIME | TAGS)
    line = said("one")
    assert room.deliver(line) == 3
    assert (ann.socket.ready, bob.socket.ready, cat.socket.ready) == (
        [line.render(0)],
        [line.render(TIME)],
        [line.render(TIME | TAGS)],
    )
    assert room.deliver(said("two")) == 3
    assert list(outputs.dirty) == [ann, bob, cat] and list(outputs.take()) == [ann, bob, cat]
    room.deliver(said("three"))
    assert list(outputs.dirty) == [ann, bob, cat]


def test_the_speaker_is_left_out_and_need_not_be_in_the_room() -> None:
    room, (ann, bob), outputs = room_of(2)
    ann.send(b"before\r\n")
    assert room.deliver(said("one"), ann) == 1
    assert ann.socket.ready == [b"before\r\n"] and bob.socket.ready == [said("one").render(0)]
    assert room.deliver(said("two"), Connection(9, "", outputs, secure=False, now=5.0)) == 2
    assert Room(ROOM).deliver(said("nobody")) == 0


def test_a_new_variant_counts_from_the_next_line_on() -> None:
    room, (ann, bob), _ = room_of(2)
    room.deliver(said("one"))
    ann.negotiate(frozenset({"server-time"}), TIME)
    room.deliver(said("two"))
    assert ann.socket.ready == [said("one").render(0), said("two").render(TIME)]
    assert bob.socket.ready == [said("one").render(0), said("two").render(0)]


def test_lines_wait_with_a_member_turned_aside() -> None:
    room, (ann, bob), _ = room_of(2)
    room.deliver(said("one"))
    ann.turn_aside()
    room.deliver(said("two"))
    assert room.deliver(said("mine"), ann) == 1
    assert ann.socket.ready == [said("one").render(0)]
    assert ann.turn_back() == [said("two").render(0)]
    room.deliver(said("three"))
    assert ann.socket.ready == [said("one").render(0), said("three").render(0)]
    assert len(bob.socket.ready) == 4


def test_members_come_and_go_between_two_lines_of_a_turn() -> None:
    room, (ann, bob), outputs = room_of(2)
    room.deliver(said("one"))
    room.discard("u1")
    cat = Connection(7, "10.0.0.1", outputs, secure=False, now=5.0)
    room.add(someone(cat))
    assert room.deliver(said("two")) == 2
    assert (len(ann.socket.ready), len(bob.socket.ready), len(cat.socket.ready)) == (2, 1, 1)
    room.let_in(bob)
    room.deliver(said("three"))
    assert len(bob.socket.ready) == 2
    assert set(outputs.dirty) == {ann, bob, cat}


def test_whose_output_was_sent_in_the_middle_of_a_turn_is_dirty_again() -> None:
    room, (ann, bob), outputs = room_of(2)
    room.deliver(said("one"))
    outputs.leave([bob])
    ann.socket.ready.clear()
    room.deliver(said("two"))
    assert set(outputs.dirty) == {ann, bob} and ann.socket.ready == [said("two").render(0)]
