"""After a stop a node first learns the lines said meanwhile, and only then says "all is settled" by a PONG (P20)."""

from __future__ import annotations

import pytest

from tests.gateway.commands.stage import network, people
from tests.sim.net import Client, Net

STOP_S = 9.0
"""Longer than `dead_after_s`: the others go on without the node."""

SOON_S = 5.0
"""Half of settle_max_s: the masters are there, so the node has caught up long before the wait is given up."""


def told_meanwhile(net: Net, stopped: Client, *talkers: Client) -> list[str]:
    """Return the lines said by the others while the client's node was stopped, each line with a PONG."""
    net.hang(stopped.node.name, STOP_S)
    said = []
    end = net.now + STOP_S - 1.5
    while net.now < end:
        for talker in talkers:
            said.append(f"{talker.nick} {len(said)}")
            talker.send(f"PRIVMSG #ring :{said[-1]}")
            talker.sync(30)
        net.run(0.5)
    return said


@pytest.mark.parametrize("victim", [0, 1, 2, 3])
@pytest.mark.parametrize("seed", range(5))
def test_a_ping_waits_for_what_was_said_during_a_stop(victim: int, seed: int) -> None:
    """Whether the stopped node mastered the channel, held or only followed the channel; the node's client asks at
    once.
    """
    net = network(4, seed=seed)
    clients = people(net, "ann", "bob", "joe", "zoe", channel="#ring")
    stopped = clients[victim]
    others = [client for client in clients if client is not stopped]
    said = told_meanwhile(net, stopped, *others)
    assert len(said) >= 6
    assert net.until(lambda: not stopped.node.hung, STOP_S)
    stopped.send("PING after")
    assert net.until(lambda: any("PONG" in line and "after" in line for line in stopped.got), SOON_S)
    heard = [text for text in stopped.heard("#ring") if text in said]
    assert heard == said
    at = next(i for i, line in enumerate(stopped.got) if "PONG" in line and "after" in line)
    assert all(said[-1] not in line for line in stopped.got[at:])


def test_a_ping_that_waited_in_the_socket_comes_after_it_too() -> None:
    net = network(4)
    clients = people(net, "ann", "bob", "joe", "zoe", channel="#ring")
    stopped = clients[1]
    net.hang(stopped.node.name, STOP_S)
    stopped.send("PING first")  # the first input read when the node goes on
    said = []
    for number in range(6):
        said.append(f"word {number}")
        clients[0].send(f"PRIVMSG #ring :{said[-1]}")
        clients[0].sync(30)
    assert net.until(lambda: any("PONG" in line and "first" in line for line in stopped.got), 30)
    assert [text for text in stopped.heard("#ring") if text in said] == said


def test_a_pong_after_a_stop_is_bounded() -> None:
    """Though the masters of the client's channels are gone: at most settle_max_s."""
    net = network(3)
    clients = people(net, "ann", "bob", "joe", channel="#ring")
    stopped = clients[0]
    net.hang(stopped.node.name, STOP_S)
    net.run(STOP_S / 2)
    for name in list(net.nodes):
        if name != stopped.node.name:
            net.kill(name, dark=True)
    net.run(STOP_S)
    stopped.sync(2 * net.engine.settle_max_s)
