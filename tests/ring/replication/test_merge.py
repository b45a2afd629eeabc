"""Notes of a merge about two logs, and work that waits for a merge."""

from __future__ import annotations

import pytest

from ring.ids import GroupId, Incarnation, Term
from ring.replication.merge import _aliases
from ring.replication.replica import Replica
from ring.wire.group import NotOwner
from ring.wire.log import Command, Entry
from tests.ring.toy import ToyKind, ToyNet

ONE, TWO = Term(1, "a", 1), Term(2, "b", 1)
EDGE = Incarnation("c", 1)


def test_a_line_that_waits_here_is_said_there_and_brought_from_there_has_two_names() -> None:
    """The line's edge has asked this side, too, as the partition ended, before the other side's offer."""
    kind = ToyKind()
    here, there = (Replica(GroupId("channel", "#c"), kind, kind.initial("#c"), ((term, 1),)) for term in (TWO, ONE))
    there.advance(Entry(1, 1_000, EDGE, 7, 7, ["ok"], ["say", "x"]))
    name = there.event_id_of(there.log[0])
    here.pending.append(Command(5, 1_001, EDGE, 7, 7, ["say", "x"]))
    here.pending.append(Command(6, 1_002, EDGE, 7, 0, ["say", "x"], original_id=(name.msgid, name.at)))
    assert _aliases(here, there, 0) == ((name.msgid, here.event_id(5, 1_001).msgid),)


@pytest.mark.parametrize("masters", [False, True])
def test_what_a_node_owes_comes_before_what_its_people_say_next(masters: bool) -> None:
    """P25: an earlier term of this node answered the people, and the merge was lost with the term. masters: this node
    serves the group again; else another node does.
    """
    net = ToyNet(3)
    kind, group = ToyKind(), GroupId("channel", "#erlang")
    master = "127.0.0.3"
    net.submit("127.0.0.1", group, ["join", "127.0.0.1", 1])
    net.run(2)
    assert net.masters(group) == [master]
    node = net.engines[master if masters else "127.0.0.1"]
    owed = Replica(group, kind, kind.initial(group.name), ((Term(1, node.me.key, 1), 1),))
    owed.advance(Entry(1, 1_000, EDGE, 7, 7, ["ok"], ["say", "first"]))
    node.owed.add(owed)
    if masters:
        net.turn(master, lambda: node.roles.resign(node.replicas.masters[group]))
    net.submit(node.me.key, group, ["say", "then"])
    net.run(5)
    assert net.engines[master].state(group).said == ["first", "then"]  # type: ignore[union-attr]
    assert not node.owed.replicas


def test_a_master_that_was_another_meanwhile_is_sent_nothing_before_its_log_is_known() -> None:
    """P25: the node masters the group once more, under a later term; the node's log may be another than the replica
    here.
    """
    net, group = ToyNet(3), GroupId("channel", "#erlang")
    here, other, master = net.engines
    net.submit(here, group, ["join", here, 1])
    net.run(2)
    assert net.masters(group) == [master]
    node = net.engines[here]

    def named_anew() -> bool:
        for sender, named in ((master, other), (other, master)):
            node.dispatch(net.engines[sender].me, [NotOwner(group, named, ())])
        assert node.target(group) == master
        return node.roles.followers.holds_back(group, master)

    held: list[bool] = []
    net.turn(here, lambda: held.append(named_anew()))
    net.submit(here, group, ["say", "then"])
    net.run(5)
    assert held == [True]
    assert net.engines[master].state(group).said == ["then"]  # type: ignore[union-attr]
    assert not node.roles.followers.holds_back(group, master)


def served_from_the_other_side(nodes: int) -> tuple[ToyNet, GroupId, str]:
    """The master's people have said a line when the master has to go on with a log begun anew elsewhere."""
    net, kind, group, me = ToyNet(nodes), ToyKind(), GroupId("channel", "#erlang"), f"127.0.0.{nodes}"
    engine = net.engines[me]
    net.join(me, group)
    net.submit(me, group, ["say", "here"])
    net.run(2)
    assert net.masters(group) == [me]
    theirs = Replica(group, kind, kind.initial(group.name), ((Term(90, "other", 1), 1),))
    theirs.advance(Entry(1, 1_000, EDGE, 7, 7, ["ok"], ["say", "there"]))
    net.hosts[me].seats.clear()

    def take_over() -> None:
        m = engine.replicas.masters[group]
        engine.replicas.resign(group)
        f = engine.roles.keep(m.replica, me)
        engine.roles.followed.part(f, m.replica)
        engine.roles.install(theirs)
        engine.roles.serve(theirs, Term(91, me, engine.me.number))

    net.turn(me, take_over)
    return net, group, me


@pytest.mark.parametrize("nodes", [1, 3])
def test_people_of_a_new_master_see_the_log_that_they_know_until_the_merge_is_committed(nodes: int) -> None:
    """P25. nodes: alone, the master commits at once; with a backup, the merge takes a while."""
    net, group, me = served_from_the_other_side(nodes)
    host, engine = net.hosts[me], net.engines[me]
    if nodes > 1:
        assert engine.state(group).said == ["here"]  # type: ignore[union-attr]
        assert not host.seats
    net.submit(me, group, ["say", "then"])
    net.run(3)
    assert host.heard[group] == ["here", "there", "then"]
    assert host.seats and all(engine.me in seats for seats in host.seats), "nobody here was shown to leave"
    assert engine.replicas.masters[group].unmerged is None


@pytest.mark.parametrize("resigns", [False, True])
def test_a_new_master_that_loses_its_term_before_the_merge_owes_both_logs(resigns: bool) -> None:
    """P22, P25. resigns: after a stop of the node, instead of for a higher term."""
    net, group, me = served_from_the_other_side(3)
    host, engine = net.hosts[me], net.engines[me]
    m, other = engine.replicas.masters[group], net.engines["127.0.0.1"]
    if resigns:
        net.turn(me, lambda: engine.roles.resign(m))
    else:
        net.turn(me, lambda: engine.roles.yield_to(m, other.me.key))
    assert engine.state(group).said == ["here"]  # type: ignore[union-attr]
    net.run(5)
    [master] = net.masters(group)
    assert sorted(net.engines[master].state(group).said) == ["here", "there"]  # type: ignore[union-attr]
    assert host.heard[group] == ["here", "there"]
    assert host.seats and all(engine.me in seats for seats in host.seats)
    assert not engine.owed.replicas
