"""Changes of a profile build upon each other, and powers are set together."""

from __future__ import annotations

from gateway.edge.users.identity import Identity
from ring.ids import GroupId
from tests.gateway.state.cast import ANN


def identity() -> Identity:
    return Identity(ANN, GroupId("nick", "ann"))


def test_a_change_builds_on_the_change_before_and_not_on_what_the_group_has() -> None:
    one = identity()
    one.change(nick="Anna")
    one.change(away="tea")
    assert (one.pending.nick, one.pending.away, one.pending.uid) == ("Anna", "tea", ANN.uid)
    one.change(away=None)
    assert (one.pending.nick, one.pending.away) == ("Anna", None)


def test_a_pending_change_leaves_the_profile_of_the_group_alone() -> None:
    one = identity()
    before = one.pending
    one.change(nick="Anna")
    assert before is ANN and ANN.nick == "Ann"
    assert one.home == GroupId("nick", "ann") and one.renaming is None


def test_a_newcomer_has_no_powers_and_loses_all_powers_at_once() -> None:
    one = identity()
    assert one.oper is None and not one.wallops
    one.allow("root", wallops=True)
    assert one.oper == "root" and one.wallops
    one.allow(None, wallops=False)
    assert one.oper is None and not one.wallops


def test_an_operator_may_do_what_the_class_allows_and_nothing_once_no_operator() -> None:
    one = identity()
    assert not one.may("kill")
    one.allow("root", wallops=False, capabilities=("kill",))
    assert one.may("kill") and not one.may("die")
    one.allow("root", wallops=False, capabilities=("*",))
    assert one.may("kill") and one.may("die")
    one.allow(None, wallops=False, capabilities=("*",))
    assert not one.may("kill")
