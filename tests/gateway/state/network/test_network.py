"""The network's own group: who attends hears every announcement."""

from __future__ import annotations

from gateway.state.network.messages import Announce, Announced, Attend, Evict
from gateway.state.network.network import Network, restore
from ring.ids import Incarnation
from tests.gateway.state.cast import packed

FIRST, SECOND = Incarnation("10.0.0.1", 7), Incarnation("10.0.0.2", 3)


def network(*attending: Incarnation) -> Network:
    state = Network()
    for edge in attending:
        event = state.decide(Attend(*edge), 1).event
        assert state.apply(event, 1)
    return state


def test_attending_makes_a_follower() -> None:
    """P40"""
    state = network(FIRST, SECOND)
    assert state.subscribers == {FIRST: 1, SECOND: 1}
    assert state.decide(Attend(*FIRST), 2).event is None
    assert not state.is_collectable(10**12)


def test_announcements_change_nothing() -> None:
    state = network(FIRST)
    outcome, event = state.decide(Announce("Ann!a@b", "wallops", "hello"), 2)
    assert (outcome, event) == (None, Announced("Ann!a@b", "wallops", "hello"))
    assert not state.apply(event, 2)
    assert state.subscribers == {FIRST: 1}


def test_gone_nodes_are_let_go() -> None:
    state = network(FIRST, SECOND)
    assert state.maintenance(2, lambda edge: False) == []
    (evict,) = state.maintenance(2, lambda edge: edge == FIRST)
    event = state.decide(evict, 3).event
    assert state.apply(event, 3)
    assert state.subscribers == {SECOND: 1}
    assert state.decide(evict, 4).event is None
    state.apply(state.decide(Evict((SECOND,)), 5).event, 5)
    assert state.is_collectable(5)


def test_the_copy_is_whole() -> None:
    state = network(FIRST, SECOND)
    assert restore(packed(state.snapshot())).subscribers == state.subscribers


def test_everybody_attends_the_merged_network() -> None:
    a, b = Network(), Network()
    for network, key in ((a, "10.0.0.1"), (b, "10.0.0.2")):
        network.apply(network.decide(Attend(key, 1), 1).event, 1)
    a.apply(a.merge(b, 2), 2)
    assert len(a.subscribers) == 2
    assert a.merge(b, 3) is None
