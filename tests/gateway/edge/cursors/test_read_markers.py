"""Read markers: of the account for all its clients, and of a connection without an account."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.edge.cursors.delivery import Delivery
from gateway.edge.cursors.read_markers import CAPABILITY, MOST, applied, line, mark, marker, send_marker
from gateway.state.session.messages import Marked
from ring.ids import GroupId
from tests.settings import edge_settings

NOW_S = 1_000.0


def edge() -> Any:
    settings = edge_settings(server_name="irc.example")
    return SimpleNamespace(now=NOW_S, settings=settings, channel=lambda name: GroupId("channel", name.lower()))


class Client:
    """A connection without an account."""

    def __init__(self, *caps: str) -> None:
        self.delivery = Delivery()
        self.user = None
        self.caps = frozenset(caps)
        self.shown: list[Any] = []

    def show(self, one: Any) -> None:
        self.shown.append(one)


def client(*caps: str) -> Any:
    return Client(*caps)


@given(st.lists(st.integers(0, 2_000_000)))
def test_a_marker_only_grows_and_is_no_later_than_now(times: list[int]) -> None:
    one = client()
    best = 0
    for at in times:
        best = max(best, min(at, int(NOW_S * 1000)))
        assert mark(edge(), one, "#c", at) == best == marker(edge(), one, "#c")


def test_markers_are_bounded_and_the_earliest_goes() -> None:
    one = client()
    for number in range(MOST + 1):
        mark(edge(), one, f"#{number}", number + 1)
    assert len(one.delivery.markers) == MOST and marker(edge(), one, "#0") == 0


@pytest.mark.parametrize(("at", "shown"), [(0, "*"), (7, "timestamp=1970-01-01T00:00:00.007Z")])
def test_a_line_shows_the_time_or_an_asterisk(at: int, shown: str) -> None:
    assert line(edge(), "#C", at).render(0) == f":irc.example MARKREAD #C {shown}\r\n".encode()


def test_only_a_client_with_the_capability_is_sent_the_marker_of_a_channel() -> None:
    for caps, count in (((), 0), ((CAPABILITY,), 1)):
        one, sent = client(*caps), list[Any]()
        mark(edge(), one, "#c", 7)
        send_marker(edge(), one, "#C", sent.append)
        assert len(sent) == count
    assert sent[0].params == ("#C", "timestamp=1970-01-01T00:00:00.007Z")


def test_a_moved_marker_is_shown_to_the_other_clients_of_the_account() -> None:
    caller, able, plain = client(CAPABILITY), client(CAPABILITY), client()
    user: Any = SimpleNamespace(connections=[caller, able, plain])
    call: Any = SimpleNamespace(connection=caller)
    applied(edge(), user, Marked("#C", "#c", 7), call)
    assert (len(caller.shown), len(able.shown), len(plain.shown)) == (0, 1, 0)
    applied(edge(), user, Marked("#C", "#c", 8), None)
    assert (len(caller.shown), len(able.shown), len(plain.shown)) == (1, 2, 0)
