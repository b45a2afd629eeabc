"""Master and follower alone: what each sends for what comes (playbook.py says how to read a play)."""

from __future__ import annotations

from ring.ids import Term
from tests.ring.ports import ME, B, C
from tests.ring.replication.playbook import (
    ANN,
    ack,
    acked,
    after,
    answer,
    append,
    asked,
    commands,
    continued,
    entries,
    nothing,
    play,
    probe,
    publish,
    replaced,
    resync,
    stale,
    submit,
)
from tests.ring.replication.stages import FollowerStage, MasterStage

# The master -----------------------------------------------------------------------------------------------------------


def test_a_command_without_backups_is_answered_at_once() -> None:
    play(MasterStage(followers=(C,))) >> submit(ANN, 1) << publish(C, 1) << answer(ANN, 1) << nothing


def test_nothing_is_published_or_answered_before_the_backup_holds_the_command() -> None:
    (
        play(MasterStage(backups=(B,), followers=(C,)))
        >> submit(ANN, 1) << append(B, 1) << nothing
        >> ack(B, held=0) << nothing
        >> ack(B, held=1) << publish(B, 1) << publish(C, 1) << answer(ANN, 1) << nothing
    )  # fmt: skip


def test_every_backup_has_to_hold_the_command() -> None:
    (
        play(MasterStage(backups=(B, C)))
        >> submit(ANN, 1) << append(B, 1) << append(C, 1)
        >> ack(B, held=1) << nothing
        >> ack(C, held=1) << publish(B, 1) << publish(C, 1) << answer(ANN, 1) << nothing
    )  # fmt: skip


def test_commands_are_committed_in_order_by_one_acknowledgement() -> None:
    (
        play(MasterStage(backups=(B,)))
        >> submit(ANN, 1) << append(B, 1)
        >> submit(ANN, 2) << append(B, 2)
        >> ack(B, held=2) << publish(B, 1, 2) << answer(ANN, 1) << answer(ANN, 2) << nothing
    )  # fmt: skip


def test_a_repeat_is_answered_once_committed_and_gets_no_second_place() -> None:
    (
        play(MasterStage(backups=(B,)))
        >> submit(ANN, 1) << append(B, 1)
        >> submit(ANN, 1) << nothing
        >> ack(B, held=1) << publish(B, 1) << answer(ANN, 1)
        >> submit(ANN, 1) << answer(ANN, 1) << nothing
    )  # fmt: skip


def test_a_number_above_the_next_waits_for_the_missing_one() -> None:
    (
        play(MasterStage())
        >> submit(ANN, 2) << nothing
        >> submit(ANN, 1) << answer(ANN, 1)
        >> submit(ANN, 2) << answer(ANN, 2) << nothing
    )  # fmt: skip


def test_a_floor_says_that_lower_numbers_were_answered_elsewhere() -> None:
    play(MasterStage()) >> submit(ANN, 7, floor=7) << answer(ANN, 7) << nothing


def test_an_acknowledgement_of_another_term_counts_nothing() -> None:
    (
        play(MasterStage(backups=(B,)))
        >> submit(ANN, 1) << append(B, 1)
        >> ack(B, held=1, term=2) << nothing
        >> ack(C, held=1) << nothing
        >> ack(B, held=1) << publish(B, 1) << answer(ANN, 1) << nothing
    )  # fmt: skip


def test_who_is_late_is_probed_with_growing_pauses() -> None:
    (
        play(MasterStage(followers=(C,)))
        >> submit(ME, 1) << publish(C, 1)
        >> after(0.4) << nothing
        >> after(0.2) << probe(C, 1)
        >> after(0.4) << nothing
        >> after(0.2) << probe(C, 1)
        >> after(0.6) << nothing
        >> ack(C, 1) << nothing
        >> after(9.0) << nothing
    )  # fmt: skip


def test_a_backup_that_is_late_is_sent_the_commands_again() -> None:
    play(MasterStage(backups=(B,))) >> submit(ANN, 1) << append(B, 1) >> after(0.6) << probe(B, 0) << append(B, 1)


def test_a_follower_is_sent_what_it_lacks_or_the_whole_replica_if_the_logs_differ() -> None:
    (
        play(MasterStage(followers=(C,)))
        >> submit(ME, 1) << publish(C, 1)
        >> submit(ME, 2) << publish(C, 2)
        >> resync(C, 1) << continued(C, 2) << nothing
        >> resync(C, 1, term=0) << replaced(C, 2) << nothing
    )  # fmt: skip


# The follower ---------------------------------------------------------------------------------------------------------


def test_entries_are_shown_in_order_and_acknowledged() -> None:
    stage = FollowerStage(B)
    play(stage) >> entries(B, 1, 2) << acked(B, 2, 2) >> entries(B, 3) << acked(B, 3, 3) << nothing
    assert stage.heard == ["1", "2", "3"]


def test_an_entry_that_comes_twice_is_shown_once() -> None:
    stage = FollowerStage(B)
    play(stage) >> entries(B, 1) << acked(B, 1, 1) >> entries(B, 1, 2) << acked(B, 2, 2) << nothing
    assert stage.heard == ["1", "2"]


def test_nothing_is_shown_past_a_gap() -> None:
    stage = FollowerStage(B)
    play(stage) >> entries(B, 2) << asked(B, 0) << nothing >> entries(B, head=2) << nothing
    assert stage.heard == []


def test_a_probe_is_answered_by_an_acknowledgement_or_a_question() -> None:
    (
        play(FollowerStage(B, "one"))
        >> entries(B, head=1)
        << acked(B, 1, 1)
        >> entries(B, head=2)
        << asked(B, 1)
        << nothing
    )


def test_a_lower_term_is_not_heard_and_a_higher_one_is_asked_first() -> None:
    stage = FollowerStage(B, "one")
    stage.f.replica.follow_lineage(((Term(5, *B), 1),))
    play(stage) >> entries(B, 2, term=4) << nothing >> entries(B, 2, term=6) << asked(B, 1) << nothing
    assert stage.heard == [] and stage.f.doubted


def test_a_backup_holds_commands_and_shows_none() -> None:
    stage = FollowerStage(B)
    play(stage) >> commands(B, 1, 2) << acked(B, 0, 2) >> entries(B, 1) << acked(B, 1, 2) << nothing
    assert stage.f.is_backup and stage.heard == ["1"]


def test_a_backup_keeps_its_promise() -> None:
    stage = FollowerStage(B)
    stage.f.replica.promised = Term(3, *C)
    play(stage) >> commands(B, 1) << stale(B, 3) >> entries(B, 1) << stale(B, 3) << nothing
    assert stage.heard == [] and not stage.f.replica.pending
