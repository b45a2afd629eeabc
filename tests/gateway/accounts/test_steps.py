"""The steps of an exchange: turns, refusals, and the parts of a name."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.accounts.credentials import Credentials
from gateway.accounts.steps import (
    MAX_DEVICE,
    Challenge,
    Done,
    Exchange,
    Failed,
    Mechanism,
    NeedAccount,
    NeedCheck,
    Refused,
    Step,
    account_of,
    check_itself,
    split_name,
)

CREDENTIALS = Credentials("$argon2id$...")


def all_steps() -> Exchange:
    name: bytes = yield Challenge(b"")
    if name == b"no":
        raise Refused("No", b"e=no")
    shown, credentials = yield NeedAccount(name.decode())
    fits: bool = yield NeedCheck(credentials, "sesame")
    if not fits:
        raise Refused("Wrong")
    return Done(shown)


def test_each_call_returns_the_next_step() -> None:
    mechanism = Mechanism(all_steps())
    assert mechanism.feed(b"joe") == NeedAccount("joe")
    assert mechanism.account("Joe", CREDENTIALS) == NeedCheck(CREDENTIALS, "sesame")
    assert mechanism.checked(True) == Done("Joe")


def test_a_refusal_ends_the_exchange_with_the_mechanism_s_own_message() -> None:
    mechanism = Mechanism(all_steps())
    assert mechanism.feed(b"no") == Failed("No", b"e=no")
    assert mechanism.feed(b"joe") == Failed("Out of turn")


OUT_OF_TURN: list[Callable[[Mechanism], Step]] = [
    lambda m: m.account("Joe", CREDENTIALS),
    lambda m: m.checked(True),
]


@pytest.mark.parametrize("call", OUT_OF_TURN, ids=["account", "checked"])
def test_a_call_out_of_turn_ends_the_exchange_for_good(call: Callable[[Mechanism], Step]) -> None:
    mechanism = Mechanism(all_steps())
    assert call(mechanism) == Failed("Out of turn")
    assert mechanism.feed(b"joe") == Failed("Out of turn")


def test_what_is_done_stays_done_once() -> None:
    mechanism = Mechanism(all_steps())
    mechanism.feed(b"joe")
    mechanism.account("Joe", CREDENTIALS)
    mechanism.checked(True)
    assert mechanism.checked(True) == Failed("Out of turn")


@pytest.mark.parametrize(
    ("text", "name", "device"),
    [
        ("joe", "joe", None),
        ("joe@phone", "joe", "phone"),
        ("joe/libera", "joe", "libera"),
        ("joe@phone/libera", "joe", "phone/libera"),
        ("joe/a@b", "joe", "a@b"),
        ("joe@", "joe", None),
        ("@phone", "", "phone"),
        ("", "", None),
    ],
)
def test_names_with_a_device(text: str, name: str, device: str | None) -> None:
    assert split_name(text) == (name, device)
    assert account_of(text) == name


@given(st.from_regex(r"[A-Za-z0-9]{0,10}", fullmatch=True), st.text())
def test_a_device_is_kept_as_written_or_refused(account: str, device: str) -> None:
    try:
        found = split_name(f"{account}@{device}")
    except Refused as problem:
        assert "device" in problem.failed.reason
        assert " " in device or not device.isprintable() or len(device.encode(errors="replace")) > MAX_DEVICE
    else:
        assert found == (account, device or None)


@pytest.mark.parametrize("authzid", ["", "joe", "JOE", "joe@desk", "Joe/libera"])
def test_a_login_may_name_its_own_account(authzid: str) -> None:
    check_itself(authzid, "joe@phone")


@pytest.mark.parametrize("authzid", ["ann", "joe2", "@joe", "jo"])
def test_a_login_may_not_name_another_account(authzid: str) -> None:
    with pytest.raises(Refused, match="another account"):
        check_itself(authzid, "joe@phone")
