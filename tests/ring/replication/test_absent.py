"""Questions about groups that nobody holds: answered, without making a group."""

from __future__ import annotations

from typing import Any

import pytest

from ring.durations import ABSENT_S
from ring.ids import GroupId
from ring.replication.absent import ABSENT
from ring.wire.replication import Prepare
from tests.ring.toy import ToyNet

ERLANG = GroupId("channel", "#erlang")  # 127.0.0.3's
NODES = ["127.0.0.1", "127.0.0.2", "127.0.0.3"]


class Asker:
    """Counts how often a node has to find the holder of a group."""

    def __init__(self, net: ToyNet) -> None:
        self.net = net
        self.collects = 0
        net.run(1)
        for engine in net.engines.values():
            engine._handlers[Prepare] = self._counting(engine._handlers[Prepare])

    def _counting(self, handle: Any) -> Any:
        def counted(sender: Any, message: Any) -> None:
            self.collects += 1
            handle(sender, message)

        return counted

    def ask(self, key: str, group: GroupId = ERLANG) -> Any:
        answers: list[Any] = []
        self.net.turn(key, lambda: self.net.engines[key].ask(group, "how many?", answers.append))
        self.net.run(1)
        assert len(answers) == 1
        return answers[0]


@pytest.mark.parametrize("kind", ["channel", "deed"])
@pytest.mark.parametrize("key", NODES)
def test_a_question_makes_no_group(key: str, kind: str) -> None:
    net = ToyNet(3, disks=True)
    group = GroupId(kind, "#erlang")
    asker = Asker(net)
    assert asker.ask(key, group) == ["said", 0]
    assert asker.collects == 2  # the owner asked the two others
    assert net.masters(group) == []
    assert all(group not in engine.replicas.followers for engine in net.engines.values())
    for other in NODES:
        assert asker.ask(other, group) == ["said", 0]
    assert asker.collects == 2
    net.run(ABSENT_S)
    assert asker.ask(key, group) == ["said", 0]
    assert asker.collects == 4


def test_alone_too() -> None:
    net = ToyNet(1)
    asker = Asker(net)
    assert asker.ask("127.0.0.1") == asker.ask("127.0.0.1") == ["said", 0]
    assert net.masters(ERLANG) == []


@pytest.mark.parametrize("key", NODES)
def test_what_comes_to_be_is_seen_at_once(key: str) -> None:
    net = ToyNet(3)
    asker = Asker(net)
    assert asker.ask("127.0.0.1") == ["said", 0]
    net.join(key, ERLANG)
    net.submit(key, ERLANG, ["say", "hi"])
    net.run(1)
    assert net.masters(ERLANG) == ["127.0.0.3"]
    assert all(asker.ask(other) == ["said", 1] for other in NODES)


def test_a_command_that_comes_while_a_question_waits_makes_the_group() -> None:
    net = ToyNet(3, delay_s=(0.01, 0.01))
    answers: list[Any] = []
    net.turn("127.0.0.1", lambda: net.engines["127.0.0.1"].ask(ERLANG, "how many?", answers.append))
    net.run(0.015)
    assert ERLANG in net.engines["127.0.0.3"].replicas.recoveries
    net.join("127.0.0.2", ERLANG)
    net.run(1)
    assert answers == [["said", 0]]
    assert net.masters(ERLANG) == ["127.0.0.3"]


def test_absence_is_not_believed_of_a_node_that_comes() -> None:
    """The owner is away with all its knowledge; once back, the owner is asked."""
    net = ToyNet(2, disks=True)
    deed = GroupId("deed", "#erlang")
    net.start("127.0.0.3")
    net.run(3)
    net.submit("127.0.0.1", deed, ["say", "hi"])
    net.run(3)
    asker = Asker(net)
    for key in NODES:
        net.kill(key)
    net.start("127.0.0.1")
    net.run(1)
    net.start("127.0.0.3")
    net.run(3)
    assert asker.ask("127.0.0.1", deed) == ["said", 1]


def test_so_many_absences_are_remembered() -> None:
    net = ToyNet(1)
    engine = net.engines["127.0.0.1"]
    for number in range(ABSENT + 5):
        net.turn("127.0.0.1", lambda n=number: engine.ask(GroupId("channel", f"#{n}"), "?", lambda answer: None))
    assert len(engine.roles.absent) == ABSENT


def test_who_does_not_know_the_network_yet_starts_nothing() -> None:
    """Other nodes may have the group: this node has not met these nodes."""
    net = ToyNet(1)
    net.engines["127.0.0.1"].has_met = False
    net.submit("127.0.0.1", ERLANG, ["say", "hi"], "t")
    net.run(3)
    assert net.masters(ERLANG) == []
    net.turn("127.0.0.1", net.engines["127.0.0.1"].met)
    net.run(3)
    assert net.masters(ERLANG) == ["127.0.0.1"]


def test_many_questions_at_once_cost_little_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """A group's recovery is looked at by the questions about this group alone."""
    net = ToyNet(3)
    net.run(1)
    engine, looked, answers = net.engines["127.0.0.1"], [], []
    readable = engine.roles.recoveries.readable
    monkeypatch.setattr(engine.roles.recoveries, "readable", lambda group: looked.append(group) or readable(group))
    many = [GroupId("channel", f"#{number}") for number in range(200)]
    net.turn("127.0.0.1", lambda: [engine.ask(group, "how many?", answers.append) for group in many])
    net.run(1)
    assert len(answers) == len(many)
    assert len(looked) < 10 * len(many)
