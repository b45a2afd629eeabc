"""The engine alone, with a toy kind of group, under faults chosen by a seed."""

from __future__ import annotations

import msgspec
import pytest

from ring.ids import GroupId
from tests.ring.toy import ToyNet

ERLANG = GroupId("channel", "#erlang")


def settle(net: ToyNet, key: str, group: GroupId = ERLANG, within: float = 10.0) -> None:
    done: list[bool] = []
    net.turn(key, lambda: net.engines[key].settle([group], lambda: done.append(True)))
    end = net.now + within
    while not done and net.now < end:
        net.run(0.05)
    assert done, "not settled in time"


def test_a_lone_node_answers_at_once() -> None:
    net = ToyNet(1)
    net.join("127.0.0.1", ERLANG)
    net.submit("127.0.0.1", ERLANG, ["say", "hi"], "t")
    net.run(0.1)
    assert net.hosts["127.0.0.1"].heard[ERLANG] == ["hi"]
    assert ("t", ["ok"]) in net.hosts["127.0.0.1"].answers


def test_the_ring_picks_the_master() -> None:
    net = ToyNet(3)
    net.join("127.0.0.1", ERLANG)
    net.run(1)
    assert net.masters(ERLANG) == ["127.0.0.3"]


def test_a_refusal_is_answered_and_shown_to_nobody() -> None:
    net = ToyNet(3)
    net.join("127.0.0.1", ERLANG)
    net.submit("127.0.0.2", ERLANG, ["say", "!no"], "t")
    net.run(1)
    assert net.hosts["127.0.0.2"].answers == [("t", ["refused", "!no"])]
    assert ERLANG not in net.hosts["127.0.0.1"].heard


def test_settled_means_heard_everywhere() -> None:
    net = ToyNet(3, delay_s=(0.001, 0.3))
    for key in net.engines:
        net.join(key, ERLANG)
    net.run(3)
    net.submit("127.0.0.1", ERLANG, ["say", "x"])
    settle(net, "127.0.0.1")
    assert all(net.hosts[key].heard[ERLANG] == ["x"] for key in net.engines)


@pytest.mark.parametrize("seed", range(300))
def test_one_order_nothing_lost_nothing_twice(seed: int) -> None:
    """Loss, doubling and reordering; a nearer node joins, and leaves again, while everybody talks."""
    net = ToyNet(2, seed, loss=0.1, double=0.1, delay_s=(0.001, 0.2))
    said = []
    keys = ["127.0.0.1", "127.0.0.2"]
    for key in keys:
        net.join(key, ERLANG)
    net.run(5)
    for n in range(60):
        key = net.rng.choice(keys)
        said.append(f"{key} {n}")
        net.submit(key, ERLANG, ["say", said[-1]])
        net.run(net.rng.uniform(0, 0.3))
        if n == 15:
            net.start("127.0.0.3")
        if n == 40:
            engine = net.engines["127.0.0.3"]
            leaving = msgspec.structs.replace(engine.peers.me, leaving=True)
            net.turn("127.0.0.3", lambda e=engine, r=leaving: e.leave(r))
    net.run(20)
    heard = net.hosts["127.0.0.1"].heard[ERLANG]
    assert sorted(heard) == sorted(said)
    assert net.hosts["127.0.0.2"].heard[ERLANG] == heard
    for key in keys:
        mine = [line for line in heard if line.startswith(key)]
        assert mine == [line for line in said if line.startswith(key)]
    assert len(net.masters(ERLANG)) == 1 and net.masters(ERLANG) != ["127.0.0.3"]


def test_a_node_that_joins_nearer_takes_the_group_over() -> None:
    net = ToyNet(2)
    net.join("127.0.0.1", ERLANG)
    net.submit("127.0.0.1", ERLANG, ["say", "before"])
    net.run(1)
    net.start("127.0.0.3")
    net.run(10)
    assert net.masters(ERLANG) == ["127.0.0.3"]
    net.submit("127.0.0.1", ERLANG, ["say", "after"])
    net.run(1)
    assert net.hosts["127.0.0.1"].heard[ERLANG] == ["before", "after"]
    assert net.hosts["127.0.0.1"].lost == 0


@pytest.mark.parametrize("seed", range(100))
def test_followers_carry_the_group_when_its_master_dies(seed: int) -> None:
    net = ToyNet(3, seed)
    for key in net.engines:
        net.join(key, ERLANG)
    net.run(1)
    for n in range(10):
        net.submit("127.0.0.1", ERLANG, ["say", str(n)])
    settle(net, "127.0.0.1")
    net.kill("127.0.0.3")
    for n in range(10, 20):
        net.submit(f"127.0.0.{1 + n % 2}", ERLANG, ["say", str(n)])
    net.run(10)
    heard = net.hosts["127.0.0.1"].heard[ERLANG]
    assert sorted(heard, key=int) == [str(n) for n in range(20)]
    assert net.hosts["127.0.0.2"].heard[ERLANG] == heard
    assert len(net.masters(ERLANG)) == 1


def test_a_master_that_restarts_empty_finds_its_group_again() -> None:
    net = ToyNet(3)
    net.join("127.0.0.1", ERLANG)
    net.submit("127.0.0.1", ERLANG, ["say", "kept"])
    net.run(1)
    net.down.add("127.0.0.3")
    net.start("127.0.0.3")
    net.run(5)
    net.submit("127.0.0.1", ERLANG, ["say", "more"])
    net.run(5)
    assert net.hosts["127.0.0.1"].heard[ERLANG] == ["kept", "more"]
    assert net.masters(ERLANG) == ["127.0.0.3"]


def test_a_watch_shows_each_change() -> None:
    net = ToyNet(3)
    net.turn("127.0.0.2", lambda: net.engines["127.0.0.2"].watch(ERLANG))
    net.run(1)
    net.join("127.0.0.1", ERLANG)
    net.submit("127.0.0.1", ERLANG, ["say", "x"])
    net.run(1)
    assert net.hosts["127.0.0.2"].views == [0, 1]


def test_questions_reach_the_master_and_nodes() -> None:
    net = ToyNet(3)
    got: list[object] = []
    net.join("127.0.0.1", ERLANG)
    net.run(1)
    net.turn("127.0.0.2", lambda: net.engines["127.0.0.2"].ask(ERLANG, ["count"], got.append))
    net.turn("127.0.0.2", lambda: net.engines["127.0.0.2"].ask_node("127.0.0.1", 7, got.append))
    net.run(1)
    assert sorted(got, key=str) == [["pong", 7], ["said", 0]]


def test_a_group_that_nobody_answers_for_fails_in_bounded_time() -> None:
    net = ToyNet(3, loss=1.0)
    net.submit("127.0.0.1", ERLANG, ["say", "x"], "t")
    net.run(12)
    assert [(token, repr(outcome)) for token, outcome in net.hosts["127.0.0.1"].answers] == [("t", "FAILED")]


def test_garbage_from_a_peer_is_counted_and_dropped() -> None:
    net = ToyNet(2)
    engine = net.engines["127.0.0.1"]
    for payload in (b"", b"\xc1", b"\x91\x91\x01", b"\x93\x01\x02\x03", b"\x91" * 5000):
        engine.receive(net.engines["127.0.0.2"].me, payload)
    assert engine.counters["unreadable"] == 7
