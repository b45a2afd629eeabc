"""A directory answers each datagram by itself: the nodes listed, the nodes refused, and the claims not believed."""

from __future__ import annotations

from random import Random

import pytest

from ring.membership.directory.client import Send
from ring.membership.directory.datagrams import (
    MAX_DATAGRAM,
    VERSION,
    VERSION_NOTICE,
    Ask,
    AskRefused,
    Codec,
    Cookie,
    Depart,
    pack,
)
from ring.membership.directory.query import DenialQuery
from ring.membership.directory.server import DirectoryCore
from ring.roster import NodeRecord
from tests.ring.membership.directory.test_leases import node
from tests.ring.membership.directory.world import KEY, NETWORK, SOURCE, World


@pytest.mark.parametrize("incarnation", [1, 7])  # two nodes that start within a second have one incarnation
def test_a_refused_duplicate_comes_and_goes_and_the_living_node_stays_listed(incarnation: int) -> None:
    world = World(directories=2)
    first, watcher = world.node(node(1)), world.node(node(2))
    world.run(1)
    second = world.node(node(1, "other", incarnation, ip="127.0.0.9"))
    world.run(4)
    assert all("node.ring_key" in reason for reason in second.rejected.values()) and len(second.rejected) == 2
    second.core.depart()
    world.run(2)
    assert second.core.departed
    assert world.listed(0) == world.listed(1) == ["node-1", "node-2"]
    world.run(25)
    assert world.listed(0) == ["node-1", "node-2"] and first.core.listed
    assert "127.0.0.1" in watcher.known


def test_a_name_twice_is_refused_until_the_first_has_gone() -> None:
    world = World()
    first = world.node(node(1, "irc.example.org"))
    world.run(1)
    second = world.node(node(2, "IRC.example.org"))
    world.run(4)
    assert "node.name" in second.rejected[0] and world.listed() == ["irc.example.org"]
    first.core.depart()
    world.run(4)
    assert world.listed() == ["IRC.example.org"]


def denials(world: World, directory: int = 0) -> set[tuple[str, str]]:
    """Names and reasons, as anybody may ask for them."""
    query = DenialQuery(1, Random(7))
    sends = query.tick(world.now)
    while sends:
        answers = [world.up[directory].receive(data, SOURCE, world.now) for _, data in sends]
        assert all(answer is not None and len(answer) <= len(sends[0].data) for answer in answers)
        sends = [send for answer in answers if answer for send in query.receive(answer, 0, world.now)]
    assert query.finished
    return {(denial.name, denial.reason) for denial in query.found}


def test_a_directory_says_whom_it_refuses_for_as_long_as_it_does() -> None:
    world = World()
    world.node(node(1))
    world.run(1)
    assert denials(world) == set()
    second = world.node(node(1, "other", 7, ip="127.0.0.9"))
    world.run(4)
    ((name, reason),) = denials(world)
    assert name == "other" and "node.ring_key" in reason
    second.core.depart()
    world.run(12)
    assert denials(world) == set()


def test_the_refused_are_bounded_and_fit_a_datagram() -> None:
    world = World()
    world.node(node(1))
    world.run(1)
    for number in range(40):
        world.node(node(1, f"{number}" + "x" * 100, 2, ip=f"127.0.1.{number}"))
    world.run(1)
    assert 1 < len(denials(world)) < 20


def test_a_node_that_was_refused_and_is_let_in_is_refused_no_more() -> None:
    world = World()
    first = world.node(node(1, "irc.example.org"))
    world.run(1)
    world.node(node(2, "irc.example.org"))
    world.run(4)
    assert len(denials(world)) == 1
    first.core.depart()
    world.run(4)
    assert denials(world) == set()


def test_requests_that_are_not_believed_are_counted_by_reason() -> None:
    world = World()
    directory = world.up[0]
    member = world.node(node(1))
    first = next(effect.data for effect in member.core.tick(world.now) if isinstance(effect, Send))
    challenge = directory.receive(first, SOURCE, world.now)
    assert challenge is not None
    announced = next(e.data for e in member.core.receive(challenge, 0, world.now) if isinstance(e, Send))
    assert directory.receive(announced, SOURCE, world.now) is not None and world.listed() == ["node-1"]
    assert directory.receive(announced, SOURCE, world.now) is None  # heard before
    assert directory.receive(challenge, SOURCE, world.now) is None  # no request
    assert directory.receive(pack(Cookie(1, b"")), SOURCE, world.now) is None
    assert directory.receive(b"noise", SOURCE, world.now) is None
    foreign = Codec(NETWORK, b"x" * 32).seal(Depart(node(1).id, 9, directory.boot, 0))
    assert directory.receive(foreign, SOURCE, world.now) is None
    assert directory.drops["replay"] == 1 and directory.drops["malformed"] == 2
    assert sum(directory.drops.values()) == 5 and world.listed() == ["node-1"]


def test_a_later_version_is_told_which_version_is_spoken_here() -> None:
    directory = World().up[0]
    later = b"".join((VERSION_NOTICE[:2], bytes([VERSION + 1, 1]), bytes(60)))
    assert directory.receive(later, SOURCE, 0.0) == VERSION_NOTICE
    assert directory.receive(VERSION_NOTICE[:2] + bytes([VERSION + 1, 0]) + bytes(60), SOURCE, 0.0) is None


def test_a_short_question_has_no_answer_that_is_longer() -> None:
    """Nobody gets more bytes out of a directory than were put in, at whatever address."""
    directory = World().up[0]
    for ask in (Ask(1, b"", ""), AskRefused(1, b"")):
        asked = pack(ask)
        assert len(asked) == MAX_DATAGRAM
        cookie = directory.receive(asked, SOURCE, 0.0)
        assert cookie is not None and len(cookie) < len(asked)
        assert directory.receive(asked[:-1], SOURCE, 0.0) is None
    assert directory.drops.total() == 2


def test_a_request_of_an_earlier_life_of_the_directory_is_challenged() -> None:
    world = World()
    member = world.node(node(1))
    world.run(1)
    again = DirectoryCore(NETWORK, KEY, Random(9), world.now, lease_s=10.0)
    world.up[0] = again
    world.run(4)
    assert world.listed() == ["node-1"] and member.reached == {0} and again.counts["joined"] == 1
    assert again.is_rebuilding(world.now) and again.up_s(world.now) == 4.0
    world.run(10)
    assert not again.is_rebuilding(world.now)


@pytest.mark.parametrize("record", [node(1, ip="nonsense"), node(1, "x" * 500)])
def test_a_malformed_record_is_refused_in_words(record: NodeRecord) -> None:
    world = World()
    member = world.node(record)
    world.run(2)
    assert "malformed" in member.rejected[0] and world.listed() == []


def test_joins_and_departures_are_noted_within_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ring.membership.directory.server._MAX_NOTES", 5)
    world = World()
    member = world.node(node(1))
    world.run(1)
    member.core.depart()
    world.run(1)
    notes = world.up[0].notes
    assert [(one.event, one.facts.get("reason")) for one in notes] == [("node_joined", None), ("node_left", "departed")]
    assert world.up[0].counts["departed"] == 1
    for number in range(2, 12):
        world.node(node(number))
    world.run(1)
    assert len(notes) == 5 and world.up[0].drops["note"] == 7


def test_a_whole_network_comes_page_by_page() -> None:
    world = World()
    for number in range(1, 60):
        world.node(node(number, "n" * 100 + str(number)))
    world.run(8)
    assert all(len(one.known) == 58 for one in world.nodes)
