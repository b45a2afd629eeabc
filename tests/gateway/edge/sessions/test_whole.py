"""A session begins once its group knows both sides of a partition that has just ended."""

from __future__ import annotations

from typing import Any

from gateway.edge.sessions.whole import AGAIN_S, once_whole
from ring.ids import GroupId
from tests.settings import ring_settings

ANN = GroupId("session", "ann")


class Edge:
    """The edge and its network. lacks: whether the group's master may know one side alone."""

    def __init__(self, *, lacks: bool) -> None:
        self.network = self
        self.settings = ring_settings()
        self.lacks = lacks
        self.now = 0.0
        self.jobs: list[tuple[float, Any]] = []

    def may_lack_a_side(self, group: GroupId) -> bool:
        assert group == ANN
        return self.lacks

    def later(self, after_s: float, job: Any) -> None:
        self.jobs.append((self.now + after_s, job))

    def look(self) -> None:
        """The next job runs."""
        self.now, job = self.jobs.pop()
        job()


def begun(edge: Any) -> list[float]:
    """When the session begins."""
    times: list[float] = []
    once_whole(edge, ANN, lambda: times.append(edge.now))
    return times


def test_nothing_waits_without_a_partition() -> None:
    assert begun(Edge(lacks=False)) == [0.0]


def test_it_begins_soon_after_the_sides_have_met() -> None:
    edge = Edge(lacks=True)
    times = begun(edge)
    edge.look()
    assert times == []
    edge.lacks = False
    edge.look()
    assert times == [2 * AGAIN_S] and not edge.jobs


def test_it_waits_no_longer_than_settle_max_s() -> None:
    edge = Edge(lacks=True)
    times = begun(edge)
    while edge.jobs:
        edge.look()
    assert len(times) == 1
    assert edge.settings.settle_max_s <= times[0] < edge.settings.settle_max_s + 2 * AGAIN_S
