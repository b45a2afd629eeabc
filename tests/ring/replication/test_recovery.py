"""First touch and takeover: the nodes asked before a node serves a group."""

from __future__ import annotations

import pytest

from ring.durations import PREPARE_AGAIN_S
from ring.engine import Engine
from ring.ids import NO_TERM, GroupId, Incarnation, Term
from ring.replication.replicas import Phase
from ring.wire.messages import Message
from ring.wire.replication import Held, Prepare
from tests.ring.ports import ME, ROOM, B, C
from tests.ring.replication.playbook import (
    ANN,
    after,
    again,
    asks,
    bounced,
    comes,
    dies,
    fetch,
    fetched,
    follow,
    has,
    has_none,
    nothing,
    play,
    prepare,
    recover,
    replied,
    send_on,
    serve,
    submit,
    take_in,
)
from tests.ring.replication.stages import RecoveryStage
from tests.ring.toy import ToyNet

D = Incarnation("127.0.0.4", 1)
EDGE = Incarnation("127.0.0.7", 1)

LOST = "127.0.0.8"
"""The ring key of a node that was in the network, and now is unheard."""


def test_a_takeover_of_many_groups_asks_each_node_with_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """P23: a node looks for a dead master's groups in one turn, and in one `Prepare` to each node."""
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
    """P21: a node with a replica dies during the fetch of the newest replica. The promises are void, and the replica
    with the promises.
    """
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


# Plays (playbook.py says how to read a play) --------------------------------------------------------------------------


def test_a_group_that_nobody_holds_starts_empty_under_a_term_above_forgotten_ones() -> None:
    (
        play(RecoveryStage(held=False))
        >> recover() << prepare(B, 0) << prepare(C, 0)
        >> has_none(B) << nothing
        >> has_none(C) << serve(1000, 0) << nothing
    )  # fmt: skip


def test_a_group_that_nobody_holds_is_not_made_for_a_question() -> None:
    stage = RecoveryStage(held=False)
    (
        play(stage)
        >> recover(curious=True) << prepare(B, 0) << prepare(C, 0)
        >> asks(B, 7) << nothing
        >> has_none(B) << nothing
        >> has_none(C) << again(B, "Question") << nothing
    )  # fmt: skip
    assert not stage.replicas.recoveries and not stage.replicas.masters


def test_the_replica_here_is_served_once_all_who_hold_the_group_have_promised() -> None:
    (
        play(RecoveryStage("one", "two"))
        >> recover() << prepare(B, 0) << prepare(C, 0)
        >> has(B, 1) << nothing
        >> has_none(C) << prepare(B, 2)
        >> has(B, 1, promised=2) << serve(2, 2) << nothing
    )  # fmt: skip


def test_an_answer_from_before_the_promise_was_asked_for_is_no_promise() -> None:
    (
        play(RecoveryStage("one"))
        >> recover() << prepare(B, 0) << prepare(C, 0)
        >> has_none(C) >> has(B, 1) << prepare(B, 2)
        >> has(B, 1) << nothing
        >> has(B, 1, promised=2) << serve(2, 1) << nothing
    )  # fmt: skip


def test_a_newer_replica_is_fetched_served_and_the_replica_here_merged() -> None:
    (
        play(RecoveryStage("one", "two"))
        >> recover() << prepare(B, 0) << prepare(C, 0)
        >> has_none(B) >> has(C, 5) << prepare(C, 2)
        >> has(C, 5, promised=2) << fetch(C)
        >> fetched(C, 5) << follow(5) << serve(2, 5) << take_in(2) << nothing
    )  # fmt: skip


def test_a_recovery_asks_has_a_term_promised_and_fetches() -> None:
    stage = RecoveryStage("one")
    steps = [recover(), has_none(B), has(C, 5), has(C, 5, promised=2)]
    phases = []
    for step in steps:
        step(stage)
        phases.append(stage.recovery.phase)
    assert phases == [Phase.ASKING, Phase.ASKING, Phase.PROMISING, Phase.FETCHING]


def test_where_the_newer_replica_is_gone_the_replica_here_is_served() -> None:
    (
        play(RecoveryStage("one"))
        >> recover() << prepare(B, 0) << prepare(C, 0)
        >> has_none(B) >> has(C, 5) << prepare(C, 2)
        >> has(C, 5, promised=2) << fetch(C)
        >> after(0.5) << fetch(C)
        >> fetched(C, None) << serve(2, 1) << nothing
    )  # fmt: skip


def test_a_log_that_parted_is_fetched_and_merged_after_the_takeover() -> None:
    (
        play(RecoveryStage("one"))
        >> recover() << prepare(B, 0) << prepare(C, 0)
        >> has_none(B) >> has(C, 3, term=0) << prepare(C, 2)
        >> has(C, 3, term=0, promised=2) << fetch(C) << serve(2, 1)
        >> fetched(C, 3, term=0) << take_in(3) << nothing
    )  # fmt: skip


def test_a_higher_promise_begins_the_recovery_anew() -> None:
    (
        play(RecoveryStage("one"))
        >> recover() << prepare(B, 0) << prepare(C, 0)
        >> has_none(C) >> has(B, 1) << prepare(B, 2)
        >> has(B, 1, promised=9, to=C) << nothing
        >> after(0.5) << prepare(B, 0) << prepare(C, 0)
        >> has_none(C) >> has(B, 1, promised=9, to=C) << prepare(B, 10)
        >> has(B, 1, promised=10) << serve(10, 1) << nothing
    )  # fmt: skip


