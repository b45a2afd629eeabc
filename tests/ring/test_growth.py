"""The engine's work at many groups: no work grows faster than n log n, and work for one group does not grow.

The steps are counted (tests/growth.py), so the test says the same on every machine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from ring.ids import GroupId
from ring.rpc import Rpc
from ring.storage.journal import Journal
from tests.growth import counted, n_log_n
from tests.ring.toy import ToyNet

FEW, MANY = 100, 800
N1, N2, N3 = "127.0.0.1", "127.0.0.2", "127.0.0.3"


class World:
    """Three nodes with disks, members on n1 and n2 in each of n groups, a line said in each, and all settled."""

    def __init__(self, groups: int) -> None:
        self.net = ToyNet(3, disks=True)
        self.groups = [GroupId("talk", f"#{number}") for number in range(groups)]
        for key in (N1, N2):
            self.all(key, "join", *self.net.engines[key].me)
        self.net.run(3.0)
        self.all(N1, "say", "hello")
        self.net.run(70.0)  # and nobody remembers the hurry

    def all(self, key: str, *command: Any) -> None:
        """Give a command to all groups in one turn."""
        engine = self.net.engines[key]
        self.net.turn(key, lambda: [engine.submit(group, [*command]) for group in self.groups] and None)

    @property
    def one(self) -> GroupId:
        """Return a group followed by n1 and mastered by another node."""
        return next(group for group in self.groups if group in self.net.engines[N1].replicas.followers)

    def mastered(self, key: str) -> int:
        return len(self.net.engines[key].replicas.masters)


def submit(world: World) -> None:
    world.net.submit(N1, world.one, ["say", "once more"])


def commit_and_apply(world: World) -> None:
    """Take one line the whole way over three nodes, with the ticks of a second."""
    world.net.submit(N1, world.one, ["say", "once more"])
    world.net.run(1.0)


def tick(world: World) -> None:
    world.net.run(1.0)


def talk_everywhere(world: World) -> None:
    world.all(N1, "say", "once more")
    world.net.run(2.0)


def questions(world: World) -> None:
    """n3 asks every group, before n3 knows the masters."""
    engine = world.net.engines[N3]
    answers: list[Any] = []
    world.net.turn(N3, lambda: [engine.ask(group, ["?"], answers.append) for group in world.groups] and None)
    world.net.run(2.0)
    assert len(answers) == len(world.groups)


def barrier(world: World) -> None:
    """A PING of somebody in all groups."""
    done: list[bool] = []
    engine = world.net.engines[N1]
    world.net.turn(N1, lambda: engine.settle(world.groups, lambda: done.append(True)))
    world.net.run(1.0)
    assert done


def takeover(world: World) -> None:
    before = world.mastered(N2)
    world.net.kill(N3)
    world.net.run(3.0)
    assert world.mastered(N2) > before
    assert world.mastered(N1) + world.mastered(N2) == len(world.groups)


def roster_change(world: World) -> None:
    """A node comes, and is handed the groups of its share."""
    world.net.start("127.0.0.4")
    world.net.run(2.0)


def start_from_disk(world: World) -> None:
    world.net.down.add(N3)
    world.net.start(N3)


def leave(world: World) -> None:
    """A node drains."""
    engine = world.net.engines[N3]
    leaving = msgspec.structs.replace(engine.peers.me, leaving=True)
    world.net.turn(N3, lambda: engine.leave(leaving))
    world.net.run(3.0)


def end_of_an_edge(world: World) -> None:
    """All members on one node leave all groups."""
    world.all(N2, "part", *world.net.engines[N2].me)
    world.net.run(2.0)


def snapshots(world: World) -> None:
    replicas = world.net.engines[N1].replicas.here()
    assert len(replicas) == len(world.groups)
    for replica in replicas:
        replica.snapshot()


ALONE = [submit, commit_and_apply, tick]
OVER_ALL = [
    talk_everywhere, questions, barrier, takeover, roster_change, start_from_disk, leave, end_of_an_edge, snapshots,
]  # fmt: skip


def steps(of: Callable[[World], None], world: World) -> int:
    with counted() as found:
        of(world)
    return found.steps


@pytest.mark.parametrize("operation", ALONE, ids=lambda one: one.__name__)
def test_what_concerns_one_group_costs_the_same_at_many(operation: Callable[[World], None]) -> None:
    few, many = steps(operation, World(FEW)), steps(operation, World(MANY))
    assert many <= 1.5 * few + 100, (few, many)


@pytest.mark.parametrize("operation", OVER_ALL, ids=lambda one: one.__name__)
def test_what_concerns_all_groups_grows_no_faster_than_n_log_n(operation: Callable[[World], None]) -> None:
    few, many = steps(operation, World(FEW)), steps(operation, World(MANY))
    assert many <= 1.2 * n_log_n(FEW, MANY) * few, (few, many)


@pytest.mark.interpreted  # counts lines of Python
def test_the_count_sees_a_loop_over_all_lines_that_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal once filtered all waiting lines for each group."""
    keep = Journal._keep_log

    def slow(self: Journal, replica: Any) -> None:
        [line for lines in self._lines.values() for line in lines if line.group != replica.group]
        keep(self, replica)

    def first_words(groups: int) -> int:
        net = ToyNet(1, disks=True)
        engine = net.engines[N1]
        named = [GroupId("talk", f"#{number}") for number in range(groups)]
        with counted() as found:
            net.turn(N1, lambda: [engine.submit(group, ["say", "hello"]) for group in named] and None)
        return found.steps

    assert first_words(MANY) <= 1.2 * n_log_n(FEW, MANY) * first_words(FEW)
    monkeypatch.setattr("ring.storage.journal.Journal._keep_log", _from_ring(slow))
    assert first_words(MANY) > 1.2 * n_log_n(FEW, MANY) * first_words(FEW)


def _from_ring(function: Any) -> Any:
    """Let the function count as code of the ring, comprehensions included."""
    where = Rpc.tick.__code__.co_filename

    def moved(code: Any) -> Any:
        inner = tuple(moved(one) if hasattr(one, "co_code") else one for one in code.co_consts)
        return code.replace(co_filename=where, co_consts=inner)

    function.__code__ = moved(function.__code__)
    return function
