"""Accounts as a kind of group: on disks before anybody hears of a change, and restored with all facts."""

from __future__ import annotations

import msgspec
import pytest

from gateway.state.account.account import Account
from gateway.state.account.kind import AccountKind
from gateway.state.account.messages import Info, InfoView, Registered
from tests.gateway.state.account.test_messages import EVENTS
from tests.gateway.state.cast import packed

KIND = AccountKind()
REGISTERED = next(event for event in EVENTS if isinstance(event, Registered))


def test_an_account_is_confirmed_by_the_disks() -> None:
    assert KIND.durable == "confirmed"


def test_a_new_account_has_no_owner() -> None:
    account = KIND.initial("joe")
    assert isinstance(account, Account)
    assert account.life is None


def test_a_registration_survives_a_snapshot() -> None:
    account = KIND.initial("joe")
    account.apply(REGISTERED, 5)
    restored = KIND.restore("joe", packed(account.snapshot()))
    assert isinstance(account, Account) and isinstance(restored, Account)
    assert restored.life == account.life is not None
    assert isinstance(KIND.read_answer(packed(restored.answer(Info(), 6))), InfoView)


@pytest.mark.parametrize("damaged", [b"", b"\xc1", b"\x93"])
def test_a_damaged_snapshot_is_refused(damaged: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        KIND.restore("joe", msgspec.Raw(damaged))


def test_accounts_keep_no_history_and_refuse_in_no_words_of_irc() -> None:
    assert not KIND.keeps(REGISTERED)
    assert KIND.unjudged is None  # the outcome of an account's command is never a Refusal
