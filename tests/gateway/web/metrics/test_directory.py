"""Metrics of a directory."""

from __future__ import annotations

from gateway.web.directory_source import DirectorySource
from gateway.web.metrics.directory import of_directory
from tests.gateway.web.samples import Samples, read
from tests.ring.membership.directory.test_leases import node
from tests.ring.membership.directory.world import World


def test_a_directory_counts_leases_and_who_went() -> None:
    world = World()

    def found() -> Samples:
        return read(of_directory(DirectorySource(world.up[0], "1", "127.0.0.1:7701", lambda: world.now)))

    first, second = world.node(node(1)), world.node(node(2))
    world.run(1)
    assert found()[("circlet_directory_rebuilding",)] == 1
    world.node(node(1, "other", ip="127.0.0.9"))
    world.run(11)
    now = found()
    assert now[("circlet_directory_leases",)] == now[("circlet_directory_nodes_joined_total",)] == 2
    assert now[("circlet_directory_announcements_refused_total",)] >= 1
    assert now[("circlet_directory_rebuilding",)] == 0 and now[("circlet_directory_up_seconds",)] == 12
    first.core.depart()
    world.run(1)
    world.nodes.remove(second)
    world.run(15)
    world.up[0].receive(b"nonsense", ("127.0.0.9", 1), world.now)
    after = found()
    assert after[("circlet_directory_nodes_left_total", "departed")] == 1
    assert after[("circlet_directory_nodes_left_total", "expired")] == 1
    assert sum(value for name, value in after.items() if name[0] == "circlet_directory_datagrams_dropped_total") >= 1
    assert after[("circlet_directory_datagrams_received_total",)] > now[("circlet_directory_datagrams_received_total",)]
    assert after[("circlet_directory_build_info", "127.0.0.1:7701", "1")] == 1
