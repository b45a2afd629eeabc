"""The edge of a node by itself: lives, batches, the next tick, and streams of other nodes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from config.accounts import Accounts
from gateway.edge.direct.remote_messages import OPENING
from ring.durations import REST_S
from ring.ids import Incarnation
from tests.gateway.commands.stage import network


@pytest.fixture
def edge() -> Any:
    net = network(2)
    net.run(5)
    return net.nodes["n1"].core.edge


def test_a_node_lives_in_the_present_incarnation_alone(edge: Any) -> None:
    me = edge.network.me
    (other,) = [record for record in edge.network.peers.roster.records() if record.key != me.key]
    number = other.incarnation
    assert edge.lives(me) and edge.lives(Incarnation(other.key, number))
    assert not edge.lives(Incarnation(other.key, number - 1))
    assert not edge.lives(Incarnation("203.0.113.9", 1))


def test_no_two_batches_have_the_same_name(edge: Any) -> None:
    names = [edge.next_batch() for _ in range(20)]
    assert len({*names}) == 20 and all(int(name, 16) for name in names)


def test_a_timer_that_is_due_soon_makes_the_edge_busy(edge: Any) -> None:
    edge.timers = SimpleNamespace(next_at=edge.now + REST_S + 1)
    assert not edge.is_busy
    edge.timers = SimpleNamespace(next_at=edge.now + REST_S)
    assert edge.is_busy


def test_a_stream_goes_by_the_first_part_to_messages_or_to_forwarding(edge: Any) -> None:
    taken: list[Any] = []
    edge.direct.remote.accept = lambda stream: taken.append(("direct", stream))
    edge.forwarding.accept = lambda stream, first: taken.append(("forwarding", stream, first))
    edge.accept("s1", OPENING)
    edge.accept("s2", OPENING + b"?")
    assert taken == [("direct", "s1"), ("forwarding", "s2", OPENING + b"?")]


def test_new_settings_are_in_force_before_clients_hear_of_them(edge: Any) -> None:
    before, seen = edge.settings, list[Any]()
    edge.clients.configure = lambda old, new: seen.append((old, new, edge.settings))
    after = network(1, accounts=Accounts(enabled=False)).edge
    edge.configure(after)
    assert seen == [(before, after, after)] and after != before


def test_accounts_and_throttles_are_shown_to_nobody(edge: Any) -> None:
    assert {*edge._views()} == {"channel", "nick", "conversation", "session", "network", "audit", "bans"}
