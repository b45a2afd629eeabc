"""What the HTTP listener tells, read from a simulated network."""

from __future__ import annotations

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from config.common import Ring
from gateway.web import views
from gateway.web.metrics.node import of_node
from gateway.web.refusal import BadRequest
from gateway.web.source import Source, readiness, sight_of
from ring.membership.peers import RingSettings
from ring.placement import SPACE, hash32, owners
from tests.gateway.commands.stage import network, people
from tests.settings import ring_settings
from tests.sim.net import Net


def test_every_node_is_told_with_its_point_also_one_that_died() -> None:
    net = network(3)
    net.kill("n3")
    net.run(3)
    found = views.nodes(sight_of(net.nodes["n1"].core))
    rows = {row["name"]: row for row in found["nodes"]}
    assert (found["network"], found["seen_by"]) == ("Circlet", "n1.sim")
    assert {name: row["alive"] for name, row in rows.items()} == {"n1.sim": True, "n2.sim": True, "n3.sim": False}
    assert rows["n1.sim"]["point"] == 3389831382 and rows["n1.sim"]["ip"] == "127.0.0.1"


def test_a_name_is_located_with_the_sum_behind_it() -> None:
    found = views.locate(sight_of(network(3).nodes["n2"].core), "#ERLANG")
    assert (found["name"], found["J"]) == ("#erlang", 1310262970)
    assert [(row["role"], row["name"], row["distance"]) for row in found["nodes"]] == [
        ("master", "n3.sim", 808884791),
        ("backup", "n2.sim", 1447215012),
        ("next", "n1.sim", 2079568412),
    ]


@pytest.mark.parametrize("name", ["", "#" + "a" * 600, "#a\x07b", "#caf\udce9"])
def test_a_bad_name_is_refused_with_words(name: str) -> None:
    with pytest.raises(BadRequest, match=r"name (is|has)"):
        views.locate(sight_of(network(1).nodes["n1"].core), name)


def test_metrics_are_readable_and_count_what_happens() -> None:
    net = network(3)
    people(net, "ann", "bob", channel="#c")
    net.kill("n3")
    net.run(5)
    source = Source(net.nodes["n1"].core, dict)
    samples = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(of_node(source).text().decode())
        for sample in family.samples
    }
    assert samples[("circlet_clients",)] == samples[("circlet_users",)] == 1
    assert samples[("circlet_nodes", "dead")] == 1 and samples[("circlet_ready",)] == 1
    assert samples[("circlet_commands_total", "JOIN")] == 1
    assert samples[("process_resident_memory_bytes",)] > 1_000_000


@pytest.mark.parametrize(
    "settings",
    [Ring(distance="circular", points=1), Ring(distance="absolute", points=3), Ring(distance="circular", points=64)],
)
def test_a_name_is_located_under_every_setting_of_the_ring(settings: RingSettings) -> None:
    core = Net(3, engine=ring_settings(ring=settings)).nodes["n1"].core
    for name in ("#erlang", "#chat", "ann"):
        found = views.locate(sight_of(core), name)
        assert [row["ring_key"] for row in found["nodes"]] == list(owners(name, core.engine.peers.ring, 3))
        for row in found["nodes"]:
            apart = abs(hash32(row["K_of"]) - found["J"])
            assert row["K"] == hash32(row["K_of"]) and row["K_of"].partition("#")[0] == row["ring_key"]
            assert row["distance"] == (min(apart, SPACE - apart) if settings.distance == "circular" else apart)


def test_of_a_dead_node_nothing_is_mastered() -> None:
    net = network(3)
    net.kill("n3")
    net.run(3)
    rows = [
        (row["role"], row["name"], row["alive"])
        for row in views.locate(sight_of(net.nodes["n1"].core), "#erlang")["nodes"]
    ]
    assert rows == [("master", "n2.sim", True), ("backup", "n1.sim", True), ("none", "n3.sim", False)]


def test_a_node_that_drains_is_not_ready() -> None:
    net = network(2)
    core = net.nodes["n1"].core
    assert readiness(core) == (True, "")
    core.engine.leave(msgspec.structs.replace(core.engine.peers.me, leaving=True))
    ready, why = readiness(core)
    assert not ready and "stopping" in why
