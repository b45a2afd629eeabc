"""A hand-off to this node, alone: what the new master keeps, answers and gives up (playbook.py says how to read)."""

from __future__ import annotations

import msgspec
import pytest

from ring.durations import INSTALLED_KEEP_S, THAW_S
from ring.ids import Incarnation, Term
from ring.wire.log import Entry, RawEntry
from tests.ring.ports import ME, ROOM, B, C
from tests.ring.replication.playbook import (
    ANN,
    after,
    again,
    dies,
    has_installed,
    installs,
    nothing,
    play,
    submit,
)
from tests.ring.replication.stages import IncomingStage


def handed(seq: int, term: int = 2) -> RawEntry:
    return Entry(seq, 2000, None, 0, 0, None, None, Term(term, *ME))


def test_a_replica_is_installed_and_each_repeat_is_answered_alike() -> None:
    stage = IncomingStage()
    (
        play(stage)
        >> installs(B, 3) << has_installed(B, 2, 3) << nothing
        >> installs(B, 3) << has_installed(B, 2, 3) << nothing
    )  # fmt: skip
    assert stage.replicas.incoming[ROOM].replica.seq == 3


@pytest.mark.parametrize(
    ("sender", "seq", "term", "ends"),
    [(B, 4, 2, True), (C, 4, 2, False), (B, 5, 2, False), (B, 3, 2, False), (B, 4, 3, False)],
    ids=["the last entry", "of another node", "too late", "too early", "of another term"],
)
def test_only_the_entry_after_the_installed_replica_hands_the_group_over(
    sender: Incarnation, seq: int, term: int, ends: bool
) -> None:
    stage = IncomingStage()
    play(stage) >> installs(B, 3) << has_installed(B, 2, 3)
    assert stage.replicas.incoming[ROOM].is_ended_by(sender, handed(seq, term)) is ends


def test_a_promise_to_a_third_node_ends_the_hand_off() -> None:
    """P21: this node has promised a higher term meanwhile, and may not serve under a lower term."""
    stage = IncomingStage()
    play(stage) >> installs(B, 3) << has_installed(B, 2, 3)
    stage.replicas.incoming[ROOM].replica.promised = Term(3, *C)
    assert not stage.replicas.incoming[ROOM].is_ended_by(B, handed(4))


def test_a_hand_off_to_another_life_of_this_node_is_not_answered() -> None:
    (
        play(IncomingStage())
        >> installs(B, 3, to=Incarnation(ME.key, 2)) << nothing
        >> installs(B, 3, to=C) << nothing
    )  # fmt: skip


def test_a_leaving_node_takes_no_group() -> None:
    stage = IncomingStage()
    stage.peers.me = msgspec.structs.replace(stage.peers.me, leaving=True)
    play(stage) >> installs(B, 3) << nothing


def test_a_later_replica_replaces_the_former_and_an_older_one_does_not() -> None:
    stage = IncomingStage()
    (
        play(stage)
        >> installs(B, 3) << has_installed(B, 2, 3)
        >> submit(ANN, 1) << nothing
        >> installs(B, 5, term=3) << has_installed(B, 3, 5) << nothing
        >> installs(B, 4, term=4) << nothing
    )  # fmt: skip
    held = stage.replicas.incoming[ROOM]
    assert (held.term.number, held.replica.seq, [sender for sender, _ in held.parked]) == (3, 5, [ANN])


def test_of_two_masters_the_first_goes_first_until_the_hand_off_stands_still() -> None:
    stage = IncomingStage()
    (
        play(stage)
        >> installs(B, 3) << has_installed(B, 2, 3)
        >> installs(C, 4, term=3) << nothing
    )  # fmt: skip
    stage.now += THAW_S + stage.settings.dead_after_s + 0.1
    play(stage) >> installs(C, 4, term=3) << has_installed(C, 3, 4) << nothing


def test_messages_that_waited_are_handled_anew_when_the_old_master_goes_on_no_more() -> None:
    stage = IncomingStage()
    (
        play(stage)
        >> installs(B, 3) << has_installed(B, 2, 3)
        >> submit(ANN, 1) << nothing
        >> submit(C, 1) << nothing
        >> after(THAW_S + stage.settings.dead_after_s) << nothing
        >> after(0.1) << again(ANN, "Submit") << again(C, "Submit") << nothing
    )  # fmt: skip
    assert not stage.replicas.incoming


def test_only_the_sender_of_the_replica_ends_the_hand_off() -> None:
    stage = IncomingStage()
    (
        play(stage)
        >> installs(B, 3) << has_installed(B, 2, 3)
        >> submit(ANN, 1) << nothing
        >> (lambda stage: stage.incoming.void(ROOM, C)) << nothing
        >> (lambda stage: stage.incoming.void(ROOM, B)) << again(ANN, "Submit") << nothing
    )  # fmt: skip


def test_an_installed_replica_of_a_dead_master_is_kept_for_a_recovery_for_a_while() -> None:
    stage = IncomingStage()
    (
        play(stage)
        >> installs(B, 3) << has_installed(B, 2, 3)
        >> submit(ANN, 1) << nothing
        >> dies(C) << nothing
        >> dies(B) << nothing
    )  # fmt: skip
    assert stage.peers.acting(ROOM) == ME.key
    assert [sender for sender, _ in stage.replicas.recoveries[ROOM].parked] == [ANN]
    assert not stage.incoming.awaits(ROOM) and stage.replicas.newest(ROOM) is stage.replicas.incoming[ROOM].replica
    play(stage) >> after(INSTALLED_KEEP_S) << nothing
    assert ROOM in stage.replicas.incoming
    play(stage) >> after(0.1) << nothing
    assert ROOM not in stage.replicas.incoming
