"""The set of a group's holders changes by one command, and a change waits for old and new backups (P12, P13)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ring.ids import Term
from ring.replication.backups import Backups
from ring.replication.progress import HandOff, Master, Step
from ring.replication.safety import Safety
from tests.ring.ports import ME, ROOM, B, C
from tests.ring.replication.playbook import (
    ANN,
    ack,
    answer,
    append,
    dies,
    nothing,
    play,
    probe,
    publish,
    replaced,
    submit,
)
from tests.ring.replication.stages import MasterStage


class Stage(MasterStage):
    """A master in choice of its backups. wanted: the ring's nodes for the room."""

    def __init__(self, *members: str, wanted: tuple[str, ...] = (ME.key, B.key)) -> None:
        super().__init__()
        self.backups = Backups(self, self.journal, Safety(self, self.journal), self.fanout, self.masters)
        self.m.replica.members = members
        self.wanted = wanted
        self.peers.holders = lambda group: self.wanted  # type: ignore[method-assign]

    def peers_changed(self) -> None:
        self.backups.peers_changed()

    def arrange(self, m: Master) -> None:
        self.backups.arrange(m)


def begin(stage: Stage) -> None:
    stage.backups.begin(stage.m)


def want(*keys: str, spent: bool = False) -> Callable[[Stage], None]:
    """The ring names other nodes, and the master arranges its set."""

    def arrange(stage: Stage) -> None:
        stage.wanted = keys
        stage.backups.arrange(stage.m, spent=spent)

    return arrange


@pytest.mark.interpreted  # replaces a method of Peers
def test_a_new_group_begins_with_the_whole_set() -> None:
    stage = Stage()
    (
        play(stage)
        >> begin << replaced(B, 0) << append(B)
        >> submit(ANN, 1) << append(B, 1) << nothing
        >> ack(B, held=1) << publish(B, 1) << answer(ANN, 1) << nothing
    )  # fmt: skip
    assert stage.m.replica.members == (ME.key, B.key) and stage.m.replica.epoch == 0


@pytest.mark.interpreted  # replaces a method of Peers
def test_a_new_term_asks_how_far_the_members_are_before_anything_is_committed() -> None:
    """P12: a member of the set may have another log."""
    stage = Stage(ME.key, B.key)
    (
        play(stage)
        >> begin << probe(B, 0) << append(B)
        >> submit(ANN, 1) << append(B, 1) << nothing
        >> ack(B, held=0) << nothing
        >> ack(B, held=1) << publish(B, 1) << answer(ANN, 1) << nothing
    )  # fmt: skip
    assert stage.m.replica.promised == stage.m.replica.term


@pytest.mark.interpreted  # replaces a method of Peers
def test_a_change_of_the_set_waits_for_the_old_and_the_new_backup() -> None:
    """P13."""
    stage = Stage(ME.key, B.key)
    (
        play(stage)
        >> begin << probe(B, 0) << append(B)
        >> ack(B, held=0) << nothing
        >> want(ME.key, C.key) << replaced(C, 0) << append(C, 1) << append(B, 1)
        >> ack(C, held=1) << nothing
        >> ack(B, held=1) << publish(B, 1) << publish(C, 1) << nothing
    )  # fmt: skip
    assert stage.m.replica.members == (ME.key, C.key) and stage.m.replica.epoch == 1
    assert [backup.edge for backup in stage.m.backups] == [C]
    play(stage) >> submit(ANN, 1) << append(C, 2) << nothing


@pytest.mark.interpreted  # replaces a method of Peers
def test_a_dead_backup_is_waited_for_no_longer_and_replaced() -> None:
    stage = Stage(ME.key, C.key, wanted=(ME.key, C.key))
    play(stage) >> begin << probe(C, 0) << append(C) >> ack(C, held=0) << nothing >> submit(ANN, 1) << append(C, 1)
    stage.wanted = (ME.key, B.key)
    (
        play(stage)
        >> dies(C) << replaced(B, 0) << append(B, 1, 2)
        >> ack(B, held=2) << publish(B, 1, 2) << answer(ANN, 1) << nothing
    )  # fmt: skip
    assert stage.m.replica.members == (ME.key, B.key) and C.key not in stage.m.followers


@pytest.mark.interpreted  # replaces a method of Peers
def test_a_node_on_which_the_group_has_stopped_is_done_without() -> None:
    """P43."""
    stage = Stage(ME.key, B.key)
    play(stage) >> begin << probe(B, 0) << append(B) >> ack(B, held=0) << nothing >> submit(ANN, 1) << append(B, 1)
    stage.peers.stopped(ROOM, B)
    stage.wanted = (ME.key,)
    play(stage) >> (lambda stage: stage.backups.do_without(stage.m, B)) << answer(ANN, 1) << nothing
    assert not stage.m.backups and stage.m.replica.members == (ME.key,)
    play(stage) >> want(ME.key, B.key) << nothing
    assert not stage.m.backups, "B is not asked again"


@pytest.mark.interpreted  # replaces a method of Peers
def test_before_a_group_is_forgotten_its_set_becomes_this_node_alone() -> None:
    stage = Stage(ME.key, B.key)
    (
        play(stage)
        >> begin << probe(B, 0) << append(B)
        >> ack(B, held=0) << nothing
        >> want(ME.key, B.key, spent=True) << append(B, 1) << nothing
        >> ack(B, held=1) << publish(B, 1) << nothing
    )  # fmt: skip
    assert stage.m.replica.members == (ME.key,) and not stage.m.backups


@pytest.mark.interpreted  # replaces a method of Peers
def test_a_command_for_a_group_that_is_about_to_be_forgotten_waits_for_its_backup() -> None:
    """P13: the backup is about to be let go."""
    stage = Stage(ME.key, B.key)
    (
        play(stage)
        >> begin << probe(B, 0) << append(B)
        >> ack(B, held=0) << nothing
        >> want(ME.key, B.key, spent=True) << append(B, 1) << nothing
        >> submit(ANN, 1) << append(B, 2, 3) << nothing
        >> ack(B, held=1) << publish(B, 1) << nothing
        >> ack(B, held=3) << publish(B, 2, 3) << answer(ANN, 1) << nothing
    )  # fmt: skip
    assert stage.m.replica.members == (ME.key, B.key) and [backup.edge for backup in stage.m.backups] == [B]


@pytest.mark.interpreted  # replaces a method of Peers
def test_a_group_that_has_let_its_backup_go_wins_a_backup_before_it_answers() -> None:
    """P13."""
    stage = Stage(ME.key, B.key)
    (
        play(stage)
        >> begin << probe(B, 0) << append(B)
        >> ack(B, held=0) << nothing
        >> want(ME.key, B.key, spent=True) << append(B, 1) << nothing
        >> ack(B, held=1) << publish(B, 1) << nothing
        >> submit(ANN, 1) << replaced(B, 1) << append(B, 2, 3) << nothing
        >> ack(B, 1, held=3) << publish(B, 2, 3) << answer(ANN, 1) << nothing
    )  # fmt: skip
    assert stage.m.replica.members == (ME.key, B.key)


@pytest.mark.interpreted  # replaces a method of Peers
def test_a_group_that_belongs_to_another_master_is_arranged_no_more() -> None:
    stage = Stage(ME.key)
    stage.m.handoff = HandOff(C, Term(2, *C), stage.now)
    stage.m.handoff.step = Step.COMMITTED
    play(stage) >> want(ME.key, B.key) << nothing
