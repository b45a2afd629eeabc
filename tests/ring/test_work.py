"""Long work in slices: jobs take turns, and no turn of a takeover is long."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ring.ids import GroupId
from ring.replication.roles import Roles
from ring.work import FEW, Work
from tests.ring import toy
from tests.ring.toy import ToyNet


def job(name: str, steps: int, done: list[str]) -> Iterator[None]:
    for number in range(steps):
        done.append(f"{name}{number}")
        yield


def test_jobs_take_turns_and_a_slice_ends_in_the_middle() -> None:
    work, done = Work(), list[str]()
    work.add(job("a", 3, done))
    work.add(job("b", 1, done))
    work.go_on(2)
    assert done == ["a0", "b0"] and work.waits
    work.go_on(99)
    assert done == ["a0", "b0", "a1", "a2"] and not work.waits
    work.go_on(1)


def test_work_may_add_work() -> None:
    work, done = Work(), list[str]()

    def first() -> Iterator[None]:
        work.add(job("b", 1, done))
        yield

    work.add(first())
    work.go_on(9)
    assert done == ["b0"]


@pytest.mark.interpreted  # replaces a method of a compiled class
def test_a_takeover_of_many_groups_does_no_turn_s_work_beyond_a_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two nodes are left of three. No turn serves more groups than the steps of a slice allow, and all are served."""
    net, key = ToyNet(3), "127.0.0.1"
    groups = [GroupId("channel", f"#{number}") for number in range(600)]
    engine = net.engines[key]
    net.turn(key, lambda: [engine.submit(group, ["join", *engine.me]) for group in groups])
    net.run(5.0)
    lost = [group for group in groups if net.masters(group) == ["127.0.0.3"]]
    assert len(lost) > 100
    served: dict[tuple[str, float], int] = {}
    serve = Roles.serve

    def counted(self: Roles, *arguments: object) -> None:
        at = self._port.me.key, net.now
        served[at] = served.get(at, 0) + 1
        serve(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Roles, "serve", counted)
    monkeypatch.setattr(toy, "STEPS", 4)
    net.kill("127.0.0.3")
    net.run(5.0)
    assert all(net.masters(group) for group in groups)
    assert sum(served.values()) == len(lost)
    assert max(served.values()) <= 4 * 10, max(served.values())


def test_a_node_that_was_stopped_finds_its_groups_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """P20: the node serves no group on. A command finds its group before the slices do."""
    net, key = ToyNet(1), "127.0.0.1"
    groups = [GroupId("channel", f"#{number}") for number in range(600)]
    engine = net.engines[key]
    net.turn(key, lambda: [engine.submit(group, ["join", *engine.me]) for group in groups])
    net.run(5.0)
    assert len(engine.replicas.masters) == 600
    monkeypatch.setattr(toy, "STEPS", 4)
    engine.begin(net.now + 60.0)
    assert len(engine.replicas.masters) <= 2 * FEW and engine.work_waits
    engine.submit(groups[-1], ["say", "hello"])
    assert groups[-1] in engine.replicas.masters
    while engine.work_waits:
        before = len(engine.replicas.masters)
        engine.carry_on(4)
        assert len(engine.replicas.masters) <= before + 4
    assert len(engine.replicas.masters) == 600
