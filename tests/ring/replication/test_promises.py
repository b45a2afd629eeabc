"""A node's answer to nodes that recover a group; a promise never goes back (P14, P21)."""

from __future__ import annotations

from ring.ids import Term
from tests.ring.ports import ROOM, B, C
from tests.ring.replication.playbook import (
    fetches,
    nothing,
    play,
    prepare,
    prepares,
    promise,
    recover,
    sent_whole,
)
from tests.ring.replication.stages import RecoveryStage


def test_a_node_promises_the_highest_term_and_never_goes_back() -> None:
    stage = RecoveryStage("one")
    (
        play(stage)
        >> prepares(B, 0) << promise(B, "copy", 0)
        >> prepares(C, 5) << promise(C, "copy", 5)
        >> prepares(B, 3) << promise(B, "copy", 5)
        >> fetches(C) << sent_whole(C, 1) << nothing
    )  # fmt: skip
    assert stage.replicas.followers[ROOM].replica.promised == Term(5, *C)


def test_a_node_that_recovers_the_group_itself_promises_nothing() -> None:
    (
        play(RecoveryStage("one"))
        >> recover() << prepare(B, 0) << prepare(C, 0)
        >> prepares(C, 5) << promise(C, "asking", 0) << nothing
    )  # fmt: skip


def test_a_node_without_the_group_says_so() -> None:
    (
        play(RecoveryStage(held=False))
        >> prepares(B, 5) << promise(B, "", 0)
        >> fetches(B) << sent_whole(B, None) << nothing
    )  # fmt: skip
