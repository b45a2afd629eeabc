"""A node that starts with many groups on disk takes the groups up in slices (P23), and serves each group that is asked
for at once."""

from __future__ import annotations

from typing import Any

import pytest

from ring.ids import GroupId
from tests.ring import toy
from tests.ring.toy import ToyNet

KEY = "127.0.0.1"
GROUPS = [GroupId("talk", f"t{number}") for number in range(300)]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> ToyNet:
    """A node alone that has 300 groups on disk, and has just started. No slice is carried out yet."""
    net = ToyNet(1, disks=True)
    net.run(1)
    for group in GROUPS:
        net.join(KEY, group)
        net.submit(KEY, group, ["say", "hello"])
    net.run(30)
    assert net.disks is not None and len(net.disks[KEY].replicas) == len(GROUPS)
    net.kill(KEY)
    monkeypatch.setattr(toy, "STEPS", 0)
    net.start(KEY)
    return net


def served(net: ToyNet) -> int:
    return sum(net.masters(group) == [KEY] for group in GROUPS)


def test_a_tick_takes_up_a_few_groups_and_slices_the_rest(started: ToyNet, monkeypatch: pytest.MonkeyPatch) -> None:
    started.run(0.5)
    assert 0 < served(started) < len(GROUPS) / 2
    assert started.engines[KEY].work_waits
    monkeypatch.setattr(toy, "STEPS", 100)
    started.run(0.5)
    assert served(started) == len(GROUPS)
    assert not started.engines[KEY].work_waits


def test_without_slices_the_ticks_take_up_all_groups(started: ToyNet) -> None:
    started.run(30)
    assert served(started) == len(GROUPS)


def test_a_group_that_is_asked_for_is_taken_up_at_once(started: ToyNet) -> None:
    waiting = next(group for group in GROUPS if not started.masters(group))
    views: list[Any] = []
    started.turn(KEY, lambda: started.engines[KEY].ask(waiting, ["seen"], views.append))
    assert len(views) == 1 and views[0] is not None
    started.submit(KEY, waiting, ["say", "again"])
    assert started.masters(waiting) == [KEY]
