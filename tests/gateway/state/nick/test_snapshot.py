"""A nick's snapshot, and the merge of two sides (P26): the older claim stays."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.state.nick.messages import Change, Claim, Release
from gateway.state.nick.nick import Nick
from gateway.state.nick.snapshot import LEFT, PAST, Past, Stored, merge
from tests.gateway.state.cast import CASEMAP, person

NAMES = tuple(person(str(number), "Ann") for number in range(4))


@st.composite
def claims(draw: Any) -> Any:
    who = draw(st.sampled_from(NAMES))
    return draw(st.sampled_from([Claim(who), Claim(who, True), Release(who.uid), Change(who)]))


NICK_STORIES = st.lists(st.tuples(st.integers(1, 3), claims()), max_size=6)


def hold(nick: Nick, story: list[tuple[int, Any]], at: int) -> Nick:
    held = copy.deepcopy(nick)
    for after, command in story:
        at += after
        event = held.decide(command, at).event
        if event is not None:
            held.apply(event, at)
    return held


@pytest.mark.interpreted  # copies a compiled state
@given(NICK_STORIES, NICK_STORIES, NICK_STORIES, NICK_STORIES)
def test_nicks_merge_alike_in_any_order(
    common: list[Any], first: list[Any], second: list[Any], third: list[Any]
) -> None:
    root = hold(Nick("ann", CASEMAP), common, 1000)
    a, b, c = (hold(root, story, 2000).snapshot() for story in (first, second, third))

    assert merge(a, b) == merge(b, a)
    assert merge(merge(a, b), b) == merge(a, b)
    holders = {side.holder.uid for side in (a, b, c) if side.holder is not None}
    if holders.isdisjoint({*a.left, *b.left, *c.left}):
        assert merge(merge(a, b), c) == merge(a, merge(b, c))


@pytest.mark.interpreted  # copies a compiled state
def test_the_older_claim_keeps_the_nick() -> None:
    older, younger = Nick("ann", CASEMAP), Nick("ann", CASEMAP)
    older = hold(older, [(1, Claim(NAMES[1]))], 1000)
    younger = hold(younger, [(5, Claim(NAMES[0]))], 1000)
    for a, b in ((older, younger), (younger, older)):
        ours = copy.deepcopy(a)
        event = ours.merge(b, 2000)
        if event is not None:
            ours.apply(event, 2000)
        assert ours.holder is not None and ours.holder.uid == NAMES[1].uid
        assert list(ours.subscribers) == [NAMES[1].edge]


@pytest.mark.interpreted  # copies a compiled state
def test_who_gave_the_nick_back_does_not_hold_it_on_the_other_side() -> None:
    root = hold(Nick("ann", CASEMAP), [(1, Claim(NAMES[0]))], 1000)
    left = hold(root, [(1, Release("0"))], 2000)
    assert merge(root.snapshot(), left.snapshot()).holder is None
    again = hold(left, [(1, Claim(NAMES[0]))], 3000)
    assert merge(root.snapshot(), again.snapshot()).holder is not None


def test_of_the_same_user_s_claims_the_newest_facts_and_then_the_settled_claim_count() -> None:
    old = person("1", "Ann", since=5)
    new = person("1", "Ann", since=5, version=2)
    a, b = Stored(old, False, "Ann", (), {}), Stored(new, True, "Ann", (), {})
    c = Stored(new, False, "Ann", (), {})
    assert merge(a, b) == b == merge(b, a)
    assert merge(b, c) == c == merge(c, b)


def test_the_past_of_both_sides_is_kept_newest_first_and_bounded() -> None:
    sides = [
        Stored(None, False, "ann", tuple(Past(person(str(n), "Ann"), n) for n in reversed(range(k, 8, 2))), {})
        for k in (0, 1)
    ]
    both = merge(*sides)
    assert [past.until for past in both.past] == [7, 6, 5, 4, 3]
    assert len(both.past) == PAST and both == merge(*reversed(sides))


def test_so_many_users_that_gave_the_nick_back_are_remembered_the_latest() -> None:
    a, b = (Stored(None, False, "ann", (), {str(n): n for n in range(k, 20, 2)}) for k in (0, 1))
    assert merge(a, b).left == {str(n): n for n in range(20 - LEFT, 20)}
