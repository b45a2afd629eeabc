"""A name's group remembers which registrations were dropped for good."""

from __future__ import annotations

from gateway.state.account.account import Account
from gateway.state.account.messages import Accepted, Drop, Ended, EndedView, Register
from gateway.state.account.snapshot import Stored, merge
from tests.gateway.state.account.stage import SECRET


def test_an_account_that_is_dropped_for_good_has_ended_whoever_has_the_name_since() -> None:
    account = Account("ann")
    for number, life in enumerate(("0a", "0b")):
        account.apply(account.decide(Register(life, "Ann", SECRET), 10 * number + 1).event, 10 * number + 1)
        assert account.answer(Ended(life), 20) == EndedView(False)
        outcome, event = account.decide(Drop(life, ends=life == "0a"), 10 * number + 5)[:2]
        assert outcome == Accepted("Ann")
        account.apply(event, 10 * number + 5)
    assert account.answer(Ended("0a"), 30) == EndedView(True)
    assert account.answer(Ended("0b"), 30) == EndedView(False), "the account may be elsewhere"
    assert account.answer(Ended("0c"), 30) == EndedView(False)


def test_both_sides_of_a_partition_remember() -> None:
    a, b = Stored((), 5, {"0a": 5}), Stored((), 7, {"0b": 7})
    assert merge(a, b) == merge(b, a) == Stored((), 7, {"0a": 5, "0b": 7})
