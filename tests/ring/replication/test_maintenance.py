"""A master looks after its groups about once a second: work without a message as cause (P8, P30)."""

from __future__ import annotations

import pytest

from ring.durations import LOOK_AFTER_S
from ring.ids import GroupId, Incarnation
from ring.replication.backups import Backups
from ring.replication.client_log import ClientLog
from ring.replication.maintenance import ASK_CHECKS, Maintenance
from ring.replication.mistakes import Mistakes
from ring.replication.replica import Replica
from ring.replication.safety import Safety
from ring.replication.silent import SilentNodes
from tests.ring.ports import ME, ROOM, B, C
from tests.ring.replication.playbook import ack, append, install, nothing, play, probe, publish
from tests.ring.replication.stages import MasterStage

GONE = Incarnation("127.0.0.8", 1)


class Stage(MasterStage):
    """The node looks after the room as its master. trimmed, forgotten: groups."""

    def __init__(self, **who: tuple[Incarnation, ...]) -> None:
        super().__init__(**who)
        self.peers.holders = lambda group: self.m.replica.members  # type: ignore[method-assign]
        backups = Backups(self, self.journal, Safety(self, self.journal), self.fanout, self.masters)
        self.maintenance = Maintenance(
            self,
            self.journal,
            Mistakes(self),
            self.fanout,
            self.handoffs,
            self.masters,
            backups,
            SilentNodes(self, self.journal),
        )
        self.trimmed: list[GroupId] = []
        self.next_look = 0.0
        self.m.asked_at = self.now
        self.m.replica.state.said.append("kept")

    def trim(self, replica: Replica) -> None:
        self.trimmed.append(replica.group)


def look(stage: Stage) -> None:
    """The master looks after the room."""
    stage.now += LOOK_AFTER_S
    stage.next_look = stage.maintenance.look(stage.m)


@pytest.fixture
def stage() -> Stage:
    made = Stage()
    made.peers.acting = lambda group: ME.key  # type: ignore[method-assign]
    return made


@pytest.mark.interpreted  # replaces a method of Peers
def test_a_log_is_trimmed_at_each_look_and_a_quiet_group_is_looked_at_seldom(stage: Stage) -> None:
    play(stage) >> look << nothing
    assert stage.trimmed == [ROOM] and stage.next_look >= stage.now + LOOK_AFTER_S


@pytest.mark.interpreted  # replaces a method of Peers
def test_members_of_nodes_that_are_gone_for_long_are_put_out(stage: Stage) -> None:
    stage.m.replica.state.subscribers.update({GONE: 1, ME: 1, B: 1})  # type: ignore[attr-defined]
    stage.peers.gone_for = lambda edge, now: stage.settings.grace_s + 1 if edge == GONE else 0.0  # type: ignore[method-assign]
    look(stage)
    assert stage.m.replica.state.subscribers == {ME: 1, B: 1}


@pytest.mark.interpreted  # replaces a method of Peers
def test_the_numbers_of_origins_that_ended_long_ago_are_forgotten(stage: Stage) -> None:
    """P8: an origin gone only for a while may come back with a repeat."""
    stage.m.replica.client_logs = {GONE: ClientLog(7), ME: ClientLog(8), C: ClientLog(9)}
    ago = {GONE: stage.settings.origin_keep_s + 1, C: stage.settings.origin_keep_s - 1, ME: float("inf")}
    stage.peers.gone_for = lambda edge, now: ago[edge]  # type: ignore[method-assign]
    look(stage)
    assert {*stage.m.replica.client_logs} == {ME, C}


@pytest.mark.interpreted  # replaces a method of Peers
def test_an_empty_group_that_nobody_follows_is_forgotten(stage: Stage) -> None:
    stage.m.replica.state.said.clear()
    stage.m.watchers = {C: stage.now + 60.0}
    look(stage)
    assert ROOM in stage.replicas.masters, "somebody watches the group"
    stage.m.watchers = {}
    look(stage)
    assert ROOM not in stage.replicas.masters


@pytest.mark.interpreted  # replaces a method of Peers
def test_an_empty_group_is_forgotten_by_its_backups_first() -> None:
    stage = Stage(backups=(B,))
    stage.peers.acting = lambda group: ME.key  # type: ignore[method-assign]
    stage.m.replica.state.said.clear()
    play(stage) >> look << append(B, 1) << nothing
    assert ROOM in stage.replicas.masters
    play(stage) >> ack(B, held=1) << publish(B, 1) >> ack(B, 1, held=1) << nothing >> look << nothing
    assert ROOM not in stage.replicas.masters


@pytest.mark.interpreted  # replaces a method of Peers
def test_followers_that_acknowledge_all_are_probed_now_and_then_too() -> None:
    """P30: a follower may have lost the group."""
    stage = Stage(followers=(C,))
    stage.peers.acting = lambda group: ME.key  # type: ignore[method-assign]
    play(stage) >> look << nothing
    stage.now += ASK_CHECKS * stage.settings.check_every_s
    play(stage) >> look << probe(C, 0) << nothing >> look << nothing


@pytest.mark.interpreted  # replaces a method of Peers
def test_a_group_goes_to_a_better_owner() -> None:
    stage = Stage()
    stage.now += stage.settings.check_every_s
    play(stage) >> look << install(C, 2, 0) << nothing
    stage.trimmed.clear()
    look(stage)
    assert stage.trimmed == [], "nothing is done to a group that is about to belong to another node"
