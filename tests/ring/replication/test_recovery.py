"""First touch and takeover: whom a node asks before it serves a group."""

from __future__ import annotations

import pytest

from ring.engine import Engine
from ring.ids import NO_TERM, GroupId, Term
from ring.wire.messages import Message
from ring.wire.replication import Held, Prepare
from tests.ring.toy import ToyNet


def test_a_takeover_of_many_groups_asks_each_node_with_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """P23: a dead master's groups are looked for in one turn, and in one `Prepare` to each node."""
    net = ToyNet(4)
    groups = [GroupId("channel", f"#{n}") for n in range(60)]
    for group in groups:
        net.join("127.0.0.1", group)
    net.run(3)
    dead = "127.0.0.3"
    orphans = {group for group in groups if net.masters(group) == [dead]}
    assert len(orphans) > 5
    asked: dict[tuple[float, str, str], list[Prepare]] = {}
    drain = Engine.drain

    def watched(self: Engine) -> dict[str, list[Message]]:
        out = drain(self)
        for key, messages in out.items():
            if prepares := [message for message in messages if isinstance(message, Prepare)]:
                asked.setdefault((self.now, self.me.key, key), []).extend(prepares)
        return out

    monkeypatch.setattr(Engine, "drain", watched)
    net.kill(dead)
    net.run(3)
    assert all(net.masters(group) not in ([], [dead]) for group in orphans)
    assert asked
    assert all(len(prepares) == 1 for prepares in asked.values())
    assert max(len(prepare.groups) for [prepare] in asked.values()) > len(orphans) / 4


def test_a_recovery_that_begins_anew_takes_no_replica_that_was_asked_for_before() -> None:
    """P21: a node with a replica dies while the newest replica is fetched. The promises are void, and the replica with
    them."""
    net, group = ToyNet(4, disks=True), GroupId("deed", "ann")
    me, newest, third, dies = net.engines
    engine = net.engines[me]
    net.turn(me, lambda: engine.roles.find(group))
    recovery, term = engine.replicas.recoveries[group], Term(7, me, 1)
    lineage = ((Term(6, dies, 1), 1),)
    recovery.held = {key: Held(group, "copy", lineage, 5, promised=term) for key in (newest, third, dies)}
    recovery.asked, recovery.term, recovery.fetching = {}, term, newest
    net.kill(dies)
    net.turn(me, engine.tick)
    assert recovery.term == NO_TERM and recovery.fetching is None
    assert [*recovery.asked] == [newest, third] and not recovery.held
