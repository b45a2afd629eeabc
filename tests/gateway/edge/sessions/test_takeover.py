"""A session is taken up from a dead node, and never beside the session's user on this node."""

from __future__ import annotations

import msgspec
import pytest

from gateway.state.session.session import Session
from ring.ids import GroupId, Incarnation
from tests.sim.net import Net
from tests.sim.test_sessions import CHANNEL, in_the_channel, made, said

GROUP = GroupId("session", "ann")


@pytest.fixture
def net() -> Net:
    return Net(3, disks=True)


def test_a_session_that_the_own_fork_has_here_is_not_taken_up_again(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a merge is under way, the master judges by another side's state, and shows people its own fork."""
    made(net)
    phone = in_the_channel(net, "n3", "phone")
    node = net.nodes["n3"]
    edge = node.core.edge
    user, state = edge.sessions.users["ann"], edge.network.state(GROUP)
    assert isinstance(state, Session) and state.stored.person is not None
    other = Session("ann")
    person = msgspec.structs.replace(state.stored.person, node="127.0.0.9", incarnation=1)
    other.stored = msgspec.structs.replace(state.stored, person=person)
    assert edge.sessions.is_over(Incarnation("127.0.0.9", 1))
    with monkeypatch.context() as patch:
        patch.setattr(edge.network, "mastered", lambda kind: [(GROUP, other, None)])
        net.turn(node, edge.sessions.takeover.orphans)
        assert not edge.sessions.takeover.is_under_way("ann")
    net.run(2)
    assert edge.sessions.users["ann"] is user
    bob = net.client("n1", "bob")
    bob.send(f"JOIN {CHANNEL}", f"PRIVMSG {CHANNEL} :line 1")
    bob.sync()
    assert said(phone) == ["1"]


def test_who_is_here_after_all_goes_where_the_session_went(net: Net) -> None:
    """The merge has found the session on a dead node: the user lets go, and comes back."""
    made(net)
    phone = in_the_channel(net, "n3", "phone")
    node = net.nodes["n3"]
    edge = node.core.edge
    user, state = edge.sessions.users["ann"], edge.network.state(GROUP)
    assert isinstance(state, Session) and state.stored.person is not None
    person = msgspec.structs.replace(state.stored.person, node="127.0.0.9", incarnation=1)
    state.stored = msgspec.structs.replace(state.stored, person=person)
    net.turn(node, edge.sessions.takeover.orphans)
    assert edge.sessions.users.get("ann") is not user
    net.run(5)
    assert edge.sessions.users["ann"] is not user and user.quitting
    bob = net.client("n1", "bob")
    bob.send(f"JOIN {CHANNEL}", f"PRIVMSG {CHANNEL} :line 1")
    bob.sync()
    assert said(phone) == ["1"]


def test_a_session_on_its_way_is_not_free_for_another_node(net: Net) -> None:
    """The clients in wait for the session count as attached: so the session's other devices go there, too."""
    made(net)
    in_the_channel(net, "n3", "phone")
    tablet = in_the_channel(net, "n1", "tablet")
    net.kill("n3")
    free: list[float] = []
    taken: set[Incarnation] = set()
    for _ in range(3000):
        net.run(0.001)
        for node in net.nodes.values():
            state = node.core.edge.network.state(GROUP)
            if isinstance(state, Session) and state.owner is not None and state.owner.key != "127.0.0.3":
                taken.add(state.owner)
                free += [net.now] if not state.stored.attached else []
    assert len(taken) == 1 and not free
    bob = net.client("n2", "bob")
    bob.send(f"JOIN {CHANNEL}", f"PRIVMSG {CHANNEL} :line 1")
    bob.sync()
    assert said(tablet) == ["1"]
