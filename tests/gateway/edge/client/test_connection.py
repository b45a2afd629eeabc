"""A connection without its socket: lines of output, lines held back, and one rendering for many readers."""

from __future__ import annotations

import pytest

from gateway.edge.client.connection import Connection, deliver
from gateway.edge.client.lines import TIME, Line
from gateway.edge.client.outputs import Outputs


def connections(count: int = 1) -> list[Connection]:
    outputs = Outputs()
    return [Connection(number, "10.0.0.1", outputs, secure=False, now=5.0) for number in range(count)]


@pytest.mark.parametrize(("address", "host"), [("10.0.0.1", "10.0.0.1"), ("::1", "0::1"), ("", "unknown")])
def test_the_host_is_the_address_in_a_form_that_clients_can_read(address: str, host: str) -> None:
    connection = Connection(1, address, Outputs(), secure=True, now=5.0)
    assert connection.socket.host == host
    assert connection.source == f"*!*@{host}"
    connection.draft.nick, connection.draft.username = "ann", "a"
    assert connection.source == f"ann!a@{host}"


def test_output_marks_the_connection_once_for_the_next_flush() -> None:
    (one,) = connections()
    one.send(b"a\r\n")
    one.send(b"b\r\n")
    assert one.socket.ready == [b"a\r\n", b"b\r\n"] and list(one.outputs.dirty) == [one]
    assert one.sent() == 6


def test_a_closed_connection_is_sent_nothing_more() -> None:
    (one,) = connections()
    one.closed = "bye"
    one.send(b"a\r\n")
    assert one.socket.ready == [] and not one.outputs.dirty and not one.is_free


def test_lines_are_held_back_until_the_connection_turns_back() -> None:
    (one,) = connections()
    one.send(b"before\r\n")
    one.turn_aside()
    one.send(b"meanwhile\r\n")
    assert one.socket.ready == [b"before\r\n"]
    assert one.turn_back() == [b"meanwhile\r\n"]
    one.send(b"after\r\n")
    assert one.socket.ready == [b"before\r\n", b"after\r\n"]
    assert one.turn_back() == []


def test_a_line_for_many_is_rendered_once_for_each_variant() -> None:
    readers = connections(4)
    readers[1].variant = readers[2].variant = TIME
    line = Line("ann!a@h", "PRIVMSG", ("#c", "hi"), at=7)
    assert deliver(line, readers, skip=readers[3]) == 3
    assert {*line.rendered} == {0, TIME}
    assert readers[1].socket.ready[0] is readers[2].socket.ready[0] != readers[0].socket.ready[0]
    assert readers[3].socket.ready == [] and list(readers[0].outputs.dirty) == readers[:3]


def test_whoever_is_left_out_need_not_be_among_the_readers() -> None:
    one, other = connections(2)
    assert deliver(Line("s", "NOTICE", ("ann", "hi")), [one], skip=other) == 1


def test_all_lines_are_settled_up_to_the_first_command_under_way() -> None:
    (one,) = connections()
    one.queue.line = 7
    assert one.settled == 7
    command = type("Command", (), {"line": 5})()
    one.queue.calls[command] = None
    assert one.settled == 4


def test_a_connection_without_a_login_has_the_device_without_a_name() -> None:
    (one,) = connections()
    assert one.device == "" and one.is_free
    one.queue.busy = True
    assert not one.is_free
