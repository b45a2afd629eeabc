"""PLAIN: the form of the message, the device in the name, and why a login fails."""

from __future__ import annotations

import pytest

from gateway.accounts.credentials import Credentials, made_up
from gateway.accounts.plain import plain
from gateway.accounts.steps import Done, Failed, Mechanism, NeedAccount, NeedCheck, Step

CREDENTIALS = Credentials("$argon2id$...")


def fed(message: bytes) -> tuple[Mechanism, Step]:
    mechanism = Mechanism(plain())
    return mechanism, mechanism.feed(message)


@pytest.mark.parametrize(
    ("message", "name", "password", "device"),
    [
        (b"\0joe\0sesame", "joe", "sesame", None),
        (b"joe\0joe\0sesame", "joe", "sesame", None),
        (b"Joe\0joe@phone\0sesame", "joe", "sesame", "phone"),
        (b"joe@phone\0joe@phone\0a@b", "joe", "a@b", "phone"),
        (b"\0joe@a@b\0 x ", "joe", " x ", "a@b"),
        (b"\0joe@\0\xc3\xbc", "joe", "ü", None),
        (b"\0joe\0" + b"x" * 1000, "joe", "x" * 1000, None),
    ],
)
def test_plain(message: bytes, name: str, password: str, device: str | None) -> None:
    mechanism, step = fed(message)
    assert step == NeedAccount(name)
    assert mechanism.account("Joe", CREDENTIALS) == NeedCheck(CREDENTIALS, password)
    assert mechanism.checked(True) == Done("Joe", device)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (b"", "form"),
        (b"joe\0sesame", "form"),
        (b"\0joe\0ses\0ame", "form"),
        (b"\0joe\0\xff", "form"),
        (b"root\0joe\0sesame", "another account"),
        (b"\0joe\0", "empty"),
        (b"\0joe\0" + b"x" * 1001, "1,000 bytes"),
        (b"\0joe@" + b"d" * 65 + b"\0sesame", "device"),
        (b"\0joe@my phone\0sesame", "device"),
        (b"\0joe@\x07\0sesame", "device"),
    ],
)
def test_plain_out_of_form_is_refused_in_words(message: bytes, words: str) -> None:
    _, step = fed(message)
    assert isinstance(step, Failed) and words in step.reason


def test_a_wrong_password_and_an_unknown_account_fail_alike() -> None:
    wrong, unknown = Mechanism(plain()), Mechanism(plain())
    wrong.feed(b"\0joe\0guess")
    unknown.feed(b"\0who\0guess")
    assert isinstance(wrong.account("Joe", CREDENTIALS), NeedCheck)
    assert isinstance(unknown.account(None, made_up("who", b"secret")), NeedCheck)
    assert wrong.checked(False) == unknown.checked(False)


def test_who_has_no_account_fails_whatever_its_password() -> None:
    mechanism, _ = fed(b"\0who\0guess")
    mechanism.account(None, made_up("who", b"secret"))
    assert isinstance(mechanism.checked(True), Failed)


def test_an_account_without_a_password_has_none_that_fits() -> None:
    mechanism, _ = fed(b"\0joe\0guess")
    assert isinstance(mechanism.account("joe", None), Failed)
