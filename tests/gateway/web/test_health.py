"""When a node is healthy, and when it takes clients."""

from __future__ import annotations

import pytest

from gateway.status import Directory
from gateway.web.health import LATE_FOR_S, STOPPED_S, LoopLag
from gateway.web.source import readiness
from tests.gateway.commands.stage import network
from tests.sim.net import Net


def turns(lag: LoopLag, now: float, late_s: float, seconds: float) -> float:
    """So many seconds of turns that all come so late; returns the time afterwards."""
    end = now + seconds
    while now < end:
        lag.expect(now + 0.1)
        now += 0.1 + late_s
        lag.came(now)
    lag.expect(now + 0.1)
    return now


def test_a_loop_that_turns_in_time_is_healthy_and_its_delays_are_counted() -> None:
    lag = LoopLag()
    assert lag.health(0.0).healthy  # the timer is not set yet
    now = turns(lag, 0.0, 0.002, 60.0)
    assert lag.health(now).healthy and lag.delays.count > 500
    assert lag.delays.sum == pytest.approx(lag.delays.count * 0.002, rel=0.01)


def test_one_long_turn_passes_and_lag_that_lasts_does_not() -> None:
    lag = LoopLag()
    now = turns(lag, 0.0, 0.0, 1.0)
    lag.came(now + 60)  # the process was stopped, and goes on
    lag.expect(now + 60.1)
    assert lag.last_s == pytest.approx(59.9) and lag.health(now + 60.1).healthy
    now = turns(lag, now + 60, 0.0, 1.0)
    now = turns(lag, now, 1.5, LATE_FOR_S - 2)
    assert lag.health(now).healthy
    now = turns(lag, now, 1.5, 5)
    healthy, why = lag.health(now)
    assert not healthy and "late" in why
    now = turns(lag, now, 0.0, 0.2)
    assert lag.health(now).healthy


def test_timers_that_come_no_more_are_found_out() -> None:
    lag = LoopLag()
    now = turns(lag, 0.0, 0.0, 1.0)
    assert lag.health(now + STOPPED_S).healthy
    healthy, why = lag.health(now + STOPPED_S + 1)
    assert not healthy and "restart" in why


def listed(**changes: object) -> Directory:
    return Directory("127.0.0.1:7701", **changes)  # type: ignore[arg-type]


REFUSED = listed(problem="the directory is full", refused=True)
SILENT = listed(problem="it does not answer")
LISTED = listed(lease_left_s=9.0)


@pytest.mark.parametrize(
    ("directories", "words"),
    [
        ([], ""),
        ([LISTED, LISTED], ""),
        ([SILENT, SILENT], ""),  # the network goes on without directories
        ([REFUSED, LISTED], ""),
        ([REFUSED, SILENT], "the directory is full"),
        ([REFUSED, REFUSED], "the directory is full"),
    ],
)
def test_a_node_that_directories_refuse_takes_no_clients(directories: list[Directory], words: str) -> None:
    found = readiness(network(1).nodes["n1"].core, directories)
    assert found.ready == (not words) and words in found.why


def test_a_node_that_waits_for_its_network_takes_no_clients() -> None:
    net = Net(1)
    waiting = net.start(2)
    assert not readiness(waiting.core).ready and "not joined" in readiness(waiting.core).why
    assert net.until(lambda: readiness(waiting.core).ready, 10)
