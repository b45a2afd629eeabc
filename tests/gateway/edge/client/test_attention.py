"""Which connections a tick looks at: idle clients cost one look in `ping_every_s`."""

from __future__ import annotations

import pytest

from gateway.edge.client.attention import Attention
from gateway.edge.client.connection import Connection
from tests.settings import edge_settings
from tests.sim.net import Net

SETTINGS = edge_settings(ping_every_s=20.0, ping_timeout_s=10.0, register_timeout_s=15.0, per_address=0)


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[Connection]:
    """Every look at a connection, of either kind, in order."""
    found: list[Connection] = []
    goes_on, judge = Attention._goes_on, Attention._judge_silence
    monkeypatch.setattr(Attention, "_goes_on", lambda self, c, now: (found.append(c), goes_on(self, c, now))[1])
    monkeypatch.setattr(Attention, "_judge_silence", lambda self, c, now: (found.append(c), judge(self, c, now))[1])
    return found


def test_idle_clients_cost_a_look_now_and_then(looks: list[Connection]) -> None:
    net = Net(1, edge=SETTINGS)
    for number in range(30):
        net.client("n1", f"p{number}")
    net.run(1.0)
    looks.clear()
    net.run(25.0)  # 250 ticks
    assert 0 < len(looks) <= 2 * 30


def test_a_silent_client_is_pinged_and_then_cut() -> None:
    net = Net(1, edge=SETTINGS)
    ann = net.client("n1", "ann")
    assert net.until(lambda: any(line.startswith("PING ") for line in ann.got), 21.5)
    net.run(9.5)
    assert ann.closed is None
    net.run(2.0)
    assert ann.closed is not None and "Ping timeout" in ann.closed


def test_a_client_that_answers_stays() -> None:
    net = Net(1, edge=SETTINGS)
    ann = net.client("n1", "ann")
    for _ in range(5):
        net.run(19.0)
        ann.send("PONG x")
    assert ann.closed is None


def test_who_does_not_register_in_time_is_cut() -> None:
    net = Net(1, edge=SETTINGS)
    stranger = net.client("n1", "ann")
    stranger.begin(net, net.nodes["n1"], "bob", "10.0.0.2")
    net.run(14.5)
    assert stranger.closed is None
    net.run(2.0)
    assert stranger.closed == "Registration timed out"


def test_shorter_times_of_a_reload_count_at_once() -> None:
    net = Net(1, edge=SETTINGS)
    ann = net.client("n1", "ann")
    net.run(6.0)
    edge = net.nodes["n1"].core.edge
    net.turn(net.nodes["n1"], lambda: edge.configure(edge_settings(ping_every_s=5.0, per_address=0)))
    net.run(1.5)
    assert any(line.startswith("PING ") for line in ann.got)
