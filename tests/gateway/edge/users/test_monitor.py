"""MONITOR: a watch is in force when the watch is answered, and names the nick as written."""

from __future__ import annotations

import pytest

from tests.gateway.commands.stage import network, people
from tests.sim.net import Net


@pytest.mark.parametrize("nodes", [1, 3])
def test_a_watch_is_in_force_when_it_is_answered(nodes: int) -> None:
    """Also of nicks that nobody has, wherever they are mastered."""
    for number in range(8):
        net = network(nodes, seed=number)
        (ann,) = people(net, "ann")
        nick = f"bob{number}"
        ann.send(f"MONITOR + {nick}")
        while not any(" 731 " in line for line in ann.got):
            net.run(0.005)
        net.client(list(net.nodes)[-1], nick).sync()
        assert [line for line in ann.lines() if f" 730 ann {nick}!" in line], number


def test_731_names_the_nick_as_it_was_last_written(net: Net) -> None:
    ann, bob = people(net, "ann", "Bob")
    assert ann.ask("MONITOR + bOB,nobody")[0] == "730 ann Bob!~Bob@10.0.0.1"
    bob.ask("NICK BOB")
    ann.sync()
    bob.send("QUIT")
    net.run(2)
    assert [line.split(" ", 1)[1] for line in ann.sync()] == ["731 ann BOB"]
    assert ann.ask("MONITOR + NoBody") == ["731 ann NoBody"]
    assert ann.ask("MONITOR S") == ["731 ann BOB", "731 ann NoBody"]
