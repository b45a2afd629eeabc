"""A line of mode changes: the right to each change, and the changes that members read."""

from __future__ import annotations

import pytest

from gateway.state.channel.messages import ModeChange, ModesSet
from gateway.state.people import Refusal
from tests.gateway.state.cast import ANN, BOB, CAT, DAN, RULES, Stage, minus, plus

NO_RANK = Refusal("482", ("#C", "You're not channel operator"))
NOT_IN = Refusal("442", ("#C", "You're not on that channel"))


def staff() -> Stage:
    """Ann operates, Bob half, Cat has voice, Dan nothing."""
    stage = Stage(ANN, BOB, CAT, DAN)
    assert stage.mode(ANN, plus("h", "Bob"), plus("v", "Cat")) == ()
    return stage


def test_plain_members_are_told_once() -> None:
    stage = staff()
    assert stage.mode(DAN, plus("i"), plus("m"), plus("b", "x!*@*")) == (NO_RANK,)
    assert stage.event is None


def test_outsiders_are_told_so() -> None:
    stage = Stage(ANN)
    assert stage.mode(BOB, plus("i")) == (NOT_IN,)
    assert Stage().mode(BOB, plus("i"))[0].numeric == "403"
    assert stage.mode(BOB, plus("i"), override=True) == ()


@pytest.mark.parametrize("letter", ["i", "m", "s"])
def test_a_half_operator_changes_everyday_settings(letter: str) -> None:
    assert staff().mode(BOB, plus(letter)) == ()


@pytest.mark.parametrize(
    "change", [plus("o", "Dan"), plus("h", "Dan"), minus("o", "Ann"), plus("C"), plus("Q"), plus("R"), plus("S")]
)
def test_a_half_operator_makes_no_operators(change: ModeChange) -> None:
    stage = staff()
    assert stage.mode(BOB, change) == (NO_RANK,)
    assert stage.event is None


def test_a_half_operator_votes_and_bans() -> None:
    stage = staff()
    assert stage.mode(BOB, plus("v", "Dan"), plus("b", "x!*@*"), plus("k", "s"), plus("l", "9")) == ()
    assert stage.prefixes(DAN) == "v"


def test_anyone_may_step_down() -> None:
    stage = staff()
    assert stage.mode(BOB, minus("h", "Bob", BOB.uid)) == ()
    assert stage.prefixes(BOB) == ""
    assert stage.mode(CAT, minus("v", "Cat", CAT.uid)) == ()
    assert stage.mode(BOB, minus("h", "Cat", CAT.uid)) == (NO_RANK,)


def test_ranks_are_kept_highest_first() -> None:
    stage = staff()
    stage.mode(ANN, plus("v", "Bob"), plus("o", "Bob"))
    assert stage.prefixes(BOB) == "ohv"
    stage.mode(ANN, minus("h", "Bob"))
    assert stage.prefixes(BOB) == "ov"


def test_a_rank_for_who_is_not_there() -> None:
    stage = Stage(ANN, BOB)
    nobody = Refusal("441", ("Cat", "#C", "They aren't on that channel"))
    assert stage.mode(ANN, plus("o", "Cat")) == (nobody,)
    assert stage.mode(ANN, plus("o", "Bob", "long gone"))[0].numeric == "441"
    assert stage.prefixes(BOB) == ""


def test_what_changes_nothing_is_not_said() -> None:
    stage = staff()
    assert (
        stage.mode(ANN, plus("t"), minus("i"), plus("h", "bob"), minus("k", "*"), minus("l"), minus("b", "x!*@*")) == ()
    )
    assert stage.event is None


def test_later_changes_of_a_line_see_the_earlier() -> None:
    stage = staff()
    changes = (
        plus("b", "x!*@*"),
        minus("b", "X!*@*"),
        plus("v", "Dan"),
        plus("v", "Dan"),
        plus("k", "a"),
        plus("k", "b"),
    )
    assert stage.mode(ANN, *changes) == ()
    assert stage.event == ModesSet(
        ANN.uid,
        ANN.source,
        (plus("b", "x!*@*"), minus("b", "X!*@*"), plus("v", "Dan", DAN.uid), plus("k", "a"), plus("k", "b")),
    )
    assert not stage.channel.lists["b"].rows()
    assert stage.channel.key == "b"


