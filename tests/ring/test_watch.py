"""A group's view is shown to nodes without a member in the group: each view once, and again until seen (P15)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ring.durations import VIEW_REPEAT_S, WATCH_LEASE_S, WATCH_RENEW_S, WATCH_REPEAT_S
from ring.ids import Incarnation, Term
from ring.replication.guarded import GroupBroken
from ring.replication.progress import HandOff, Master
from ring.watch import Watches
from ring.wire.group import Seen, View, Watch
from tests.ring.ports import ME, ROOM, B, C, NotedPort
from tests.ring.toy import ToyState


class Barriers:
    """Notes which groups may have settled."""

    def __init__(self) -> None:
        self.advanced: list[Any] = []

    def advance(self, m: Master) -> None:
        self.advanced.append(m.replica.group)


class Node:
    """A node with watches."""

    def __init__(self) -> None:
        self.port = NotedPort()
        self.barriers = Barriers()
        self.watches = Watches(self.port, self.barriers)  # type: ignore[arg-type]

    @property
    def shown(self) -> list[Any]:
        """Return the views shown to people here."""
        views: list[Any] = self.port.app.views
        return views

    def after(self, seconds: float) -> list[Any]:
        self.port.now += seconds
        self.watches.tick()
        return self.port.taken()


def master(*watchers: Incarnation, said: str = "one") -> tuple[Node, Master]:
    """Master the room; these nodes watch the room."""
    node = Node()
    m = node.port.master(ROOM, said)
    for watcher in watchers:
        node.watches.on_watch(watcher, Watch(ROOM, True))
    return node, m


def view(number: int, seq: int, term: int = 1) -> View:
    return View(ROOM, Term(term, *B), seq, msgspec.Raw(msgspec.msgpack.encode(number)))


def say(m: Master, text: str) -> None:
    m.replica.state.said.append(text)  # type: ignore[attr-defined]
    m.replica.seq += 1


# The watcher ----------------------------------------------------------------------------------------------------------


@pytest.mark.interpreted  # has a double of Barriers
def test_a_watch_is_sent_until_a_view_comes_and_then_renewed_now_and_then() -> None:
    node = Node()
    node.port.masters_of[ROOM] = B.key
    node.watches.watch(ROOM)
    asked = [(B.key, Watch(ROOM, True))]
    assert node.port.taken() == asked
    assert node.after(WATCH_REPEAT_S / 2) == [] and node.after(WATCH_REPEAT_S / 2) == asked
    node.watches.on_view(B, view(1, 5))
    assert node.shown == [1] and node.port.taken() == [(B.key, Seen(ROOM, Term(1, *B), 5))]
    assert node.after(WATCH_RENEW_S - 1.0) == [] and node.after(1.0) == asked


@pytest.mark.interpreted  # has a double of Barriers
def test_views_are_shown_in_order_and_once_and_every_view_is_acknowledged() -> None:
    node = Node()
    node.port.masters_of[ROOM] = B.key
    node.watches.watch(ROOM)
    for number, seq, term in ((1, 5, 1), (1, 5, 1), (0, 4, 1), (2, 1, 2), (1, 6, 1)):
        node.watches.on_view(B, view(number, seq, term))
    assert node.shown == [1, 2]
    assert len([message for _, message in node.port.taken() if isinstance(message, Seen)]) == 5


@pytest.mark.interpreted  # has a double of Barriers
def test_a_view_of_a_group_that_is_not_watched_any_more_is_acknowledged_and_not_shown() -> None:
    node = Node()
    node.port.masters_of[ROOM] = B.key
    node.watches.watch(ROOM)
    node.port.taken()
    node.watches.unwatch(ROOM)
    node.watches.unwatch(ROOM)
    assert node.port.taken() == [(B.key, Watch(ROOM, False))]
    node.watches.on_view(B, view(1, 5))
    assert node.shown == [] and len(node.port.taken()) == 1  # or the master's group never settles


@pytest.mark.interpreted  # has a double of Barriers
def test_a_new_master_is_asked_at_the_next_tick() -> None:
    node = Node()
    node.port.masters_of[ROOM] = B.key
    node.watches.watch(ROOM)
    node.watches.on_view(B, view(1, 5))
    node.port.taken()
    node.port.masters_of[ROOM] = C.key
    node.watches.master_known(ROOM)
    assert node.after(0.1) == [(C.key, Watch(ROOM, True))]
    node.watches.peers_changed()
    assert node.after(0.1) == [(C.key, Watch(ROOM, True))]


@pytest.mark.interpreted  # has a double of Barriers
def test_a_watch_of_this_nodes_own_group_needs_no_message() -> None:
    node = Node()
    node.watches.watch(ROOM)
    assert node.port.sought == [(ROOM, False)]
    m = node.port.master(ROOM, "one")
    node.watches.master_known(ROOM)
    assert node.shown == [1] and node.port.sent == [] and set(m.watchers) == {ME}
    node.watches.unwatch(ROOM)
    assert m.watchers == {}


# The master -----------------------------------------------------------------------------------------------------------


@pytest.mark.interpreted  # has a double of Barriers
def test_every_change_of_the_view_is_told_and_nothing_else() -> None:
    node, m = master(B, C)
    assert [key for key, _ in node.port.taken()] == [B.key, C.key]
    node.watches.refresh(m)
    assert node.port.taken() == []
    say(m, "two")
    node.watches.refresh(m)
    sent = node.port.taken()
    assert {key for key, _ in sent} == {B.key, C.key}
    assert all(isinstance(told, View) and msgspec.msgpack.decode(told.data) == 2 for _, told in sent)


@pytest.mark.interpreted  # has a double of Barriers
def test_a_view_is_told_again_until_it_was_seen() -> None:
    node, m = master(B)
    node.port.taken()
    assert node.after(VIEW_REPEAT_S / 2) == [] and len(node.after(VIEW_REPEAT_S / 2)) == 1 and m.unseen
    node.watches.on_seen(B, Seen(ROOM, m.replica.term, m.replica.seq - 1))  # of an earlier view
    node.watches.on_seen(B, Seen(ROOM, Term(9, *C), m.replica.seq))  # of another master
    node.watches.on_seen(C, Seen(ROOM, m.replica.term, m.replica.seq))  # of a node without a watch
    assert m.unseen and node.barriers.advanced == []
    node.watches.on_seen(B, Seen(ROOM, m.replica.term, m.replica.seq))
    assert not m.unseen and node.barriers.advanced == [ROOM] and node.after(VIEW_REPEAT_S) == []


@pytest.mark.interpreted  # has a double of Barriers
def test_a_watcher_that_dies_or_forgets_holds_nothing_up() -> None:
    node, m = master(B, C)
    node.port.peers.died(B.key, node.port.now)
    node.watches.tick()
    assert set(m.unseen) == {C} and node.barriers.advanced == [ROOM]
    node.port.now += WATCH_LEASE_S
    node.watches.tick()
    node.port.now += 1.0
    node.watches.tick()
    assert m.unseen == {}
    node.port.taken()
    say(m, "two")
    node.watches.refresh(m)
    assert node.port.taken() == [] and m.watchers == {}


@pytest.mark.interpreted  # has a double of Barriers
def test_a_watch_that_ends_ends_its_wait() -> None:
    node, m = master(B)
    node.watches.on_watch(B, Watch(ROOM, False))
    assert m.watchers == {} and m.unseen == {} and node.barriers.advanced == [ROOM]


@pytest.mark.interpreted  # has a double of Barriers
def test_watchers_are_bounded_and_those_that_ran_out_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ring.watch.WATCHERS", 1)
    node, m = master(B, C)
    assert set(m.watchers) == {B}
    node.watches.on_watch(B, Watch(ROOM, True))  # a renewal has its place
    assert set(m.watchers) == {B}
    node.port.now += WATCH_LEASE_S + 1.0
    node.watches.on_watch(C, Watch(ROOM, True))
    assert set(m.watchers) == {C} and set(m.unseen) == {C}


@pytest.mark.interpreted  # has a double of Barriers
def test_a_node_that_does_not_serve_the_group_keeps_the_watch_for_whoever_does() -> None:
    node = Node()
    node.watches.on_watch(B, Watch(ROOM, False))
    assert node.port.parked == []
    node.watches.on_watch(B, Watch(ROOM, True))
    assert node.port.parked == [(ROOM, B, Watch(ROOM, True))]
    m = node.port.master(ROOM)
    m.handoff = HandOff(C, Term(2, *C), node.port.now)
    node.watches.on_watch(B, Watch(ROOM, True))
    assert node.port.held_back == [(ROOM, B, Watch(ROOM, True))] and m.watchers == {}


@pytest.mark.interpreted  # has a double of Barriers
def test_builds_that_acknowledge_no_view_are_not_waited_for() -> None:
    node = Node()
    m = node.port.master(ROOM, "one")
    node.port.peers.level = 0
    node.watches.on_watch(B, Watch(ROOM, True))
    assert len(node.port.taken()) == 1 and m.unseen == {}


@pytest.mark.interpreted  # has a double of Barriers
def test_a_mistake_in_a_view_stops_the_group_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Any) -> Any:
        raise KeyError("a mistake")

    node, m = master(B)
    monkeypatch.setattr(ToyState, "view", broken)
    with pytest.raises(GroupBroken):
        node.watches.refresh(m)
