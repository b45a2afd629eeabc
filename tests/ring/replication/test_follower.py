"""A follower behind the start of the master's log (P16), or with a promise to a higher term (P21)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ring.ids import GroupId, Incarnation, Term
from ring.replication import log
from ring.wire.codec import reencode
from ring.wire.log import Entry
from ring.wire.replication import Continue, StaleTerm
from tests.ring.toy import ToyHost, ToyNet

ERLANG = GroupId("channel", "#erlang")
KEPT = 8


class DeafNet(ToyNet):
    """A network in which some nodes are sent nothing. deaf: the ring keys of these nodes."""

    deaf: frozenset[str] = frozenset()

    def delivery(self, sender: Incarnation, key: str, payload: bytes) -> Callable[[], Any]:
        return (lambda: None) if key in self.deaf else super().delivery(sender, key, payload)


@pytest.mark.parametrize("said", [3, 30])
def test_who_lacks_more_than_the_log_has_is_shown_the_rest_and_told_how_many_are_missing(
    monkeypatch: pytest.MonkeyPatch, said: int
) -> None:
    monkeypatch.setattr(log, "LOG_ENTRIES", KEPT)
    net = DeafNet(3)
    master = "127.0.0.3"
    net.join(master, ERLANG)
    net.run(3)
    edge = next(key for key in ("127.0.0.1", "127.0.0.2") if ERLANG not in net.engines[key].replicas.followers)
    net.join(edge, ERLANG)
    net.run(3)
    net.deaf = frozenset({edge})
    texts = [str(n) for n in range(said)]
    for text in texts:
        net.submit(master, ERLANG, ["say", text])
    net.run(1)
    assert not net.hosts[edge].heard.get(ERLANG)
    net.deaf = frozenset()
    net.run(5)
    assert net.hosts[edge].heard[ERLANG] == texts[-KEPT:]
    assert net.hosts[edge].lost == max(0, said - KEPT)


def test_a_promise_holds_against_what_the_old_master_continues_with() -> None:
    """P21: the node with the promise of a higher term knows the replica as of the promise."""
    net = ToyNet(3)
    here, master = "127.0.0.1", "127.0.0.3"
    net.join(here, ERLANG)
    net.run(3)
    assert net.masters(ERLANG) == [master]
    engine, replica = net.engines[here], net.engines[here].replicas.followers[ERLANG].replica
    replica.promised = Term(replica.term.number + 1, "127.0.0.2", 2)
    seq = replica.seq
    late = Entry(seq + 1, replica.at + 1, None, 0, 0, reencode(["ok"]), reencode(["say", "late"]))
    engine.begin(net.now)
    engine.dispatch(net.engines[master].me, [Continue(ERLANG, replica.lineage, seq + 1, [late])])
    assert engine.drain()[master] == [StaleTerm(ERLANG, replica.promised)]
    assert replica.seq == seq and not net.hosts[here].heard.get(ERLANG)


def test_the_last_event_here_is_acknowledged_once_what_it_caused_is_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """P33, where the event takes the last member from this node, and the node follows the group no more."""
    net, other = ToyNet(3), GroupId("channel", "#other")
    edge, speaker, master = net.engines
    net.join(edge, ERLANG)
    net.join(speaker, ERLANG)
    net.run(3)
    assert net.masters(ERLANG) == [master] and net.engines[speaker].target(other) == net.engines[edge].target(other)
    applied = ToyHost.applied

    def act(self: ToyHost, group: GroupId, state: Any, event: Any, event_id: Any, token: object) -> None:
        applied(self, group, state, event, event_id, token)
        if self is net.hosts[edge] and group == ERLANG and event[:2] == ["part", edge]:
            net.engines[edge].submit(other, ["say", "caused"], because=ERLANG)

    monkeypatch.setattr(ToyHost, "applied", act)
    net.submit(speaker, ERLANG, ["part", *net.engines[edge].me])
    pong: list[bool] = []
    net.turn(speaker, lambda: net.engines[speaker].settle([ERLANG], lambda: pong.append(True)))
    while not pong:
        net.run(0.001)
    state = net.engines[net.engines[speaker].target(other)].replicas.masters.get(other)
    assert state is not None and state.replica.state.said == ["caused"]
