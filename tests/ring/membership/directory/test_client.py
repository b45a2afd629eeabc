"""What a node does with directories, and the number of its life."""

from __future__ import annotations

import itertools
from random import Random

import msgspec
import pytest

from ring.membership.directory.client import DirectoriesCore, Effect, Lost, Reached, Rejected, Send, next_incarnation
from ring.membership.directory.datagrams import VERSION, VERSION_NOTICE, Codec
from ring.membership.directory.server import DirectoryCore
from tests.ring.membership.directory.test_leases import node
from tests.ring.membership.directory.world import KEY, NETWORK, SOURCE, World


@pytest.mark.parametrize(
    ("saved", "seen", "now", "number"),
    [
        (7, 5, 3.0, 8),
        (5, 7, 3.0, 8),
        pytest.param(0, 0, 1_700_000_000.9, 1_700_000_001, id="a lost disk and no roster: the clock"),
        pytest.param(9, 9, 0.0, 10, id="a clock that was set back"),
    ],
)
def test_a_new_life_has_a_number_above_all_that_anybody_knows(saved: int, seen: int, now: float, number: int) -> None:
    """P2."""
    assert next_incarnation(saved, seen, now) == number


def sends(effects: list[Effect]) -> list[Send]:
    return [effect for effect in effects if isinstance(effect, Send)]


def core(directories: int = 1) -> DirectoriesCore:
    return DirectoriesCore(directories, Codec(NETWORK, KEY), node(1), 3.0, Random(1))


def test_a_silent_directory_is_asked_again_at_growing_intervals() -> None:
    client, times = core(), []
    for step in range(600):
        times += [step * 0.05] * len(sends(client.tick(step * 0.05)))
    pauses = [later - first for first, later in itertools.pairwise(times)]
    assert pauses[0] < 0.5 and 2.0 < pauses[-1] < 4.0 and len(times) < 20
    assert client.problems == ["it does not answer"] and client.leases_left(30.0) == [None] and not client.listed


def test_a_directory_that_stops_answering_is_told_once() -> None:
    world = World()
    member = world.node(node(1))
    world.run(2)
    assert member.core.granted == {0} and member.core.listed and member.core.problems == [""]
    (left,) = member.core.leases_left(world.now)
    assert left is not None and 5 < left <= 10
    told = []
    for step in range(1, 100):
        told += [effect for effect in member.core.tick(world.now + step * 0.5) if not isinstance(effect, Send)]
    assert told == [Lost(0)] and member.core.leases_left(world.now + 50.0) == [None]
    world.now += 50.0
    world.run(4)
    assert member.core.problems == [""]


def test_what_is_no_answer_to_this_node_is_dropped() -> None:
    world = World()
    member, other = world.node(node(1)), world.node(node(2))
    world.run(1)
    member.core.announce(msgspec.structs.replace(node(1), irc="irc.example.org"))
    (asked,) = sends(member.core.tick(world.now))
    answer = world.up[0].receive(asked.data, SOURCE, world.now)
    assert answer is not None
    drops = member.core.drops
    for data in (b"", b"noise", asked.data, Codec(NETWORK, b"x" * 32).seal(Codec(NETWORK, KEY).open(answer))):
        assert member.core.receive(data, 0, world.now) == []
    assert member.core.drops == drops + 4
    assert other.core.receive(answer, 0, world.now) == [] and other.core.drops == 1
    member.core.receive(answer, None, world.now)  # whoever brings the answer: the MAC counts
    assert member.core.drops == drops + 4
    assert member.core.receive(answer, 0, world.now) == [] and member.core.drops == drops + 5  # a replay


@pytest.mark.parametrize(("version", "upgrade"), [(VERSION - 1, "the directory"), (VERSION + 1, "this node")])
def test_a_directory_of_another_version_is_told_once_with_what_to_upgrade(version: int, upgrade: str) -> None:
    client = core()
    notice = VERSION_NOTICE[:2] + bytes([version]) + VERSION_NOTICE[3:]
    (said,) = client.receive(notice, 0, 0.0)
    assert isinstance(said, Rejected) and said.directory == 0 and said.reason.endswith(f"upgrade {upgrade}")
    assert client.receive(notice, 0, 1.0) == []
    assert client.receive(notice, None, 1.0) == []  # from an address that is no directory's


def test_directories_that_are_not_to_hear_of_the_node_hear_nothing() -> None:
    client = core(3)
    client.speak_to(frozenset({1}))
    assert [one.directory for one in sends(client.tick(0.0))] == [1]
    client.speak_to(None)
    assert client.due == 0.0 and [one.directory for one in sends(client.tick(0.1))] == [0, 2]
    client.speak_to(frozenset())
    assert client.due == float("inf") and client.tick(100.0) == []


def test_a_farewell_goes_to_the_directories_that_list_the_node() -> None:
    world = World(directories=3)
    world.up[2].leases.announce(node(1, "other", ip="127.0.0.9"), 1, world.now)  # the ring key is taken here
    member = world.node(node(1))
    member.core.speak_to(frozenset({0, 2}))
    world.run(1)
    assert (
        member.core.granted == {0} and set(member.core.rejected) == {2} and "node.ring_key" in member.core.rejected[2]
    )
    member.core.depart()
    assert [one.directory for one in sends(member.core.tick(world.now))] == [0] and not member.core.departed
    world.run(2)
    assert member.core.departed and world.listed(0) == [] and world.listed(2) == ["other"]


def test_a_changed_record_is_told_at_once_and_a_new_life_of_a_directory_too() -> None:
    world = World()
    member, watcher = world.node(node(1)), world.node(node(2))
    world.run(4)
    member.core.announce(msgspec.structs.replace(node(1), leaving=True))
    assert member.core.due == 0.0
    world.run(4)
    assert watcher.core.view.records["127.0.0.1"].leaving
    world.up[0] = DirectoryCore(NETWORK, KEY, Random(9), world.now, lease_s=10.0)
    world.run(4)
    assert world.listed() == ["node-1", "node-2"] and not watcher.lost


def test_a_challenge_in_answer_to_a_challenge_waits() -> None:
    """A directory whose answers are all challenges is not asked without a pause."""
    world, client = World(), core()
    (asked,) = sends(client.tick(world.now))
    answers = 0
    for number in range(5):
        again = DirectoryCore(NETWORK, KEY, Random(50 + number), world.now, lease_s=10.0)  # ever another life
        challenge = again.receive(asked.data, SOURCE, world.now)
        assert challenge is not None
        effects = client.receive(challenge, 0, world.now)
        assert (Reached(0) in effects) is (number == 0)
        answers += len(sends(effects))
        if not sends(effects):
            break
        asked = sends(effects)[0]
    assert answers == 1
