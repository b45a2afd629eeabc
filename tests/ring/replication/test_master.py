"""The master's side of publishing: the messages to followers, and their number (P41)."""

from __future__ import annotations

import pytest

from ring.engine import Engine
from ring.ids import GroupId
from ring.wire.messages import Message
from ring.wire.replication import Publish, Replace
from tests.ring.toy import ToyNet

ERLANG = GroupId("channel", "#erlang")
MASTER, FIRST, SECOND = "127.0.0.3", "127.0.0.1", "127.0.0.2"


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Message]]:
    """Record every message between nodes from here on, with the ring key of the receiver."""
    found: list[tuple[str, Message]] = []
    drain = Engine.drain

    def watched(self: Engine) -> dict[str, list[Message]]:
        out = drain(self)
        found.extend((key, message) for key, messages in out.items() for message in messages)
        return out

    monkeypatch.setattr(Engine, "drain", watched)
    return found


def network() -> ToyNet:
    """Three nodes. The master and one more node hold the group, and a member sits on the master's node."""
    net = ToyNet(3)
    net.join(MASTER, ERLANG)
    net.run(3)
    assert net.masters(ERLANG) == [MASTER]
    return net


def follower_of(net: ToyNet) -> str:
    """Return the node without a part in the group."""
    return next(key for key in (FIRST, SECOND) if ERLANG not in net.engines[key].replicas.followers)


def test_a_node_is_sent_one_snapshot_for_its_first_member(sent: list[tuple[str, Message]]) -> None:
    net = network()
    edge = follower_of(net)
    sent.clear()
    for _ in range(3):
        net.join(edge, ERLANG)
        net.run(1)
    assert net.engines[edge].state(ERLANG).subscribers[net.engines[edge].me] == 3
    assert [type(message) for key, message in sent if key == edge and isinstance(message, Replace)] == [Replace]


def test_entries_of_one_turn_go_to_a_follower_in_one_message(sent: list[tuple[str, Message]]) -> None:
    net = network()
    edge = follower_of(net)
    net.join(edge, ERLANG)
    net.run(1)
    sent.clear()

    def talk() -> None:
        for n in range(5):
            net.engines[MASTER].submit(ERLANG, ["say", str(n)])

    net.turn(MASTER, talk)
    net.run(1)
    assert net.hosts[edge].heard[ERLANG] == ["0", "1", "2", "3", "4"]
    published = [message for key, message in sent if key == edge and isinstance(message, Publish) and message.entries]
    assert [len(message.entries) for message in published] == [5]


def test_nobody_who_acknowledges_in_time_is_probed(sent: list[tuple[str, Message]]) -> None:
    net = network()
    edge = follower_of(net)
    net.join(edge, ERLANG)
    net.run(4)
    sent.clear()
    net.submit(edge, ERLANG, ["say", "after a while"])
    net.run(0.4)
    assert net.hosts[edge].heard[ERLANG] == ["after a while"]
    told = [type(message) for key, message in sent if key != MASTER]
    assert sorted(kind.__name__ for kind in told) == ["Append", "Publish", "Publish"]