def test_a_group_that_another_node_masters_is_left_to_that_node() -> None:
    stage = RecoveryStage("one")
    (
        play(stage)
        >> recover() << prepare(B, 0) << prepare(C, 0)
        >> asks(ANN, 1) << nothing
        >> submit(EDGE, 1) << nothing
        >> has(C, 4, role="master") << bounced(ANN, C) << send_on(C) << nothing
        >> has_none(B) << nothing
    )  # fmt: skip
    assert not stage.replicas.recoveries


def test_of_two_nodes_that_recover_a_group_the_nearer_owner_goes_on() -> None:
    stage = RecoveryStage("one")
    assert stage.peers.owners(ROOM)[0] == C.key
    (
        play(stage)
        >> recover() << prepare(B, 0) << prepare(C, 0)
        >> has_none(B, "asking") << nothing
        >> has_none(C, "asking") << send_on(C) << nothing
    )  # fmt: skip


def test_a_node_that_dies_or_is_silent_is_asked_no_longer() -> None:
    (
        play(RecoveryStage("one"))
        >> recover() << prepare(B, 0) << prepare(C, 0)
        >> dies(B) << nothing
        >> after(0.5) << prepare(C, 0)
        >> after(RecoveryStage().settings.prepare_wait_s) << serve(2, 1) << nothing
    )  # fmt: skip


def test_a_node_that_comes_while_nodes_are_asked_is_asked_too() -> None:
    stage = RecoveryStage("one")
    (
        play(stage)
        >> recover() << prepare(B, 0) << prepare(C, 0)
        >> has_none(B) << nothing
        >> comes(D) << prepare(D, 0)
        >> has_none(C) << nothing
        >> has(D, 4, role="master") << send_on(D) << nothing
    )  # fmt: skip
    assert not stage.replicas.recoveries


@pytest.mark.parametrize("fetching", [False, True])
def test_a_node_that_comes_after_the_replies_begins_the_recovery_anew(fetching: bool) -> None:
    """Whispers seed 1949: a node started anew knew one other node, and met the group's master during the promises."""
    until = play(RecoveryStage(held=False)) >> recover() << prepare(B, 0) << prepare(C, 0)
    until = until >> has_none(C) >> has(B, 3) << prepare(B, 2)
    if fetching:
        until = until >> has(B, 3, promised=2) << fetch(B)
    (
        until
        >> comes(D) << prepare(B, 0) << prepare(C, 0) << prepare(D, 0)
        >> fetched(B, 3) << nothing
        >> has_none(C) >> has(B, 3, promised=2) << nothing
        >> has(D, 4, role="master") << send_on(D) << nothing
    )  # fmt: skip


def test_a_node_that_is_heard_again_is_asked_again() -> None:
    (
        play(RecoveryStage("one"))
        >> recover() << prepare(B, 0) << prepare(C, 0)
        >> dies(B) << nothing
        >> comes(B) << prepare(B, 0)
        >> comes(B) << nothing
        >> has_none(B) >> has_none(C) << serve(2, 1) << nothing
    )  # fmt: skip


def test_a_confirmed_group_waits_for_a_member_of_its_set_and_may_be_read_meanwhile() -> None:
    """P36: the replica here comes from a disk, and the group's set names an unheard node."""
    stage = RecoveryStage("one", confirmed=True)
    replica = stage.replicas.followers[ROOM].replica
    replica.is_cold, replica.members = True, (ME.key, LOST)
    (
        play(stage)
        >> recover() << prepare(B, 0) << prepare(C, 0)
        >> asks(B, 7) << nothing
        >> has_none(B) << nothing
        >> has_none(C) << replied(B, 7) << nothing
        >> after(PREPARE_AGAIN_S) << prepare(B, 0) << prepare(C, 0)
    )  # fmt: skip
    assert stage.recovery.phase is Phase.WAITING
    assert [note for note, _, _ in stage.notes] == ["group_waits"] and stage.recoveries.readable(ROOM) is replica
    stage.peers.given_up[LOST] = 1
    play(stage) >> has_none(B) >> has_none(C) << serve(2, 1) << nothing


def test_a_confirmed_group_asks_anew_if_a_node_that_was_heard_dies() -> None:
    (
        play(RecoveryStage("one", confirmed=True))
        >> recover() << prepare(B, 0) << prepare(C, 0)
        >> has_none(B) << nothing
        >> dies(B) << nothing
        >> after(0.5) << prepare(C, 0)
    )  # fmt: skip


def test_a_stopped_group_is_told_apart_and_not_waited_for() -> None:
    """P43: the replica of a stopped group counts as unheard, and a node on which the group stopped is asked no more."""
    stage = RecoveryStage("one")
    stage.replicas.stopped[ROOM] = None
    stage.come(B, Prepare([(ROOM, NO_TERM)]))
    assert stage.stopped == [(B.key, ROOM)]
    del stage.replicas.stopped[ROOM]
    (
        play(RecoveryStage("one"))
        >> recover() << prepare(B, 0) << prepare(C, 0)
        >> has_none(B) << nothing
        >> (lambda stage: stage.recoveries.stopped(ROOM, C.key)) << serve(2, 1) << nothing
    )  # fmt: skip
