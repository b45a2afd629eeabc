"""An always-on session ends when nobody has logged in for long, wherever it is; the account stays."""

from __future__ import annotations

import pytest

from config.sessions import Sessions
from tests.settings import edge_settings, section
from tests.sim.net import Client, Net
from tests.sim.test_sessions import CHANNEL, login, made

DAYS = 120 / 86_400
"""Two minutes."""


@pytest.fixture
def net() -> Net:
    sessions = section(Sessions, expire_days=DAYS)
    return Net(3, disks=True, edge=edge_settings(sessions=sessions))


def gone(bob: Client) -> list[str]:
    bob.sync()
    return [line for line in bob.got if line.startswith(":ann!") and " QUIT " in line]


def watched(net: Net) -> Client:
    bob = net.client("n3", "bob")
    bob.send(f"JOIN {CHANNEL}")
    bob.sync()
    return bob


def wait(net: Net, for_s: int, *people: Client) -> None:
    """While they show that they live."""
    for _ in range(for_s // 5):
        net.run(5)
        for person in people:
            person.sync()


def test_who_stays_away_leaves_and_may_log_in_again(net: Net) -> None:
    made(net)
    bob, ann = watched(net), login(net, "n1")
    ann.send(f"JOIN {CHANNEL}")
    ann.sync()
    wait(net, 200, bob, ann)  # who is there never expires
    assert not gone(bob)
    ann.send("QUIT")
    wait(net, 100, bob)
    assert not gone(bob)
    wait(net, 40, bob)
    assert len(gone(bob)) == 1
    again = login(net, "n2")
    assert again.connection.login is not None and not any(f" JOIN {CHANNEL}" in line for line in again.got)


def test_the_time_goes_on_when_its_node_dies(net: Net) -> None:
    made(net)
    bob, ann = watched(net), login(net, "n1")
    ann.send(f"JOIN {CHANNEL}")
    ann.sync()
    ann.send("QUIT")
    wait(net, 70, bob)
    net.kill("n1")
    wait(net, 40, bob)
    assert not gone(bob)
    wait(net, 25, bob)
    assert len(gone(bob)) == 1
    net.start(1)  # its disk still has the session
    wait(net, 30, bob)
    assert not any(":ann!" in line for line in bob.got if " JOIN " in line and line.split(" ")[0] == ":ann!")
    assert not any("353" in line and "ann" in line for line in bob.ask(f"NAMES {CHANNEL}"))


def test_a_login_counts_anew(net: Net) -> None:
    made(net)
    bob, ann = watched(net), login(net, "n1")
    ann.send(f"JOIN {CHANNEL}")
    ann.sync()
    ann.send("QUIT")
    wait(net, 90, bob)
    ann = login(net, "n2")
    ann.send("QUIT")
    wait(net, 90, bob)
    assert not gone(bob)
    wait(net, 40, bob)
    assert len(gone(bob)) == 1
