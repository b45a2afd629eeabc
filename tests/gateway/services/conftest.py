"""Services answer at once: no command of a conversation is open until `settle_max_s` is over."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.edge.client import order
from gateway.edge.client.connection import Connection


@pytest.fixture(autouse=True)
def every_command_ends(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[None]:
    """A part of a command that nobody ends holds the answer back, and each later answer to the client."""
    overdue: list[str] = []
    whole = order.hurry

    def hurry(connection: Connection, before: float) -> None:
        calls = [call for call in connection.queue.calls if call.since <= before and not call.late]
        overdue.extend(repr(call.message) for call in calls)
        whole(connection, before)

    monkeypatch.setattr(order, "hurry", hurry)
    yield
    assert overdue == [] or request.node.get_closest_marker("held_back") is not None
