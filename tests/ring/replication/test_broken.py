"""A group stopped by a mistake: the node keeps no part in the group, and all questioners are told (P43)."""

from __future__ import annotations

from typing import Any

import pytest

from ring.ids import GroupId
from ring.replication.application import Halted
from ring.replication.broken import ANSWERED
from ring.wire.group import Barrier, Question, Submit
from ring.wire.log import raw
from ring.wire.messages import Message
from ring.wire.node import Reply
from ring.wire.replication import Fetch, Resync, Stopped
from tests.ring.toy import ToyNet

GROUP = GroupId("channel", "#erlang")


class Net(ToyNet):
    """Three nodes and a room with a member on the first; `master` masters the room, `backup` holds the room, too."""

    def __init__(self) -> None:
        super().__init__(3)
        self.run(1.0)
        self.join("127.0.0.1", GROUP)
        self.run(2.0)
        (self.master,) = self.masters(GROUP)
        self.engine = self.engines[self.master]
        (self.backup,) = (key for key in self.engine.replicas.masters[GROUP].replica.members if key != self.master)

    def stop(self, key: str) -> None:
        engine = self.engines[key]
        self.turn(key, lambda: engine.stopped.stop(GROUP, KeyError("a mistake")))

    def come(self, sender: str, message: Message) -> list[Message]:
        """Let the message come to the master's node; return the node's messages to the sender in this turn."""
        self.engine.begin(self.now)
        self.engine.dispatch(self.engines[sender].me, [message])
        return self.engine.drain().get(sender, [])


@pytest.fixture
def net() -> Net:
    return Net()


def notes(net: Net, key: str, event: str) -> list[Any]:
    return [note for note in net.engines[key].notes if note.event == event]


def test_another_node_serves_the_group_on(net: Net) -> None:
    net.stop(net.master)
    assert GROUP not in net.engine.replicas.masters and GROUP in net.engine.stopped.groups
    net.run(3.0)
    assert net.masters(GROUP) and net.master not in net.masters(GROUP)
    assert net.engine.replicas.get(GROUP) is None, "the node keeps no replica in use"


def test_a_stopped_group_is_noted_once_and_stays_stopped(net: Net) -> None:
    net.stop(net.master)
    net.stop(net.master)
    net.run(10.0)
    assert len(notes(net, net.master, "group_broken")) == 1 and GROUP in net.engine.stopped.groups


def test_a_master_does_without_a_backup_on_which_the_group_has_stopped(net: Net) -> None:
    net.stop(net.backup)
    net.submit("127.0.0.1", GROUP, ["say", "hello"])
    net.run(3.0)
    assert net.masters(GROUP) == [net.master]
    members = net.engine.replicas.masters[GROUP].replica.members
    assert net.backup not in members and len(members) == 2


@pytest.mark.parametrize("kind", [Submit, Barrier, Fetch, Resync])
def test_who_waits_for_an_answer_is_told(net: Net, kind: Any) -> None:
    assert kind in ANSWERED
    made = {
        Submit: Submit(GROUP, 1, 1, raw(["say", "x"])), Barrier: Barrier(GROUP, 1, 1),
        Fetch: Fetch(GROUP), Resync: Resync(GROUP, (), 0),
    }  # fmt: skip
    net.stop(net.master)
    assert Stopped(GROUP) in net.come(net.backup, made[kind])


def test_a_question_has_no_answer(net: Net) -> None:
    net.stop(net.master)
    sent = net.come(net.backup, Question(GROUP, 7, raw("how many?")))
    assert sent == [Reply(7, raw(None))]


def test_builds_that_know_no_stopped_groups_are_told_nothing(net: Net) -> None:
    net.engine.peers.level = 0
    net.stop(net.master)
    assert not [m for m in net.come(net.backup, Fetch(GROUP)) if isinstance(m, Stopped)]


def test_where_all_nodes_have_stopped_the_group_a_command_fails_with_their_names(net: Net) -> None:
    for key in net.engines:
        net.stop(key)
    net.run(1.0)
    net.submit("127.0.0.1", GROUP, ["say", "x"], "x")
    net.run(net.engine.settings.settle_max_s + 2.0)
    ((token, outcome),) = [answer for answer in net.hosts["127.0.0.1"].answers if answer[0] == "x"]
    assert token == "x" and isinstance(outcome, Halted) and outcome.nodes
