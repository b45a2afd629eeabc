"""The waiting lines of one connection."""

from __future__ import annotations

from gateway.edge.client.queue import CommandQueue


def test_returned_lines_come_before_the_waiting_lines() -> None:
    queue = CommandQueue()
    queue.pending.append(b"c")
    queue.return_lines([b"a", b"b"])
    assert queue.pending == [b"a", b"b", b"c"]
    queue.drop_lines()
    assert queue.pending == []


def test_a_client_from_another_node_goes_on_with_the_lines_numbers() -> None:
    queue = CommandQueue()
    queue.pause()
    queue.go_on_from(7)
    assert (queue.line, queue.busy) == (7, True)
    queue.unpause()
    assert not queue.busy
