"""A group goes from role to role: one way to become the master, and several ways to be master no more."""

from __future__ import annotations

import pytest

from ring.engine import Engine
from ring.ids import GroupId, Term
from ring.replication.replica import Replica
from ring.wire.codec import reencode
from ring.wire.group import Barrier, NotOwner, Question, Submit
from ring.wire.messages import Message
from tests.ring.toy import ToyNet

GROUP = GroupId("channel", "#erlang")


class Net(ToyNet):
    """Three nodes that know each other."""

    def __init__(self) -> None:
        super().__init__(3)
        self.run(1.0)
        self.owner = self.engines["127.0.0.1"].peers.acting(GROUP)
        self.edge = next(key for key in self.engines if key != self.owner)

    def engine(self, key: str) -> Engine:
        return self.engines[key]

    def turn_of(self, key: str) -> Engine:
        """A turn of the node begins."""
        self.engines[key].begin(self.now)
        return self.engines[key]

    def served(self) -> Engine:
        """The room has a member and a line; returns the master's engine."""
        self.join(self.edge, GROUP)
        self.submit(self.edge, GROUP, ["say", "one"])
        self.run(2.0)
        assert self.masters(GROUP) == [self.owner]
        return self.engines[self.owner]


@pytest.fixture
def net() -> Net:
    return Net()


def test_a_recovery_is_begun_once_and_only_where_the_group_has_no_role(net: Net) -> None:
    engine = net.turn_of(net.owner)
    recovery = engine.roles.find(GROUP, curious=True)
    assert recovery is not None and recovery.curious
    assert engine.roles.find(GROUP, curious=True) is recovery and recovery.curious
    assert engine.roles.find(GROUP) is recovery and not recovery.curious, "somebody has more than a question"
    assert net.engine(net.edge).replicas.recoveries == {}
    master = net.served()
    assert master.roles.find(GROUP) is None
    master.stopped.stop(GROUP, KeyError("a mistake"))
    assert master.roles.find(GROUP) is None


def test_what_waits_for_a_recovery_is_handled_once_the_node_serves(net: Net) -> None:
    engine, edge = net.turn_of(net.owner), net.engine(net.edge)
    engine.roles.park(GROUP, edge.me, Question(GROUP, 1, reencode("how many?")))
    assert engine.replicas.recoveries[GROUP].curious
    engine.roles.park(GROUP, edge.me, Submit(GROUP, 1, 1, reencode(["say", "hello"])))
    assert not engine.replicas.recoveries[GROUP].curious
    net.turn(net.owner, lambda: None)
    net.run(1.0)
    assert engine.replicas.masters[GROUP].replica.state.said == ["hello"]  # type: ignore[attr-defined]


def test_who_asks_the_wrong_node_is_told_the_owner(net: Net) -> None:
    wrong, asker = net.turn_of(net.edge), net.engine(next(k for k in net.engines if k not in (net.edge, net.owner)))
    wrong.roles.park(GROUP, asker.me, Submit(GROUP, 1, 1, reencode(["say", "hello"])))
    (sent,) = wrong.drain()[asker.me.key]
    assert isinstance(sent, NotOwner) and sent.master == net.owner and GROUP not in wrong.replicas.recoveries


def test_serving_ends_every_other_role(net: Net) -> None:
    engine = net.turn_of(net.owner)
    engine.roles.find(GROUP)
    kind = engine.kinds[GROUP.kind]
    replica = Replica(GROUP, kind, kind.initial(GROUP.name), ((Term(1, "x", 1), 1),), 3, 5)
    engine.roles.keep(replica, net.edge)
    engine.roles.serve(replica, Term(9, *engine.me))
    assert GROUP in engine.replicas.masters
    tables = (engine.replicas.followers, engine.replicas.recoveries, engine.replicas.incoming)
    assert not any(GROUP in table for table in tables)
    assert replica.lineage[-1] == (Term(9, *engine.me), 4), "the new term begins after the last position"


def test_a_master_that_yields_offers_its_log_and_names_the_new_master(net: Net) -> None:
    master = net.served()
    m = master.replicas.masters[GROUP]
    master.begin(net.now)
    master.roles.yield_to(m, net.edge)
    assert GROUP not in master.replicas.masters and master.replicas.followers[GROUP].fork is not None
    assert master.target(GROUP) == net.edge and GROUP in master.replicas.forked
    assert [note.event for note in master.notes if note.group == GROUP][-1] == "stepped_down"
    told: dict[str, list[Message]] = master.drain()
    assert any(type(message).__name__ == "MergeOffer" for message in told[net.edge])


@pytest.mark.parametrize(
    "command", [Submit(GROUP, 1, 1, reencode(["say", "hello"])), Barrier(GROUP, 0, 1)], ids=["command", "barrier"]
)
def test_edges_are_sent_on_once_the_new_master_has_the_log(net: Net, command: Submit | Barrier) -> None:
    """P25: sent on earlier, an edge's next line would come before the edge's lines in the log here."""
    master = net.served()
    edge, new = net.engine(net.edge), next(k for k in net.engines if k not in (net.edge, net.owner))
    m = master.replicas.masters[GROUP]
    master.begin(net.now)
    master.roles.yield_to(m, new)
    master.drain()
    master.roles.park(GROUP, edge.me, command)
    assert edge.me.key not in master.drain()
    master.roles.park(GROUP, edge.me, Question(GROUP, 1, reencode("how many?")))
    assert [message.master for message in master.drain()[edge.me.key]] == [new], "a question has no order to keep"  # type: ignore[union-attr]
    master.replicas.followers[GROUP].fork = None
    m.replica.begin_term(Term(m.replica.term.number + 1, *net.engine(new).me))
    master.resend(GROUP)
    assert [message.master for message in master.drain()[edge.me.key]] == [new]  # type: ignore[union-attr]
    master.resend(GROUP)
    assert master.drain() == {}


def test_an_edge_that_asks_for_what_the_edge_itself_masters_is_told_so(net: Net) -> None:
    engine, owner = net.turn_of(net.edge), net.engine(net.owner)
    engine.roles.park(GROUP, owner.me, Submit(GROUP, 1, 1, reencode(["say", "hello"])))
    (sent,) = engine.drain()[net.owner]
    assert isinstance(sent, NotOwner) and sent.master == net.owner


def test_a_node_that_was_stopped_asks_before_it_serves_again(net: Net) -> None:
    """P20: if nobody has taken over meanwhile, the node serves on, under a new term."""
    master = net.served()
    before = master.replicas.masters[GROUP].replica.term
    net.turn(net.owner, master.roles.resign_all)
    assert GROUP not in master.replicas.masters and GROUP in master.replicas.recoveries
    net.run(3.0)
    assert net.masters(GROUP) == [net.owner] and master.replicas.masters[GROUP].replica.term > before


def test_the_replica_that_would_lose_more_goes_on_and_the_other_master_hears_so(net: Net) -> None:
    engine = net.turn_of(net.owner)
    kind = engine.kinds[GROUP.kind]
    ours = Replica(GROUP, kind, kind.initial(GROUP.name), ((Term(3, "x", 1), 1),), 9, 5)
    theirs = Replica(GROUP, kind, kind.initial(GROUP.name), ((Term(7, *net.engine(net.edge).me), 1),), 2, 5)
    engine.roles.prevail(engine.roles.keep(ours, net.edge), theirs, net.edge)
    assert engine.replicas.masters[GROUP].replica is ours and ours.term == Term(8, *engine.me)
    assert any(type(message).__name__ == "StaleTerm" for message in engine.drain()[net.edge])
