"""The former holder of a claimed nick leaves the channels, if the former holder's node is dead (P29)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from gateway.edge.rpc.asks import ReclaimedAsk
from gateway.edge.users import reclaim
from gateway.edge.users.reclaim import AGAIN_S, Reclaiming
from gateway.state.channel.messages import LOST, Quit
from ring.ids import GroupId, Incarnation
from tests.gateway.state.cast import ANN, BOB, CASEMAP, SECOND_EDGE, Stage, person
from tests.settings import ring_settings

ROOM = GroupId("channel", "#c")
THERE = Incarnation(*SECOND_EDGE)
GONE = Quit(BOB.uid, LOST, lost=True)
GRACE_S = ring_settings().grace_s


class Network:
    """A network with one channel, of which this node has a replica."""

    def __init__(self) -> None:
        self.settings = ring_settings()
        self.stage = Stage(ANN, BOB)
        self.level, self.peers_version = ReclaimedAsk.SINCE, 1
        self.has_lost, self.has_returned = True, False
        self.looks = 0  # at all channels
        self.told: list[tuple[str, Any]] = []
        self.submitted: list[Any] = []

    def lost_lately(self, within_s: float) -> bool:
        return self.has_lost

    def returned_lately(self, within_s: float) -> bool:
        return self.has_returned

    def others(self) -> list[str]:
        return ["k2", "k3"]

    def mastered(self, kind: str) -> list[Any]:
        self.looks += 1
        return []

    def state(self, group: GroupId) -> Any:
        return self.stage.channel

    def ask_node(self, key: str, body: Any, done: Any) -> None:
        self.told.append((key, body))

    def submit(self, group: GroupId, command: Any) -> None:
        assert group == ROOM
        self.submitted.append(command)


class Edge:
    """dead: nodes known dead; Bob's node is dead."""

    def __init__(self) -> None:
        self.network = Network()
        self.settings = SimpleNamespace(casemap=CASEMAP)
        self.rooms = [ROOM]
        self.now = 100.0
        self.dead = {THERE}

    def lives(self, node: Incarnation) -> bool:
        return node not in self.dead


@pytest.fixture
def edge() -> Any:
    return Edge()


def test_a_claim_is_told_to_every_node_and_puts_the_former_holder_out_here(edge: Any) -> None:
    Reclaiming(edge).claimed("9", "BOB")
    assert edge.network.told == [("k2", ReclaimedAsk("9", "BOB")), ("k3", ReclaimedAsk("9", "BOB"))]
    assert edge.network.submitted == [GONE]


def test_a_claim_costs_nothing_without_a_death_or_below_the_level(edge: Any) -> None:
    edge.network.has_lost = False
    Reclaiming(edge).claimed("9", "Bob")
    edge.network.has_lost, edge.network.level = True, ReclaimedAsk.SINCE - 1
    Reclaiming(edge).claimed("9", "Bob")
    assert not edge.network.told and not edge.network.submitted and not edge.network.looks


@pytest.mark.parametrize(
    ("uid", "nick", "dead"),
    [("9", "Ann", True), ("9", "Dan", True), (BOB.uid, "Bob", True), ("9", "Bob", False)],
    ids=["lives", "nobody's", "the holder itself", "the node lives"],
)
def test_nobody_else_is_put_out(edge: Any, uid: str, nick: str, dead: bool) -> None:
    if not dead:
        edge.dead.clear()
    Reclaiming(edge).hear(ReclaimedAsk(uid, nick))
    assert edge.network.submitted == []


def test_a_member_who_is_back_later_is_not_put_out_twice_but_by_the_next_claim(edge: Any) -> None:
    reclaiming = Reclaiming(edge)
    reclaiming.hear(ReclaimedAsk("9", "Bob"))
    reclaiming.tick(edge.now + AGAIN_S)
    assert edge.network.submitted == [GONE]
    reclaiming.hear(ReclaimedAsk("8", "bob"))
    assert edge.network.submitted == [GONE, GONE]


def test_a_death_learnt_later_counts_for_grace_s(edge: Any) -> None:
    early, late = Reclaiming(edge), Reclaiming(edge)
    edge.dead.clear()
    for reclaiming in (early, late):
        reclaiming.hear(ReclaimedAsk("9", "Bob"))
    edge.dead.add(THERE)
    edge.network.peers_version += 1
    edge.now += AGAIN_S / 2
    early.tick(edge.now)
    assert edge.network.submitted == [], "the next look is a second after the last"
    edge.now += GRACE_S - AGAIN_S
    early.tick(edge.now)
    assert edge.network.submitted == [GONE]
    edge.now += AGAIN_S
    late.tick(edge.now)
    assert edge.network.submitted == [GONE], "the claim is forgotten"


def test_nobody_is_put_out_while_a_partition_heals(edge: Any) -> None:
    reclaiming = Reclaiming(edge)
    edge.network.has_returned = True
    reclaiming.hear(ReclaimedAsk("9", "Bob"))
    assert edge.network.submitted == []
    edge.network.has_returned = False
    reclaiming.tick(edge.now + AGAIN_S)
    assert edge.network.submitted == [GONE]


def test_many_claims_at_once_look_at_all_channels_once(edge: Any) -> None:
    reclaiming = Reclaiming(edge)
    for number in range(50):
        reclaiming.hear(ReclaimedAsk("9", f"x{number}"))
    assert edge.network.looks == 1
    edge.network.peers_version += 1
    reclaiming.hear(ReclaimedAsk("9", "x"))
    assert edge.network.looks == 2


def test_the_oldest_claim_is_forgotten_first(edge: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reclaim, "MOST", 2)
    reclaiming = Reclaiming(edge)
    edge.dead.clear()
    for nick in ("Bob", "Cat", "BOB", "Dan"):  # the second claim of the nick is the newer claim
        reclaiming.hear(ReclaimedAsk("9", nick))
    edge.network.stage = Stage(BOB, person("3", "Cat", SECOND_EDGE))
    edge.dead.add(THERE)
    reclaiming.tick(edge.now + AGAIN_S)
    edge.now += AGAIN_S
    reclaiming.tick(edge.now)
    assert edge.network.submitted == [GONE]
