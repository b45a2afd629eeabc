"""How far devices have come on other nodes: remembered there for a while, and asked before anything is played."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.edge.cursors import arrivals
from gateway.edge.cursors.arrivals import KEEP_S, Arrivals, once_known
from gateway.edge.cursors.delivery import Delivery
from gateway.edge.rpc.asks import Delivered, DeliveredAsk
from gateway.state.session.session import NODES
from ring.ids import Incarnation, Term
from ring.wire.history import Cursor
from tests.gateway.edge.doubles import Double


def place(seq: int) -> Cursor:
    return Cursor(seq, 1_000 + seq, Term(1, "127.0.0.1", 1))


def node(number: int, life: int = 1) -> Incarnation:
    return Incarnation(f"127.0.0.{number}", life)


class Stage:
    """The node 127.0.0.1 of ann's session. asked: questions to other nodes, and the way back."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Callable[[Any], None]]] = []
        self.later: list[Callable[[], None]] = []
        self.sent: list[Any] = []
        self.dead: set[Incarnation] = set()
        self.stored: Any = None
        self.edge: Any = SimpleNamespace(
            now=0.0,
            later=lambda after_s, run: self.later.append(run),
            network=SimpleNamespace(
                me=node(1),
                level=DeliveredAsk.SINCE,
                settings=SimpleNamespace(settle_max_s=10.0),
                is_current=lambda one: one not in self.dead,
                ask_node=lambda key, ask, done: self.asked.append((key, done)),
            ),
            sessions=SimpleNamespace(
                cursors=SimpleNamespace(
                    delivered=lambda account, device: {},
                    device=lambda user, device: self.stored,
                    sent=lambda connection, cursors: self.sent.append(cursors),
                )
            ),
        )
        self.arrivals = Arrivals(self.edge)
        self.user: Any = SimpleNamespace(session=SimpleNamespace(account="ann"), connections=[])

    def client(self, device: str, at: Incarnation | None = None) -> Any:
        stream = SimpleNamespace(peer=at) if at is not None else None
        found = SimpleNamespace(device=device, delivery=Delivery(), remote=SimpleNamespace(stream=stream))
        self.user.connections.append(found)
        return found

    def forwarder(self, cursors: dict[str, Cursor]) -> Any:
        return Double(account="ann", device="phone", delivered=cursors, delivered_now=lambda: cursors)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_the_furthest_cursor_is_remembered_for_a_while(stage: Stage) -> None:
    kept = stage.arrivals
    kept.remember("ann", "phone", {"#c": place(5)})
    kept.remember("ann", "phone", {"#c": place(3), "#d": place(1)})
    assert kept.delivered("ann", "phone") == {"#c": place(5), "#d": place(1)}
    assert kept.delivered("ann", "laptop") == {} == kept.delivered("bob", "phone")
    kept.tick(KEEP_S - 1)
    assert kept.delivered("ann", "phone")
    kept.tick(KEEP_S)
    assert kept.delivered("ann", "phone") == {}


def test_guests_and_empty_cursors_take_no_room_and_the_room_is_bounded(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "KEPT", 2)
    stage.arrivals.remember("", "phone", {"#c": place(1)})
    stage.arrivals.remember("ann", "phone", {})
    assert not stage.arrivals._past
    for device in ("a", "b", "a", "c"):
        stage.arrivals.remember("ann", device, {"#c": place(1)})
    assert [device for _, device in stage.arrivals._past] == ["a", "c"]


def test_a_client_here_counts_while_here_and_afterwards(stage: Stage) -> None:
    one, other = stage.forwarder({"#c": place(4)}), stage.forwarder({"#c": place(6)})
    for forwarder in (one, other):
        stage.arrivals.opened(forwarder)
    assert stage.arrivals.delivered("ann", "phone") == {"#c": place(6)}
    for forwarder in (other, one):
        stage.arrivals.ended(forwarder)
    assert not stage.arrivals._forwarders and stage.arrivals.delivered("ann", "phone") == {"#c": place(6)}


