"""What a directory's HTTP listener tells, read from a simulated directory."""

from __future__ import annotations

import msgspec
import pytest

from gateway.web import views
from gateway.web.directory_source import DirectorySource
from gateway.web.page import make, page
from gateway.web.refusal import Unknown
from ring.features import LEVEL
from ring.roster import NodeRecord, RingTerms
from tests.ring.membership.directory.test_leases import node
from tests.ring.membership.directory.world import World

TERMS = RingTerms("absolute", 1, 2, "rfc1459")


def record(number: int, ring: RingTerms | None = TERMS) -> NodeRecord:
    ip = f"127.0.0.{number}"
    return msgspec.structs.replace(node(number, ip=ip), key=ip, level=LEVEL, http=f"http://{ip}:8067/", ring=ring)


def directory(*records: NodeRecord) -> tuple[World, DirectorySource]:
    """A directory with these nodes, some time after they came."""
    world = World()
    for each in records:
        world.node(each)
    world.run(1)
    return world, DirectorySource(world.up[0], "1", "127.0.0.1:7700", lambda: world.now)


def test_a_directory_tells_of_the_nodes_that_it_hears() -> None:
    world, source = directory(record(1), record(2))
    found = views.nodes(source.sight())
    assert (found["network"], found["seen_by"]) == ("sim", "directory 127.0.0.1:7700")
    assert [(row["ip"], row["http"], row["point"], row["alive"]) for row in found["nodes"]] == [
        ("127.0.0.1", "http://127.0.0.1:8067/", 3389831382, True),
        ("127.0.0.2", "http://127.0.0.2:8067/", 2757477982, True),
    ]
    world.nodes.pop()
    world.run(12)
    assert [row["ip"] for row in views.nodes(source.sight())["nodes"]] == ["127.0.0.1"]


def test_a_directory_locates_a_name_by_the_settings_that_the_nodes_tell() -> None:
    _, source = directory(record(1), record(2), record(3))
    found = views.locate(source.sight(), "#ERLANG")
    assert (found["name"], found["J"], found["distance"]) == ("#erlang", 1310262970, "absolute")
    assert [(row["role"], row["ring_key"], row["distance"]) for row in found["nodes"]] == [
        ("master", "127.0.0.3", 808884791),
        ("backup", "127.0.0.2", 1447215012),
        ("next", "127.0.0.1", 2079568412),
    ]


def test_a_node_that_is_stopping_is_told_of_and_masters_nothing() -> None:
    leaving = msgspec.structs.replace(record(3), leaving=True)
    _, source = directory(record(1), record(2), leaving)
    assert [row["leaving"] for row in views.nodes(source.sight())["nodes"]] == [False, False, True]
    assert [row["ring_key"] for row in views.locate(source.sight(), "#erlang")["nodes"]] == ["127.0.0.2", "127.0.0.1"]


@pytest.mark.parametrize(
    ("records", "words"),
    [
        ([], "list no node"),
        ([record(1, None)], "do not tell the ring's settings"),
        ([record(1), record(2, RingTerms("absolute", 4, 2, "rfc1459"))], "do not agree"),
        ([record(1, RingTerms("spherical", 1, 2, "ascii"))], "does not know the distance 'spherical'"),
        ([record(1, RingTerms("absolute", 1, 2, "utf8"))], "does not know the casemapping 'utf8'"),
    ],
)
def test_a_directory_that_cannot_tell_says_why(records: list[NodeRecord], words: str) -> None:
    _, source = directory(*records)
    sight = source.sight()
    with pytest.raises(Unknown, match=words) as refused:
        views.locate(sight, "#erlang")
    assert refused.value.status == 503
    text = page(make(views.nodes(sight)), None, str(refused.value), "#erlang")
    assert "No node is known." in text if not records else "alive" in text


def test_a_directory_is_ready_once_every_node_has_had_the_time_to_announce_itself() -> None:
    world, source = directory(record(1))
    ready, why = source.ready()
    assert not ready and "nodes still announce themselves" in why
    world.run(10)
    assert source.ready() == (True, "") and source.health().healthy
