"""A hand-off to this node whose old master serves no more (P24)."""

from __future__ import annotations

import pytest

from ring.ids import GroupId, Term
from ring.replication.progress import HandOff
from ring.replication.replica import Replica
from ring.wire.replication import Install, Installed
from tests.ring.toy import ToyNet

ERLANG = GroupId("channel", "#erlang")


class Deserted(ToyNet):
    """The old master has installed the group on the owner, and then yields to a third node, unheard by the owner."""

    def __init__(self) -> None:
        super().__init__(3)
        self.old, self.edge, self.owner = self.engines
        self.run(1.0)
        self.install(self.old, 5)

    def install(self, key: str, number: int) -> None:
        old, owner = self.engines[key], self.engines[self.owner]
        assert owner.peers.acting(ERLANG) == self.owner
        kind = owner.kinds[ERLANG.kind]
        replica = Replica(ERLANG, kind, kind.initial(ERLANG.name), ((Term(number, *old.me), 1),))
        install = Install(ERLANG, Term(number + 1, *owner.me), replica.snapshot())
        owner.begin(self.now)
        owner.dispatch(old.me, [install])
        self.taken = Installed(ERLANG, install.term, 0) in owner.drain().get(key, [])


def test_what_waits_for_a_hand_off_that_is_over_is_handled_by_whoever_masters_the_group() -> None:
    net = Deserted()
    assert net.taken
    net.submit(net.edge, ERLANG, ["say", "hello"], "hello")
    net.run(1.0)
    assert not net.masters(ERLANG)  # the hand-off may go on
    net.run(net.engines[net.edge].settings.settle_max_s - 2.0)
    assert net.masters(ERLANG) == [net.owner]
    assert net.hosts[net.edge].answers == [("hello", ["ok"])]


@pytest.mark.parametrize(("after_s", "taken"), [(1.0, False), (8.0, True)])
def test_another_master_hands_the_group_over_once_the_first_has_not_gone_on_for_a_while(
    after_s: float, taken: bool
) -> None:
    net = Deserted()
    net.run(after_s)
    net.install(net.edge, 4)
    assert net.taken is taken


@pytest.mark.parametrize(("later", "retires"), [(0, False), (1, True)])
def test_an_old_master_retires_though_the_new_master_serves_a_shorter_log_under_a_higher_term(
    later: int, retires: bool
) -> None:
    """The new master had lost the installed replica, and took over what another master had. Under the term of the
    hand-off
    itself, a shorter log is the installed replica, which the new master does not serve yet."""
    net = ToyNet(2)
    old, new = net.engines
    net.join(old, ERLANG)
    net.run(3)
    (key,) = net.masters(ERLANG)
    engine, to = net.engines[key], net.engines[new if key == old else old].me
    m = engine.replicas.masters[ERLANG]
    handoff = m.handoff = HandOff(to, Term(m.replica.term.number + 1, *to), net.now)
    handoff.placed = handoff.committed = True
    engine.roles.handoffs.outgoing[ERLANG] = m
    engine.begin(net.now)
    engine.dispatch(to, [Installed(ERLANG, Term(handoff.term.number + later, *to), m.replica.seq - 1)])
    assert (ERLANG not in engine.replicas.masters) is retires
    assert (ERLANG in engine.replicas.followers) is retires
