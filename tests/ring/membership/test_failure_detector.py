"""A silent node is dead only if no peer hears the node; as long as a peer does, traffic goes through that peer
(P19).
"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from config.common import Ring
from ring.durations import PING_REPEAT_S, PING_ROUND_S, WITNESS_AGAIN_S
from ring.ids import GroupId, Incarnation
from ring.membership.failure_detector import FailureDetector, Hearing
from ring.membership.peers import Peers
from ring.roster import NodeRecord
from ring.wire.codec import decode, encode
from ring.wire.messages import Message
from ring.wire.node import Ask, PingReply, PingRequest, Relay
from tests.settings import ring_settings


def record(number: int, incarnation: int = 1) -> NodeRecord:
    ip = f"127.0.0.{number}"
    return NodeRecord(ip, incarnation, f"n{number}.test", ip, 7600, "", "1", 0)


ME, SILENT, B, C = (record(number).id for number in (1, 2, 3, 4))


class Node(Hearing):
    """A node with three peers: the detector's messages, notes and decisions."""

    def __init__(self, *others: NodeRecord) -> None:
        self.me = ME
        self.now = 100.0
        self.settings = ring_settings()
        self.peers = Peers(record(1), Ring())
        self.peers.learn(others or (record(2), record(3), record(4)), self.now)
        self.sent: list[tuple[str, Message]] = []
        self.notes: list[tuple[str, dict[str, Any]]] = []
        self.dead: list[Incarnation] = []
        self.heard: dict[Incarnation, float] = {}
        self.dispatched: list[tuple[Incarnation, list[Message]]] = []
        self.detector = FailureDetector(self)

    def send(self, key: str, message: Message) -> None:
        self.sent.append((key, message))

    def note(self, event: str, group: GroupId | None = None, **facts: Any) -> None:
        self.notes.append((event, facts))

    def heard_ago(self, peer: Incarnation) -> float:
        return self.now - self.heard[peer] if peer in self.heard else float("inf")

    def is_stale(self, sender: Incarnation) -> bool:
        known = self.peers.roster.get(sender.key)
        return known is not None and known.incarnation > sender.number

    def died(self, node: Incarnation) -> None:
        self.dead.append(node)
        self.peers.died(node.key, self.now)

    def dispatch(self, sender: Incarnation, messages: list[Message]) -> None:
        self.dispatched.append((sender, messages))

    def after(self, seconds: float) -> list[tuple[str, Message]]:
        """Return the messages of the tick after so many seconds."""
        self.sent.clear()
        self.now += seconds
        self.detector.tick()
        return [*self.sent]

    def reply(self, sender: Incarnation, lately: bool, about: Incarnation = SILENT) -> None:
        self.detector.on_ping_reply(sender, PingReply(about, lately))


def asked(*keys: Incarnation) -> list[tuple[str, Message]]:
    return [(one.key, PingRequest(SILENT)) for one in keys]


def test_every_other_peer_is_asked_and_nobody_acts_before_all_have_said_no() -> None:
    node = Node()
    node.detector.suspect(SILENT)
    node.detector.suspect(SILENT)
    assert node.sent == asked(B, C)
    node.reply(B, False)
    assert node.dead == [] and SILENT.key in node.detector.suspects
    node.reply(C, False)
    assert node.dead == [SILENT] and node.detector.suspects == {}


def test_silence_of_the_others_counts_as_no_at_the_end_of_the_round() -> None:
    node = Node()
    node.detector.suspect(SILENT)
    assert node.after(PING_REPEAT_S) == asked(B, C)
    node.reply(B, False)
    assert node.after(PING_REPEAT_S) == asked(C)
    assert node.after(PING_ROUND_S - 2 * PING_REPEAT_S) == [] and node.dead == [SILENT]


def test_a_yes_makes_a_witness_through_which_traffic_goes() -> None:
    node = Node()
    node.detector.suspect(SILENT)
    version = node.peers.version
    node.reply(C, True)
    assert node.dead == [] and node.peers.version > version
    assert node.notes == [("relayed", {"peer": SILENT.key, "through": C.key})]
    node.reply(B, False)  # of the last round
    assert node.dead == []
    out: dict[str, list[Message]] = {SILENT.key: [Ask(1, msgspec.Raw(b"\x01"))], B.key: [Ask(2, msgspec.Raw(b"\x02"))]}
    node.detector.reroute(out)
    assert set(out) == {B.key, C.key}
    (relay,) = out[C.key]
    assert isinstance(relay, Relay) and (relay.to, relay.origin) == (SILENT.key, ME)
    assert [(one.id, bytes(one.body)) for one in decode(bytes(relay.payload)) if isinstance(one, Ask)] == [(1, b"\x01")]


