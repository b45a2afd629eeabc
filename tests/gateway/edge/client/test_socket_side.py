"""The client's side of a connection."""

from __future__ import annotations

import pytest

from gateway.edge.client.socket_side import SocketSide


def side(address: str = "10.0.0.1") -> SocketSide:
    return SocketSide(1, address, secure=False, now=100.0, certificate=None)


@pytest.mark.parametrize(
    ("address", "host"), [("10.0.0.1", "10.0.0.1"), ("::1", "0::1"), ("2001:db8::1", "2001:db8::1"), ("", "unknown")]
)
def test_a_host_begins_with_no_colon(address: str, host: str) -> None:
    assert side(address).host == host


def test_the_lines_are_taken_once() -> None:
    one = side()
    ready = one.ready
    ready += [b"a\r\n", b"b\r\n"]
    assert one.take() == b"a\r\nb\r\n" and one.take() == b""
    assert one.ready is ready  # the list stays: rooms hold the list, too


def test_a_client_that_the_node_made_wait_has_more_time_to_register() -> None:
    one = side()
    one.excuse(2.5)
    assert one.opened == 102.5 and one.last_heard == 100.0
