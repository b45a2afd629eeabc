"""A hand-off whose old master serves no more, and the old master's part of any hand-off (P24)."""

from __future__ import annotations

import msgspec
import pytest

from ring.durations import THAW_S
from ring.ids import GroupId, Term
from ring.replication.progress import HandOff, Step
from ring.replication.replica import Replica
from ring.wire.replication import Install, Installed
from tests.ring.ports import ROOM, B, C, record
from tests.ring.replication.playbook import (
    ANN,
    ack,
    after,
    again,
    answer,
    append,
    bounced,
    dies,
    install,
    installed,
    nothing,
    play,
    publish,
    retire,
    submit,
)
from tests.ring.replication.stages import MasterStage
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
    hand-off itself, a shorter log is the installed replica, which the new master does not serve yet."""
    net = ToyNet(2)
    old, new = net.engines
    net.join(old, ERLANG)
    net.run(3)
    (key,) = net.masters(ERLANG)
    engine, to = net.engines[key], net.engines[new if key == old else old].me
    m = engine.replicas.masters[ERLANG]
    handoff = m.handoff = HandOff(to, Term(m.replica.term.number + 1, *to), net.now)
    handoff.step = Step.COMMITTED
    engine.roles.handoffs.outgoing[ERLANG] = m
    engine.begin(net.now)
    engine.dispatch(to, [Installed(ERLANG, Term(handoff.term.number + later, *to), m.replica.seq - 1)])
    assert (ERLANG not in engine.replicas.masters) is retires
    assert (ERLANG in engine.replicas.followers) is retires


# The old master alone (playbook.py says how to read a play) -----------------------------------------------------------


def consider(stage: MasterStage) -> None:
    """The master looks whether another node is responsible for the room: C is, and up for long enough."""
    assert stage.peers.acting(ROOM) == C.key
    stage.now += stage.settings.check_every_s
    stage.handoffs.consider(stage.m)


def test_a_group_goes_to_its_owner_in_four_messages() -> None:
    (
        play(MasterStage())
        >> consider << install(C, 2, 0)
        >> installed(C, 0) << publish(C, 1) << nothing
        >> installed(C, 1) << retire(C, 1) << nothing
    )  # fmt: skip


def test_what_is_under_way_is_committed_first_and_later_commands_wait() -> None:
    (
        play(MasterStage(backups=(B,)))
        >> submit(ANN, 1) << append(B, 1)
        >> consider << nothing
        >> submit(ANN, 2) << nothing
        >> ack(B, held=1) << publish(B, 1) << answer(ANN, 1) << install(C, 2, 1)
        >> installed(C, 1) << append(B, 2) << nothing
        >> ack(B, held=2) << publish(B, 2) << publish(C, 2) << bounced(ANN, C) << nothing
        >> submit(ANN, 2) << bounced(ANN, C) << nothing
    )  # fmt: skip


def test_each_message_is_repeated_until_it_is_answered() -> None:
    (
        play(MasterStage())
        >> consider << install(C, 2, 0)
        >> after(0.3) << nothing
        >> after(0.2) << install(C, 2, 0)
        >> installed(C, 0) << publish(C, 1)
        >> installed(C, 0) << nothing
        >> after(0.5) << publish(C, 1)
        >> installed(C, 1) << retire(C, 1) << nothing
    )  # fmt: skip


def test_a_new_master_that_does_not_answer_is_given_up_and_the_group_served_on() -> None:
    stage = MasterStage()
    (
        play(stage)
        >> consider << install(C, 2, 0)
        >> submit(ANN, 1) << nothing
        >> after(THAW_S) << install(C, 2, 0)
        >> after(0.5) << again(ANN, "Submit") << nothing
    )  # fmt: skip
    assert stage.m.serving and [event for event, _, _ in stage.notes] == ["hand_off_failed"]
    play(stage) >> submit(ANN, 1) << answer(ANN, 1) << nothing


def test_a_new_master_that_dies_before_the_last_entry_is_given_up() -> None:
    stage = MasterStage()
    play(stage) >> consider << install(C, 2, 0) >> dies(C) << nothing >> submit(ANN, 1) << answer(ANN, 1) << nothing
    assert stage.m.serving


def test_after_the_last_entry_the_group_is_never_taken_back() -> None:
    stage = MasterStage()
    (
        play(stage)
        >> consider << install(C, 2, 0)
        >> installed(C, 0) << publish(C, 1)
        >> submit(ANN, 1) << bounced(ANN, C)
        >> dies(C) << retire(C, 1) << nothing
    )  # fmt: skip
    assert stage.m.is_handed


def test_nobody_but_the_new_master_and_its_term_goes_on_with_a_hand_off() -> None:
    (
        play(MasterStage())
        >> consider << install(C, 2, 0)
        >> installed(B, 0) << nothing
        >> installed(C, 0, term=1) << nothing
        >> installed(C, 0, term=3) << nothing
        >> installed(C, 0) << publish(C, 1) << nothing
    )  # fmt: skip


def test_no_group_goes_to_a_node_that_is_new_or_leaves_or_was_tried_just_now() -> None:
    stage = MasterStage()
    stage.handoffs.consider(stage.m)
    assert stage.m.serving, "C came a moment ago"
    play(stage) >> consider << install(C, 2, 0) >> after(THAW_S + 0.1) << nothing
    assert stage.m.serving
    stage.handoffs.consider(stage.m)
    assert stage.m.serving, "C did not answer a moment ago"
    stage.peers.learn([msgspec.structs.replace(record(3), leaving=True)], stage.now)
    stage.now += stage.settings.check_every_s
    stage.handoffs.consider(stage.m)
    assert stage.m.handoff is not None and stage.m.handoff.to == B, "C leaves, and B comes next"
