"""Nodes of two feature levels in one network (P42)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.state.channel.messages import Say, SetTopic
from ring import features
from ring.ids import GroupId
from tests.gateway.commands.accounts import register
from tests.sim.net import Net
from tests.sim.stores import MemoryStore


def test_what_is_too_new_for_the_network_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SetTopic, "SINCE", 1, raising=False)
    net = Net(2, level=0)
    net.leave("n2")
    net.start(2, level=1)
    net.run(5.0)
    ann, bob = net.client("n2", "ann"), net.client("n1", "bob")
    for person in (ann, bob):
        person.send("JOIN #ring")
        person.sync()
    assert ann.ask("TOPIC #ring :new") == [
        "NOTICE ann :The network does not support this yet: the node n1.sim runs an older version. "
        "Nothing was changed; try again once all nodes are upgraded."
    ]
    assert bob.ask("TOPIC #ring") == ["331 bob #ring :No topic is set"]
    ann.send("PRIVMSG #ring :but this works")
    ann.sync()
    bob.sync()
    assert bob.heard("#ring") == ["but this works"]


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A patch of SINCE and NEWER; cached look-ups of both are forgotten."""
    features._written.cache_clear()
    yield monkeypatch
    monkeypatch.undo()
    features._written.cache_clear()


def test_a_newer_field_has_its_default_until_the_network_knows_it(marked: pytest.MonkeyPatch) -> None:
    marked.setattr(Say, "NEWER", {"tags": 1}, raising=False)
    net = Net(2, level=0)
    assert [node.core.engine.level for node in net.nodes.values()] == [0, 0]
    ann, bob = net.client("n1", "ann", "message-tags"), net.client("n2", "bob", "message-tags")
    for person in (ann, bob):
        person.send("JOIN #ring")
        person.sync()
    ann.send("@+typing=done PRIVMSG #ring :hi")
    ann.sync()
    (line,) = [line for line in bob.sync() if "PRIVMSG" in line]
    assert "+typing" not in line


def test_a_node_without_its_roster_file_keeps_newer_fields_of_a_replica() -> None:
    """The node knows the network's level by the first link, and not only by following the network's group. Once, the
    node wrote the replica to disk as a build of level 0 does (seed 89002018 of the devices).
    """
    net = Net(2, disks=True, level=1)
    assert net.disks is not None
    ann = net.client("n1", "ann")
    assert any(line.startswith("REGISTER SUCCESS") for line in register(ann))
    net.run(1.0)
    group = GroupId("account", "ann")
    (master,) = net.masters(group)
    (backup,) = {*net.nodes} - {master}
    (life,) = net.nodes[master].core.engine.replicas.masters[group].replica.state.snapshot().lives
    (source,) = life.sources  # a field of level 1
    net.kill(backup)
    net.run(5.0)
    net.disks[backup] = MemoryStore()
    net.start(int(backup[1:]))
    assert net.until(lambda: group in dict(net.disks[backup].replicas()), 10)
    assert source.encode() in dict(net.disks[backup].replicas())[group]
