"""A master's messages to followers: batches in a turn, new, leaving and lagging followers (P15, P16, P41)."""

from __future__ import annotations

import pytest

from ring.durations import PROBE_MAX_S, PROBE_S
from ring.ids import GroupId, Incarnation
from ring.replication.fanout import CHASED
from ring.wire.log import Entry, MergeRecord
from ring.wire.replication import Append, Held, Publish, Replace, Resync
from tests.ring.ports import ME, ROOM, B, C
from tests.ring.replication.playbook import (
    ANN,
    ack,
    after,
    answer,
    append,
    continued,
    dies,
    nothing,
    play,
    probe,
    publish,
    replaced,
    resync,
    submit,
)
from tests.ring.replication.stages import MasterStage


def sits(stage: MasterStage, *nodes: Incarnation) -> None:
    """Members sit on these nodes from now on."""
    stage.m.replica.state.subscribers = dict.fromkeys(nodes, 1)  # type: ignore[misc]
    stage.fanout.refollow(stage.m)


def test_a_turn_has_one_message_with_all_entries_for_each_follower() -> None:
    stage = MasterStage(followers=(C,))
    for number in (1, 2, 3):
        stage.masters.accept(stage.m, ME, number, 0, ["say", str(number)])
    assert [
        [entry.seq for entry in message.entries] for message in stage.out[C.key] if isinstance(message, Publish)
    ] == [[1, 2, 3]]


def test_a_turn_has_one_message_with_all_commands_for_each_backup() -> None:
    stage = MasterStage(backups=(B,))
    for number in (1, 2, 3):
        stage.masters.accept(stage.m, ANN, number, 0, ["say", str(number)])
    assert [[c.seq for c in message.commands] for message in stage.out[B.key] if isinstance(message, Append)] == [
        [1, 2, 3]
    ]


def test_a_node_with_its_first_member_is_sent_the_group_and_every_entry_from_there() -> None:
    stage = MasterStage()
    (
        play(stage)
        >> submit(ME, 1) << nothing
        >> (lambda stage: sits(stage, C)) << replaced(C, 1) << nothing
        >> submit(ME, 2) << publish(C, 2) << nothing
        >> ack(C, 2) << nothing
    )  # fmt: skip
    assert stage.m.followers[C.key].acked == 2


def test_after_a_merge_a_new_follower_may_have_the_other_log_and_is_asked() -> None:
    """P25."""
    stage = MasterStage()
    stage.m.replica.advance(Entry(1, 1000, None, 0, 0, None, None, side=MergeRecord((), 0, ())))
    play(stage) >> (lambda stage: sits(stage, C)) << probe(C, 1) << nothing >> submit(ME, 1) << nothing
    assert not stage.m.followers[C.key].confirmed


def test_a_node_whose_last_member_left_is_told_so_and_forgotten_once_it_has_all() -> None:
    stage = MasterStage(followers=(C,))
    (
        play(stage)
        >> submit(ME, 1) << publish(C, 1)
        >> sits << nothing
        >> submit(ME, 2) << publish(C, 2)
        >> ack(C, 1) << nothing
        >> ack(C, 2) << nothing
        >> submit(ME, 3) << nothing
    )  # fmt: skip
    assert not stage.m.followers


def test_a_backup_whose_last_member_left_stays_a_backup() -> None:
    stage = MasterStage(backups=(B,), followers=(B,))
    play(stage) >> sits << nothing >> submit(ANN, 1) << append(B, 1) << nothing
    assert not stage.m.followers[B.key].leaving and stage.m.backups


def test_a_node_that_leaves_and_dies_is_not_waited_for() -> None:
    stage = MasterStage(followers=(C,))
    play(stage) >> submit(ME, 1) << publish(C, 1) >> sits << nothing >> dies(C) << nothing >> after(PROBE_S) << nothing
    assert not stage.m.followers and ROOM not in stage.fanout.lagging


def test_who_has_no_part_in_the_group_is_sent_the_state_which_says_so() -> None:
    play(MasterStage()) >> submit(ME, 1) << nothing >> resync(C, 0, term=0) << replaced(C, 1) << nothing


def test_a_backup_that_asks_is_sent_the_pending_commands_too() -> None:
    (
        play(MasterStage(backups=(B,)))
        >> submit(ANN, 1) << append(B, 1)
        >> resync(B, 0) << continued(B) << append(B, 1) << nothing
        >> ack(B, held=1) << publish(B, 1) << answer(ANN, 1) << nothing
    )  # fmt: skip


def test_pauses_between_probes_grow_up_to_a_bound() -> None:
    stage = MasterStage(followers=(C,))
    play(stage) >> submit(ME, 1) << publish(C, 1)
    pauses, last = [], stage.now
    while len(pauses) < 12:
        stage.now += 0.1
        stage.fanout.tick()
        if stage.told():
            pauses.append(stage.now - last)
            last = stage.now
    assert pauses == sorted(pauses) and PROBE_S <= pauses[0] < PROBE_S + 0.2
    assert PROBE_MAX_S <= pauses[-1] < PROBE_MAX_S + 0.2


@pytest.mark.parametrize("follows", [False, True])
def test_a_node_that_names_no_log_is_sent_the_whole_log(follows: bool) -> None:
    """The node may have a log of another side on disk, and judges by the master's log which of the two goes on: without
    the log, the master would seem to lose more (seed 99600131 of the devices)."""
    stage = MasterStage(followers=(C,) if follows else ())
    for number in (1, 2):
        stage.masters.accept(stage.m, ME, number, 0, ["say", str(number)])
    stage.out.clear()
    stage.come(C, Resync(ROOM, (), 0))
    (message,) = stage.out[C.key]
    assert isinstance(message, Replace) and [entry.seq for entry in message.snapshot.tail] == [1, 2]
    assert message.shown == (0 if follows else 2), "the people there are shown nothing that came before"


def test_a_new_master_sends_the_log_to_who_has_promised_and_asks_others() -> None:
    """P21: the promise has said what the node has. A node whose log does not fit is asked."""
    for theirs, sent in ((1, continued(B, 2)), (2, continued(B)), (3, probe(B, 2))):
        stage = MasterStage()
        play(stage) >> submit(ME, 1) << nothing >> submit(ME, 2) << nothing
        stage.m.replica.state.subscribers = {B: 1}  # type: ignore[misc]
        held = {B.key: Held(ROOM, "copy", stage.m.replica.lineage, theirs)}
        play(stage) >> (lambda stage, held=held: stage.fanout.begin(stage.m, held)) << sent << nothing
        assert stage.fanout.is_told(stage.m, B) is (theirs < 3) and not stage.fanout.is_told(stage.m, C)


def test_lagging_groups_take_turns() -> None:
    stage = MasterStage(followers=(C,))
    masters = [stage.master(GroupId("channel", f"#{number}"), "hello") for number in range(CHASED + 5)]
    for m in masters:
        m.followers[C.key] = stage.fanout.progress(C, 0, confirmed=True)
        stage.fanout.lagging[m.replica.group] = None
    stage.now += PROBE_S
    for count in (CHASED, 5):
        stage.fanout.tick()
        assert len(stage.out.pop(C.key)) == count
    assert len(stage.fanout.lagging) == len(masters)
