"""Nodes of two feature levels in one network (P42)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.state.channel.messages import Say, SetTopic
from ring import features
from tests.sim.net import Net


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
    """A patch of SINCE and NEWER; what was looked up of them meanwhile is forgotten."""
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
