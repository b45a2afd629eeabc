"""Effects of cuts, dials and detours on a network: no live node is given up (P18, P19)."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.sim.net import Client, Net
from tests.sim.test_breaks import believe_a_dial_from_before_the_last_word


def talk(people: list[Client], rounds: int) -> None:
    """Everybody says a line a second to everybody."""
    for number in range(rounds):
        for person in people:
            person.send(f"PRIVMSG #ring :{person.nick}-{person.net.now:.1f}-{number}")
        people[0].net.run(1.0)


def cut_and_half_heal(seed: int) -> tuple[Net, list[Client]]:
    """n2 and n3 are cut for 11 s, and n3's dials to n2 stay unanswered afterwards. Then n1, in reach of both, is
    started again. ann is on n2, bob on n3: neither of the two nodes ever stopped.
    """
    net = Net(3, seed)
    people = [net.client("n2", "ann"), net.client("n3", "bob")]
    for person in people:
        person.send("JOIN #ring")
        person.sync()
    n2, n3 = net.nodes["n2"].key, net.nodes["n3"].key
    net.links.isolate({n2}, {n3})
    talk(people, 11)
    net.links.unanswered.add((n3, n2))
    net.links.cut.clear()
    talk(people, 20)
    net.kill("n1")
    net.run(0.5)
    net.start(1)
    talk(people, 20)
    net.run(20.0)
    return net, people


@pytest.mark.parametrize("seed", range(40))
def test_a_dial_that_outlives_a_cut_kills_nobody(seed: int) -> None:
    net, people = cut_and_half_heal(seed)
    for name in ("n2", "n3"):
        engine = net.nodes[name].core.engine
        assert not engine.peers.dead and not engine.failure_detector.suspects
        given_up = [note.facts["peer"] for _, note in net.nodes[name].notes if note.event == "node_dead"]
        assert set(given_up) <= {net.nodes["n1"].key}
    for person in people:
        assert not [line for line in person.got if " QUIT " in line]
        person.sync()
    ann, bob = people
    assert len(bob.heard("#ring")) == len(ann.heard("#ring")) == 51
    assert max(Counter(ann.heard("#ring")).values()) == 1


def test_the_former_rule_gave_a_live_node_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """So the story above tells the two rules apart."""
    believe_a_dial_from_before_the_last_word(monkeypatch)
    net, _ = cut_and_half_heal(0)
    assert net.nodes["n2"].key in net.nodes["n3"].core.engine.peers.dead


@pytest.mark.parametrize("seed", range(20))
def test_a_word_from_a_peer_ends_a_suspicion_though_the_link_was_up_all_along(seed: int) -> None:
    """Whatever raised the suspicion: even a suspicion possible only by a fault of this program."""
    net = Net(3, seed)
    n3, peer = net.nodes["n3"], net.nodes["n2"]
    net.turn(n3, lambda: n3.core.engine.lost(*peer.id, "silent"))
    assert peer.key in n3.core.engine.failure_detector.suspects
    net.turn(n3, lambda: n3.core.engine.died(net.nodes["n1"].id))
    net.run(1.5 * net.engine.heartbeat_s)
    assert not n3.core.engine.failure_detector.suspects and not n3.core.engine.peers.dead
    assert "node_alive" in [note.event for _, note in n3.notes]


def detours(net: Net, name: str) -> list[str]:
    """Return the witnesses of the node's detours around a cut, in order."""
    return [str(note.facts["through"]) for _, note in net.nodes[name].notes if note.event == "relayed"]


@pytest.mark.parametrize("seed", range(20))
def test_a_detour_keeps_its_witness(seed: int) -> None:
    """Three others hear both sides of the cut: a single node is the witness, as long as the node works."""
    net = Net(5, seed)
    n2, n3 = net.nodes["n2"], net.nodes["n3"]
    people = [net.client("n2", "ann"), net.client("n3", "bob")]
    for person in people:
        person.send("JOIN #ring")
        person.sync()
    net.links.isolate({n2.key}, {n3.key})
    net.run(net.engine.dead_after_s + 2.0)
    before = n2.core.engine.peers.version, n3.core.engine.peers.version
    talk(people, 20)
    assert len(detours(net, "n2")) == len(detours(net, "n3")) == 1
    assert (n2.core.engine.peers.version, n3.core.engine.peers.version) == before
    assert len(people[0].heard("#ring")) == len(people[1].heard("#ring")) == 20


@pytest.mark.parametrize("seed", range(20))
def test_a_detour_takes_another_witness_when_its_own_is_lost(seed: int) -> None:
    net = Net(5, seed)
    n2, n3 = net.nodes["n2"], net.nodes["n3"]
    net.links.isolate({n2.key}, {n3.key})
    net.run(net.engine.dead_after_s + 2.0)
    (first,) = detours(net, "n2")
    witness = next(node for node in net.nodes.values() if node.key == first)
    if seed % 2:
        net.kill(witness.name, dark=seed % 4 == 1)
    else:
        net.links.isolate({witness.key}, {n3.key})
    net.run(net.engine.dead_after_s + 4.0)
    second = detours(net, "n2")[1:]
    assert second and second[-1] != first
    assert n3.key not in n2.core.engine.peers.dead and n2.key not in n3.core.engine.peers.dead


@pytest.mark.parametrize("seed", range(40))
def test_two_that_dial_each_other_at_once_keep_one_link(seed: int) -> None:
    """SYNs are lost, answered late, and cross: soon each pair has one connection, the same on both sides."""
    net = Net(4, seed, delay_s=(0.001, 0.2))
    for _ in range(5):
        net.loss = 0.3
        for a, b in net.links.linked():
            net.links.reset(a, b)
        net.run(net.rng.uniform(0.0, 3.0))
    net.loss = 0.0
    net.run(10.0)
    for node in net.nodes.values():
        assert net.links.of(node) == {other.key for other in net.nodes.values() if other is not node}
        for other in net.nodes.values():
            assert other is node or net.links.life(node, other.key) == net.links.life(other, node.key)
        assert not node.core.engine.peers.dead and not node.core.engine.failure_detector.suspects