def test_a_key_is_named_when_it_goes() -> None:
    stage = Stage(ANN)
    stage.mode(ANN, plus("k", "sesame"))
    stage.mode(ANN, minus("k", "*"))
    assert stage.event.changes == (minus("k", "sesame"),)
    assert stage.channel.key is None


def test_a_limit_is_a_number() -> None:
    stage = Stage(ANN)
    stage.mode(ANN, plus("l", "12"))
    assert stage.channel.limit == 12
    stage.mode(ANN, minus("l"))
    assert stage.event.changes == (minus("l"),)
    assert stage.channel.limit is None


@pytest.mark.parametrize(
    "change",
    [plus("l", "0"), plus("l", "-1"), plus("l", "x"), plus("l", "9" * 4000), plus("l"), plus("k"), plus("k", "a b"),
     plus("k", "a,b"), plus("b"), minus("e", "")],
)  # fmt: skip
def test_bad_parameters_from_another_node(change: ModeChange) -> None:
    stage = Stage(ANN)
    (refusal,) = stage.mode(ANN, change)
    assert (refusal.numeric, refusal.params[:2]) == ("696", ("#C", change.letter))


@pytest.mark.parametrize("letter", ["z", "", "nt", "kl"])
def test_unknown_letters_from_another_node(letter: str) -> None:
    assert Stage(ANN).mode(ANN, plus(letter, "x")) == (Refusal("472", (letter, "is unknown mode char to me")),)


def test_lists_know_who_and_when_and_each_is_bounded() -> None:
    stage = Stage(ANN)
    most = RULES.limits.list_max
    stage.mode(ANN, *(plus("b", f"n{number}!*@*") for number in range(most)), plus("e", "x!*@*"))
    assert stage.channel.lists["e"].rows() == (("x!*@*", ANN.source, stage.at),)
    full = (Refusal("478", ("#C", "b", "Channel list is full")),)
    assert stage.mode(ANN, plus("b", "y!*@*"), plus("I", "y!*@*")) == full
    assert len(stage.channel.lists["I"]) == 1
    assert stage.mode(ANN, minus("b", "N0!*@*"), plus("b", "y!*@*")) == ()
    assert [len(stage.channel.lists[letter]) for letter in "beI"] == [most, 1, 1]


def test_an_address_is_listed_once_however_it_is_spelt() -> None:
    stage = Stage(ANN)
    stage.mode(ANN, plus("b", "*!*@::1"), plus("b", "*!*@0::1"), plus("b", "*!*@10.1.2.3/8"))
    stage.mode(ANN, plus("b", "*!*@0:0:0:0:0:0:0:1"), plus("b", "*!*@10.0.0.0/8"))
    assert list(stage.channel.lists["b"].entries) == ["*!*@::1", "*!*@10.1.2.3/8"]
    stage.mode(ANN, minus("b", "*!*@0::1"), minus("b", "*!*@10.255.0.0/8"))
    assert not stage.channel.lists["b"].entries


@pytest.mark.parametrize("mask", ["*!*@m:x", "~x:x!*@*", "$a!*@*", "*!*@10.0.0.0/33"])
def test_masks_from_another_node_that_fit_nobody(mask: str) -> None:
    stage = Stage(ANN)
    for change in (plus("b", mask), minus("e", mask)):
        (refusal,) = stage.mode(ANN, change)
        assert (refusal.numeric, refusal.params[:3]) == ("696", ("#C", change.letter, mask))


def test_a_mask_that_fits_nobody_and_is_listed_since_an_earlier_version_can_be_lifted() -> None:
    stage = Stage(ANN)
    stage.channel.lists["b"].add("*!*@m:x", "ann", 1)
    assert stage.mode(ANN, minus("b", "*!*@m:x")) == () and not stage.channel.lists["b"].entries


def test_masks_that_only_look_alike_are_two() -> None:
    """To rfc1459 a backslash is the lower case of nothing but |, yet before a star it makes it a plain one."""
    stage = Stage(ANN)
    stage.mode(ANN, plus("b", "a|*!*@*"), plus("b", "a\\*!*@*"))
    assert len(stage.channel.lists["b"]) == 2
