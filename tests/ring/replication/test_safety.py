"""A confirmed command is on this disk, on all members of the coming set, and known to a member of the old one (P35)."""

from __future__ import annotations

import pytest

from ring.replication.safety import Safety
from ring.storage.journal import Journal
from ring.wire.log import Command
from tests.ring.ports import ME, ROOM, B, C
from tests.ring.replication.stages import MasterStage
from tests.ring.toy import ToyKind

LOST = "127.0.0.8"


class Stage(MasterStage):
    """The room is confirmed on disks; the nodes in `holding` hold all commands."""

    def __init__(self, *holding: str, members: tuple[str, ...]) -> None:
        super().__init__(backups=tuple(node for node in (B, C) if node.key in holding))
        self.journal.on = True
        self.m.replica.kind = ToyKind("confirmed")
        self.m.replica.members = members
        self.command = Command(1, 1000, None, 0, 0, ["say", "x"])
        self.m.replica.pending.append(self.command)
        self.m.replica.safe = 1
        self.safety = Safety(self, Journal(self))
        self.safety._journal.on = True

    @property
    def safe(self) -> bool:
        return self.safety.is_safe(self.m, self.command)


def test_a_command_waits_for_this_disk_and_all_members() -> None:
    stage = Stage(B.key, members=(ME.key, B.key))
    assert stage.safe
    stage.m.replica.safe = 0
    assert not stage.safe, "not on this disk"
    assert not Stage(members=(ME.key, B.key)).safe, "the other member does not hold the command"


def test_a_group_that_is_not_confirmed_waits_for_no_disk() -> None:
    stage = Stage(members=(ME.key, LOST))
    stage.m.replica.kind = ToyKind("written")
    stage.m.replica.safe = 0
    assert stage.safe


def test_a_member_that_was_given_up_is_not_waited_for() -> None:
    stage = Stage(members=(ME.key, LOST))
    assert not stage.safe
    stage.peers.given_up[LOST] = 1
    assert stage.safe


def test_a_new_set_is_safe_once_a_member_of_the_old_set_knows() -> None:
    """P36: the members until now would not know, when they start again, which nodes to ask."""
    stage = Stage(C.key, members=(LOST, B.key))
    stage.m.replica.pending[0].members = (ME.key, C.key)
    assert not stage.safe
    stage.m.replica.members = (ME.key, B.key)
    assert stage.safe


@pytest.mark.parametrize(("kept", "safe"), [("a line", False), ("", True)])
def test_a_set_shrinks_only_where_all_that_go_left_in_order_or_nothing_is_kept(kept: str, safe: bool) -> None:
    stage = Stage(members=(ME.key, B.key))
    stage.m.replica.state.said += [kept] if kept else []
    stage.peers.died(B.key, stage.now)
    stage.command.command, stage.command.members = None, (ME.key,)
    assert stage.safe is safe and stage.safety.may_shrink(stage.m) is safe


def test_a_set_does_not_shrink_while_something_to_keep_is_on_its_way() -> None:
    """The set shrinks to forget a group with nothing to keep."""
    stage = Stage(members=(ME.key, B.key))
    stage.peers.died(B.key, stage.now)
    assert not stage.safety.may_shrink(stage.m)
    stage.m.replica.pending.append(Command(2, 1000, None, 0, 0, None, None, (ME.key,)))
    assert not stage.safe


def test_the_first_to_be_kept_is_on_as_many_disks_as_in_a_group_that_begins() -> None:
    """P37: a group with nothing to keep may be of this node alone."""
    stage = Stage(members=(ME.key,))
    assert not stage.safe, "B lives, and does not hold the command"
    stage.m.replica.pending[0].members = (ME.key, B.key)
    assert not stage.safe
    held = Stage(B.key, members=(ME.key,))
    held.m.replica.pending.append(Command(2, 1000, None, 0, 0, None, None, (ME.key, B.key)))
    assert held.safe


@pytest.mark.parametrize(("end", "safe"), [("died", False), ("given up", True), ("left", True)])
def test_a_node_alone_keeps_the_first_where_no_node_is_missing(end: str, safe: bool) -> None:
    """P37."""
    stage = Stage(members=(ME.key,))
    for node in (B, C):
        stage.peers.died(node.key, stage.now)
        if end == "given up":
            stage.peers.give_up(node.key, stage.now)
        elif end == "left":
            stage.peers.roster.remove(node.key, node.number)
    assert stage.safe is safe
    stage.m.replica.state.said.append("a line")
    assert stage.safe, "the group has kept something before, and its set has not shrunk"


def test_a_set_of_living_members_may_shrink() -> None:
    stage = Stage(members=(ME.key, B.key))
    stage.m.replica.state.said.append("a line")
    assert stage.safety.may_shrink(stage.m) and ROOM in stage.replicas.masters
