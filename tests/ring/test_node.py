"""The parts of a node as one: the order of jobs, which messages reach a part, and where a group is looked for."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ring.durations import HINT_S
from ring.engine import Engine
from ring.ids import GroupId, Incarnation
from ring.replication.guarded import GroupBroken
from ring.wire.group import NotOwner, Question
from ring.wire.messages import Message
from ring.wire.node import Ask, Records, Reply
from tests.ring.toy import ToyNet

N1, N2, N3 = (f"127.0.0.{number}" for number in (1, 2, 3))
ERLANG = GroupId("channel", "#erlang")  # of 127.0.0.3


@pytest.fixture
def net() -> ToyNet:
    made = ToyNet(3)
    made.run(1)
    return made


@pytest.fixture
def node(net: ToyNet) -> Engine:
    engine = net.engines[N1]
    engine.drain()
    engine.notes.clear()
    return engine


def sent(node: Engine) -> list[tuple[str, Message]]:
    return [(key, message) for key, messages in node.drain().items() for message in messages]


def body(value: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.msgpack.encode(value))


# Jobs -----------------------------------------------------------------------------------------------------------------


def test_a_job_within_a_job_is_done_right_after(node: Engine) -> None:
    done: list[str] = []

    def first() -> None:
        node.run(lambda: done.append("second"))
        node.run(lambda: done.append("third"))
        done.append("first")

    node.run(first)
    node.run(lambda: done.append("fourth"))
    assert done == ["first", "second", "third", "fourth"]


def test_a_job_that_breaks_a_group_stops_the_group_and_not_the_jobs_after(node: Engine) -> None:
    done: list[str] = []

    def breaks() -> None:
        node.run(lambda: done.append("after"))
        raise GroupBroken(ERLANG) from KeyError("a mistake")

    node.run(breaks)
    assert done == ["after"] and ERLANG in node.stopped.groups


def test_a_mistake_leaves_the_node_free_for_the_next_turn(node: Engine) -> None:
    """The shell ends the process; a simulator and a replay go on."""

    def breaks() -> None:
        raise KeyError("a mistake")

    with pytest.raises(KeyError):
        node.run(breaks)
    done: list[str] = []
    node.run(lambda: done.append("next"))
    assert done == ["next"]


# Messages -------------------------------------------------------------------------------------------------------------


def test_a_message_that_cannot_be_handled_stops_no_other_message(node: Engine, net: ToyNet) -> None:
    strange = GroupId("orchestra", "one")
    node.run(lambda: node.stopped.stop(GroupId("channel", "#broken"), KeyError("a mistake")))
    node.drain()
    messages: list[Message] = [
        Question(strange, 1, body("?")),
        Ask(2, msgspec.Raw(b"\xc1")),
        Question(GroupId("channel", "#broken"), 3, body("?")),
        Ask(4, body("ping")),
    ]
    node.run(lambda: node.dispatch(net.engines[N2].me, messages))
    answers = sent(node)
    assert all(key == N2 for key, _ in answers)
    replies: dict[int, Any] = {one.id: one.body for _, one in answers if isinstance(one, Reply)}
    assert replies == {1: None, 2: None, 3: None, 4: ["pong", "ping"]}
    assert node.counters["unreadable"] >= 2


def test_an_answer_goes_to_the_life_that_has_asked(node: Engine) -> None:
    node.answer(Incarnation(N2, 0), Reply(1, body(None)))
    assert node.counters["stale_incarnation"] == 1 and sent(node) == []
    node.answer(Incarnation(N2, 99), Reply(1, body(None)))
    assert [key for key, _ in sent(node)] == [N2]


def test_news_of_nodes_go_on_to_all_others_once(node: Engine, net: ToyNet) -> None:
    leaving = msgspec.structs.replace(net.engines[N3].peers.me, leaving=True)
    node.receive(net.engines[N2].me, msgspec.msgpack.encode([Records([leaving])]))
    assert [(key, message.records) for key, message in sent(node) if isinstance(message, Records)] == [(N3, [leaving])]
    assert [note.facts["peer"] for note in node.notes if note.event == "node_leaving"] == [N3]
    node.receive(net.engines[N2].me, msgspec.msgpack.encode([Records([leaving])]))
    assert not [message for _, message in sent(node) if isinstance(message, Records)]


# Where a group is -----------------------------------------------------------------------------------------------------


def test_a_group_is_looked_for_where_the_ring_or_a_hint_says(node: Engine) -> None:
    assert node.target(ERLANG) == N3
    node.hint(ERLANG, N2)
    assert node.target(ERLANG) == N2
    node.begin(node.now + HINT_S)
    assert node.target(ERLANG) == N3
    node.hint(ERLANG, N2)
    node.peers.died(N2, node.now)
    assert node.target(ERLANG) == N3
    node.peers.died(N3, node.now)
    assert node.target(ERLANG) == N1


def test_a_followed_master_counts_more_than_a_hint(node: Engine, net: ToyNet) -> None:
    net.join(N1, ERLANG)
    net.run(1)
    assert ERLANG in node.replicas.followers
    node.hint(ERLANG, N2)
    assert node.target(ERLANG) == N3
    assert net.engines[N3].target(ERLANG) == N3


def test_hints_are_bounded(node: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ring.node.QUEUE", 2)
    for number in range(5):
        node.hint(GroupId("channel", f"#{number}"), N2)
    assert len(node._hints) == 2


def test_a_node_is_named_with_the_record_behind_the_view(node: Engine) -> None:
    node.bounce(N2, ERLANG, N3)
    node.bounce(N2, ERLANG, "127.0.0.9")
    (known, unknown) = [message for _, message in sent(node)]
    assert isinstance(known, NotOwner) and isinstance(unknown, NotOwner)
    assert [record.key for record in known.records] == [N3] and unknown.records == ()


def test_lines_are_forgotten_by_the_network_or_the_groups_own_limit(node: Engine) -> None:
    assert node.oldest(ERLANG) is None
    node.settings = node.settings._replace(keep_s=100.0, keep_own_s={ERLANG: 10.0, GroupId("channel", "#all"): 0.0})
    assert node.oldest(ERLANG) == node.now_ms - 10_000
    assert node.oldest(GroupId("channel", "#other")) == node.now_ms - 100_000
    assert node.oldest(GroupId("channel", "#all")) is None


def test_a_log_is_trimmed_by_age_and_kept_whole_while_a_node_is_dead(net: ToyNet) -> None:
    """P16, P25: a dead node may return with a log to compare."""
    net.join(N3, ERLANG)
    net.run(1)
    master = net.engines[N3]
    replica = master.replicas.masters[ERLANG].replica

    def say(text: str) -> list[str]:
        """What the log has of what was said, after this was said, too."""
        net.submit(N3, ERLANG, ["say", text], text)
        net.run(0.5)
        master.trim(replica)
        return [entry.event[1] for entry in replica.log if entry.event is not None and entry.event[0] == "say"]

    assert say("one") == ["one"]
    master.peers.died(N2, master.now)
    net.now += 2 * master.settings.log_keep_s
    master.begin(net.now)
    assert say("two") == ["one", "two"]
    master.peers.heard(N2, master.now)
    net.now += 2 * master.settings.log_keep_s
    master.begin(net.now)
    assert say("three") == ["three"]
