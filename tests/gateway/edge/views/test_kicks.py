"""Kicks that came while nobody of the account was there: told once to each device. tests/sim/test_kicks.py: faults."""

from __future__ import annotations

import pytest

from tests.gateway.commands.accounts import Newcomer, log_in, register
from tests.gateway.commands.stage import network, people, settle
from tests.sim.net import Client, Net

WORDS = "You were kicked from #c by ann!~ann@10.0.0.1 at "


def away(net: Net) -> tuple[Client, Client]:
    """ann operates #c; bob's session is in #c, and bob's client is gone."""
    ann, bob = people(net, "ann", "bob", channel="#c")
    register(bob)
    settle(ann, bob)
    bob.ask("PRIVMSG *circlet :set always-on on")
    net.turn(bob.node, lambda: bob.node.core.edge.clients.lost(bob.connection, "gone"))
    net.run(1)
    return ann, bob


def back(net: Net, device: str = "") -> Newcomer:
    newcomer = Newcomer(net, "n1")
    log_in(newcomer, f"bob@{device}" if device else "bob", "sesame")
    newcomer.enter("bob")
    newcomer.sync()
    return newcomer


def told(client: Client) -> list[str]:
    return [line for line in client.got if WORDS in line]


@pytest.mark.parametrize("nodes", [1, 2])
def test_a_kick_in_absence_is_told_on_return_and_once(nodes: int) -> None:
    net = network(nodes)
    ann, _ = away(net)
    ann.ask("KICK #c bob :enough")
    net.run(1)
    first = back(net)
    assert net.until(lambda: bool(told(first)), 5)
    (line,) = told(first)
    assert line.endswith(": enough")
    assert not any(" JOIN #c" in one for one in first.got)
    net.run(1)
    net.turn(first.node, lambda: first.node.core.edge.clients.lost(first.connection, "gone"))
    net.run(1)
    assert told(back(net)) == []


def test_without_a_kick_nothing_is_told() -> None:
    net = network(1)
    away(net)
    assert told(back(net)) == []


def test_whoever_is_back_in_the_channel_is_told_nothing() -> None:
    net = network(1)
    ann, _ = away(net)
    ann.ask("KICK #c bob :enough")
    net.run(1)
    first = back(net, "phone")
    first.ask("JOIN #c")
    assert told(back(net, "desk")) == []