def test_the_witness_alone_is_asked_again_and_all_if_it_no_longer_hears() -> None:
    node = Node()
    node.detector.suspect(SILENT)
    node.reply(C, True)
    assert node.after(WITNESS_AGAIN_S / 2) == []
    assert node.after(WITNESS_AGAIN_S / 2) == asked(C)
    node.reply(C, True)
    assert len(node.notes) == 1  # the same witness: nothing new
    assert node.after(WITNESS_AGAIN_S) == asked(C)
    node.sent.clear()
    node.reply(C, False)
    assert node.sent == asked(B, C) and node.dead == []
    node.reply(B, False)
    node.reply(C, False)
    assert node.dead == [SILENT]


@pytest.mark.parametrize("loss", ["died", "suspected"])
def test_a_witness_that_is_lost_itself_is_replaced_at_once(loss: str) -> None:
    node = Node()
    node.detector.suspect(SILENT)
    node.reply(C, True)
    if loss == "died":
        node.peers.died(C.key, node.now)
    else:
        node.detector.suspect(C)
        node.detector.on_ping_reply(B, PingReply(C, True))
    assert node.after(0.1) == asked(B)
    node.reply(B, True)
    assert node.notes[-1] == ("relayed", {"peer": SILENT.key, "through": B.key})


def test_with_nobody_else_to_ask_silence_is_death() -> None:
    node = Node(record(2))
    node.detector.suspect(SILENT)
    assert node.dead == [SILENT] and node.sent == []


def test_a_word_of_the_node_ends_the_suspicion() -> None:
    node = Node()
    node.detector.suspect(SILENT)
    version = node.peers.version
    node.detector.clear(SILENT.key)
    assert node.detector.suspects == {} and node.peers.version == version + 1
    node.detector.clear(SILENT.key)
    assert node.peers.version == version + 1 and node.after(10.0) == [] and node.dead == []


def test_a_life_that_is_over_is_neither_suspected_nor_kept_in_suspicion() -> None:
    node = Node()
    node.detector.suspect(Incarnation(SILENT.key, 7))
    node.detector.suspect(Incarnation("127.0.0.9", 1))
    assert node.detector.suspects == {}
    node.detector.suspect(SILENT)
    node.peers.learn([record(2, incarnation=2)], node.now)
    assert node.after(10.0) == [] and node.detector.suspects == {} and node.dead == []


def test_a_reply_about_another_life_or_from_one_not_asked_says_nothing() -> None:
    node = Node()
    node.detector.suspect(SILENT)
    node.reply(B, True, Incarnation(SILENT.key, 2))
    node.reply(Incarnation("127.0.0.9", 1), True)
    node.reply(B, True, C)
    assert node.detector.suspects[SILENT.key].via is None and node.notes == []


@pytest.mark.parametrize(
    ("about", "heard_s", "lately"),
    [
        (SILENT, 0.5, True),
        (SILENT, 2.4, True),
        (SILENT, 2.5, False),  # half of dead_after_s
        (Incarnation(SILENT.key, 2), 0.5, False),  # a life unknown to this node
        (ME, None, True),  # this node itself lives
        (C, None, False),
    ],
)
def test_a_question_is_answered_by_what_this_node_has_heard(
    about: Incarnation, heard_s: float | None, lately: bool
) -> None:
    node = Node()
    if heard_s is not None:
        node.heard[about] = node.now - heard_s
    node.detector.on_ping_request(B, PingRequest(about))
    assert node.sent == [(B.key, PingReply(about, lately))]


def relay(to: Incarnation, origin: Incarnation) -> Relay:
    return Relay(to.key, origin, msgspec.Raw(encode([Ask(7, msgspec.Raw(b"\x01"))])))


def test_relayed_messages_are_the_origins() -> None:
    node = Node()
    node.detector.on_relay(C, relay(ME, SILENT))
    ((sender, (message,)),) = node.dispatched
    assert sender == SILENT and isinstance(message, Ask) and message.id == 7
    node.peers.learn([record(2, incarnation=2)], node.now)
    node.detector.on_relay(C, relay(ME, SILENT))  # an earlier life
    assert len(node.dispatched) == 1


def test_messages_are_passed_on_one_step_and_to_no_suspect() -> None:
    node = Node()
    node.detector.on_relay(B, relay(C, B))
    assert [key for key, _ in node.sent] == [C.key]
    node.detector.on_relay(C, relay(SILENT, B))  # passed on already
    node.detector.suspect(SILENT)
    node.sent.clear()
    node.detector.on_relay(B, relay(SILENT, B))
    assert node.sent == []
