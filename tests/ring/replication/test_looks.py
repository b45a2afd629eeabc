"""Looks at groups: idle groups cost nothing, whatever their number, and what runs out is still seen in time."""

from __future__ import annotations

import pytest

from ring.durations import LOOK_AFTER_S, LOOK_AT_LEAST_S
from ring.ids import GroupId
from ring.replication.follower import Followers
from ring.replication.looks import SLICE, Looks
from ring.replication.maintenance import Maintenance
from tests.sim.net import Net

GROUPS = [GroupId("channel", f"#{number}") for number in range(SLICE + 50)]


def taken(looks: Looks, now: float) -> list[GroupId]:
    found = []
    while (group := looks.take(now)) is not None:
        found.append(group)
    return found


def test_a_group_is_looked_at_a_moment_after_changes_and_once() -> None:
    looks = Looks()
    for _ in range(5):
        looks.soon(GROUPS[0], 100.0)
    assert taken(looks, 100.0) == []
    assert taken(looks, 100.0 + LOOK_AFTER_S) == [GROUPS[0]]
    assert looks.changes == 5 and not looks.is_due(102.0)


def test_a_look_that_fails_comes_again_in_the_end() -> None:
    looks = Looks()
    looks.plan(GROUPS[0], 1.0)
    assert taken(looks, 1.0) == [GROUPS[0]]  # nothing is planned by the caller
    assert taken(looks, LOOK_AT_LEAST_S) == []
    assert taken(looks, 1.0 + LOOK_AT_LEAST_S) == [GROUPS[0]]


def test_all_are_looked_at_again_without_a_wait_and_each_once() -> None:
    looks = Looks()
    for group in [*GROUPS, *GROUPS[:10]]:
        looks.again(group)
    assert looks.is_due(0.0)
    assert taken(looks, 0.0) == GROUPS


def test_a_forgotten_group_is_not_looked_at() -> None:
    looks = Looks()
    looks.plan(GROUPS[0], 1.0)
    looks.forget(GROUPS[0])
    assert taken(looks, 9e9) == []


@pytest.mark.interpreted  # replaces a method of a compiled class
@pytest.mark.parametrize("nodes", [1, 3])
def test_idle_channels_are_not_looked_at(monkeypatch: pytest.MonkeyPatch, nodes: int) -> None:
    net = Net(nodes)
    ann, bob = net.client("n1", "ann"), net.client(f"n{nodes}", "bob")
    names = [f"#c{number}" for number in range(60)]
    for client in (ann, bob):
        client.send(f"JOIN {','.join(names)}")
        client.sync()
    net.run(5.0)
    looks: list[GroupId] = []
    for kind in (Maintenance, Followers):
        look = kind.look
        monkeypatch.setattr(
            kind, "look", lambda self, one, look=look: (looks.append(one.replica.group), look(self, one))[1]
        )
    net.run(50.0)
    assert len(looks) <= nodes * 5, looks  # besides, masters ask followers once a minute
    ann.send(f"PRIVMSG {names[7]} :hello")
    net.run(3.0)
    assert GroupId("channel", names[7]) in looks


def test_a_channel_whose_last_member_left_is_forgotten_in_time() -> None:
    net = Net(1)
    ann = net.client("n1", "ann")
    ann.send("JOIN #c")
    ann.sync()
    ann.send("PART #c")
    ann.sync()
    masters = net.nodes["n1"].core.engine.replicas.masters
    keep_s = net.engine.dead_after_s + net.engine.grace_s
    net.run(keep_s - 2.0)
    assert GroupId("channel", "#c") in masters
    net.run(4.0)
    assert GroupId("channel", "#c") not in masters