def test_the_sessions_group_is_told_of_a_devices_node_once(stage: Stage) -> None:
    stage.client("phone", node(2)), stage.client("laptop")
    for _ in range(2):
        stage.arrivals.note(stage.user)
    assert stage.arrivals.news("ann") == {"phone": {"127.0.0.2": 1}, "laptop": {"127.0.0.1": 1}}
    stage.arrivals.note(stage.user)
    assert stage.arrivals.news("ann") == {}
    assert stage.arrivals.answer(DeliveredAsk("ann", "phone")) == Delivered({}, {"127.0.0.2": 1})
    stage.arrivals.forget("ann")
    assert stage.arrivals.answer(DeliveredAsk("ann", "phone")) == Delivered({}, {})


def test_the_latest_nodes_of_a_device_are_known(stage: Stage) -> None:
    client = stage.client("phone", node(1))
    for number in range(2, NODES + 3):
        client.remote.stream.peer = node(number)
        stage.arrivals.note(stage.user)
    found = stage.arrivals.news("ann")["phone"]
    assert [*found] == [f"127.0.0.{number}" for number in range(3, NODES + 3)]


def test_each_live_former_node_is_asked_once_and_so_is_each_node_named_in_an_answer(stage: Stage) -> None:
    stage.stored = SimpleNamespace(nodes={"127.0.0.1": (0, 1), "127.0.0.2": (0, 1), "127.0.0.3": (0, 1)})
    stage.dead.add(node(3))
    stage.arrivals.moved_from("ann", node(2))
    client, went = stage.client("phone"), list[str]()
    stage.arrivals.inquire(stage.user, client)
    assert [key for key, _ in stage.asked] == ["127.0.0.2"]
    once_known(client, lambda: went.append("on"))
    stage.asked[0][1](Delivered({"#c": place(7)}, {"127.0.0.2": 1, "127.0.0.4": 1}))
    assert [key for key, _ in stage.asked] == ["127.0.0.2", "127.0.0.4"] and went == []
    stage.asked[1][1](Delivered({}, {}))
    assert went == ["on"] and client.delivery.inquiry is None and stage.sent == [{"#c": place(7)}, {}]


def test_the_former_node_of_the_session_is_asked_too(stage: Stage) -> None:
    stage.arrivals.moved_from("ann", node(5))
    stage.arrivals.inquire(stage.user, stage.client("phone"))
    assert [key for key, _ in stage.asked] == ["127.0.0.5"]


@pytest.mark.parametrize("why", ["dead", "late"])
def test_a_silent_node_is_asked_again_until_given_up(stage: Stage, why: str) -> None:
    stage.arrivals.moved_from("ann", node(5))
    client, went = stage.client("phone"), list[str]()
    stage.arrivals.inquire(stage.user, client)
    once_known(client, lambda: went.append("on"))
    stage.asked[0][1](None)
    assert went == [] and len(stage.asked) == 1
    stage.later.pop()()
    assert len(stage.asked) == 2
    if why == "dead":
        stage.dead.add(node(5))
    else:
        stage.edge.now = 10.0
    stage.asked[1][1](None)
    assert went == ["on"] and not stage.later


def test_nobody_is_asked_for_a_guest_or_below_the_level(stage: Stage) -> None:
    went: list[str] = []
    for account, level in (("", DeliveredAsk.SINCE), ("ann", DeliveredAsk.SINCE - 1)):
        stage.user.session.account, stage.edge.network.level = account, level
        stage.arrivals.moved_from(account, node(5))
        client = stage.client("phone")
        stage.arrivals.inquire(stage.user, client)
        once_known(client, lambda: went.append("on"))
    assert stage.asked == [] and went == ["on", "on"] and stage.arrivals.news("ann") == {}
