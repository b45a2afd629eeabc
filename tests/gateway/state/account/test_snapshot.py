"""An account's snapshot, and the merge of two sides of a partition (P26): the newest decision of each kind counts."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given

from gateway.state.account.account import restore
from gateway.state.account.messages import (
    SetSettings,
)
from gateway.state.account.snapshot import CERTIFICATES, LIVES, Life, Settings, Stored, merge
from tests.gateway.state.account.stage import JOE, STORIES, Stage, played
from tests.gateway.state.cast import packed


@given(STORIES, STORIES, STORIES, STORIES)
def test_accounts_merge_alike_in_any_order(common: Any, first: Any, second: Any, third: Any) -> None:
    root = played(Stage(), common)
    a, b, c = (played(root, story).account.snapshot() for story in (first, second, third))
    assert merge(a, b) == merge(b, a)
    assert merge(merge(a, b), c) == merge(a, merge(b, c))
    assert merge(merge(a, b), b) == merge(a, b)
    assert merge(a, a) == a
    assert len(merge(merge(a, b), c).lives) <= LIVES


def test_settings_from_a_later_version_are_read() -> None:
    stage = Stage(JOE, SetSettings("1", {"always_on": True}))
    wire = msgspec.msgpack.decode(packed(stage.account.snapshot()))
    wire[0][0][8].append("new")
    account = restore("joe", packed(wire))
    assert account.snapshot() == stage.account.snapshot()
    wire[0][0][8] = [True]
    assert restore("joe", packed(wire)).snapshot() == stage.account.snapshot()


def test_of_two_lives_younger_than_the_last_drop_the_older_is_the_account() -> None:
    older, younger = Life(5, "1", "joe"), Life(6, "0", "Joe")
    both = merge(Stored((younger,)), Stored((older,)))
    assert both.lives == (older, younger)
    assert merge(both, Stored((), 5)).lives == (younger,)
    assert merge(both, Stored((), 6)) == Stored((), 6)


def test_so_many_lives_are_kept_the_oldest() -> None:
    lives = tuple(Life(at, str(at), "joe") for at in range(1, LIVES + 3))
    assert merge(Stored(lives[LIVES:]), Stored(lives[:LIVES])).lives == lives[:LIVES]


def test_a_certificate_that_was_removed_later_stays_removed_and_a_full_list_keeps_the_oldest() -> None:
    here = Life(5, "1", "joe", certificates={"ab": 6, "cd": 9})
    there = Life(5, "1", "joe", removed={"ab": 7, "cd": 8})
    [life] = merge(Stored((here,)), Stored((there,))).lives
    assert life.certificates == {"cd": 9}
    a, b = (Life(5, "1", "joe", certificates={f"{n:02}": n + 1 for n in range(k, 40, 2)}) for k in (0, 1))
    [life] = merge(Stored((a,)), Stored((b,))).lives
    assert [*life.certificates] == [f"{n:02}" for n in range(CERTIFICATES)]


def test_a_choice_that_was_changed_at_the_same_time_is_the_same_on_both_sides() -> None:
    a = Life(5, "1", "joe", settings=Settings(away_text="tea"), written={"away_text": 7})
    b = Life(5, "1", "joe", settings=Settings(away_text="zzz"), written={"away_text": 7})
    assert merge(Stored((a,)), Stored((b,))) == merge(Stored((b,)), Stored((a,)))


def test_texts_and_numbers_out_of_bounds_are_refused() -> None:
    for bad in (Settings(away_text="x" * 401), Settings(playback=1_001), Settings(playback=-1)):
        with pytest.raises(msgspec.ValidationError):
            msgspec.msgpack.decode(packed(bad), type=Settings)
