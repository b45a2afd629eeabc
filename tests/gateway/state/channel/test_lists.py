"""The lists of a channel: each mask once, with the person that set the mask, and the time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.state.channel.lists import MaskList
from tests.gateway.state.cast import ANN, CASEMAP

MASKS = st.sampled_from(["*!*@*", "ann!*@*", "ANN!*@*", "a{!*@*", "A[!*@*", "*!*@10.0.0.0/8"])


def listed(*masks: str) -> MaskList:
    return MaskList(CASEMAP, [(mask, "ann!a@a", at) for at, mask in enumerate(masks, start=1)])


def test_rows_keep_the_order_the_setter_and_the_time() -> None:
    rows = (("b!*@*", "ann!a@a", 1), ("a!*@*", "bob!b@b", 2))
    assert MaskList(CASEMAP, rows).rows() == rows


def test_a_mask_in_another_case_is_the_same_mask_and_the_first_stays() -> None:
    bans = listed("Ann[!*@*", "ann{!*@*")
    assert bans.rows() == (("Ann[!*@*", "ann!a@a", 1),)
    assert "ANN{!*@*" in bans and bans.key("ann{!*@*") == bans.key("ANN[!*@*")
    bans.remove("ANN{!*@*")
    assert len(bans) == 0 and "Ann[!*@*" not in bans


def test_removing_a_mask_that_is_not_listed_changes_nothing() -> None:
    bans = listed("a!*@*")
    bans.remove("b!*@*")
    assert bans.rows() == (("a!*@*", "ann!a@a", 1),)


def test_an_empty_list_matches_nobody() -> None:
    assert not listed().fits(ANN.source, 9, ANN, None)


@pytest.mark.parametrize(
    ("mask", "fits"), [("ann!*@*", True), ("*!user@*", True), ("*!*@*.example", True), ("bob!*@*", False)]
)
def test_a_whole_source_is_matched(mask: str, fits: bool) -> None:
    assert listed(mask).fits(ANN.source, 9, ANN, None) is fits


def test_the_answer_changes_with_the_list() -> None:
    bans = listed()
    assert not bans.fits(ANN.source, 9, ANN, None)
    bans.add("ann!*@*", "bob!b@b", 5)
    assert bans.fits(ANN.source, 9, ANN, None)
    bans.remove("ANN!*@*")
    assert not bans.fits(ANN.source, 9, ANN, None)


@given(st.lists(st.tuples(st.booleans(), MASKS)))
def test_rows_make_the_same_list_again(changes: list[tuple[bool, str]]) -> None:
    bans = MaskList(CASEMAP)
    for at, (adding, mask) in enumerate(changes):
        if adding:
            bans.add(mask, "ann!a@a", at)
        else:
            bans.remove(mask)
    again = MaskList(CASEMAP, bans.rows())
    assert again.rows() == bans.rows()
    assert len({bans.key(mask) for mask, _, _ in bans.rows()}) == len(bans)
    assert again.fits(ANN.source, 9, ANN, None) == bans.fits(ANN.source, 9, ANN, None)
