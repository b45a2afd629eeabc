"""PLAIN and EXTERNAL, and what holds for every mechanism whatever it is fed, in whatever order."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.accounts.credentials import Credentials, made_up
from gateway.accounts.mechanisms import MECHANISMS, start
from gateway.accounts.steps import Challenge, Done, Failed, Mechanism, NeedAccount, NeedCheck, Step

CREDENTIALS = Credentials("$argon2id$...")
FINGERPRINT = "ab" * 32


def begin(name: str, fingerprint: str | None = FINGERPRINT) -> Mechanism:
    mechanism = start(name, fingerprint=fingerprint, random_bytes=random.Random(1).randbytes)
    assert mechanism is not None
    return mechanism


def test_only_what_is_offered_is_there() -> None:
    for name in MECHANISMS:
        begin(name)
    for name in ("", "plain", "SCRAM-SHA-1", "PLAIN "):
        assert start(name, fingerprint=FINGERPRINT, random_bytes=random.randbytes) is None


# PLAIN ---------------------------------------------------------------------------------------------------------------


def plain(message: bytes) -> tuple[Mechanism, Step]:
    mechanism = begin("PLAIN")
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
    mechanism, step = plain(message)
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
    _, step = plain(message)
    assert isinstance(step, Failed) and words in step.reason


def test_a_wrong_password_and_an_unknown_account_fail_alike() -> None:
    wrong, unknown = begin("PLAIN"), begin("PLAIN")
    wrong.feed(b"\0joe\0guess")
    unknown.feed(b"\0who\0guess")
    assert isinstance(wrong.account("Joe", CREDENTIALS), NeedCheck)
    assert isinstance(unknown.account(None, made_up("who", b"secret")), NeedCheck)
    assert wrong.checked(False) == unknown.checked(False)


def test_who_has_no_account_fails_whatever_its_password() -> None:
    mechanism, _ = plain(b"\0who\0guess")
    mechanism.account(None, made_up("who", b"secret"))
    assert isinstance(mechanism.checked(True), Failed)


def test_an_account_without_a_password_has_none_that_fits() -> None:
    mechanism, _ = plain(b"\0joe\0guess")
    assert isinstance(mechanism.account("joe", None), Failed)


# EXTERNAL ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "name", "device"), [(b"", "", None), (b"joe", "joe", None), (b"joe@desk", "joe", "desk")]
)
def test_external(message: bytes, name: str, device: str | None) -> None:
    mechanism = begin("EXTERNAL")
    assert mechanism.feed(message) == NeedAccount(name, by_certificate=True)
    assert mechanism.account("Joe", None) == Done("Joe", device)


def test_external_needs_a_certificate_that_the_account_lists() -> None:
    step = begin("EXTERNAL", None).feed(b"joe")
    assert isinstance(step, Failed) and "no certificate" in step.reason
    mechanism = begin("EXTERNAL")
    mechanism.feed(b"joe")
    assert isinstance(mechanism.account(None, None), Failed)
    assert isinstance(begin("EXTERNAL").feed(b"\xff"), Failed)


# All of them ---------------------------------------------------------------------------------------------------------

calls: st.SearchStrategy[Callable[[Mechanism], Step]] = st.one_of(
    st.binary(max_size=40).map(lambda data: lambda m: m.feed(data)),
    st.sampled_from([b"\0joe\0sesame", b"", b"n,,n=joe,r=abc", b"joe"]).map(lambda data: lambda m: m.feed(data)),
    st.sampled_from([None, "joe"]).map(lambda shown: lambda m: m.account(shown, None if shown else CREDENTIALS)),
    st.just(lambda m: m.account("joe", made_up("joe", b"secret"))),
    st.booleans().map(lambda ok: lambda m: m.checked(ok)),
)


@given(st.sampled_from(MECHANISMS), st.lists(calls, max_size=8))
def test_whatever_comes_in_whatever_order_there_is_a_step_and_what_has_ended_has_ended(
    name: str, said: list[Callable[[Mechanism], Step]]
) -> None:
    mechanism, ended = begin(name), False
    for call in said:
        step = call(mechanism)
        assert isinstance(step, Challenge | NeedAccount | NeedCheck | Done | Failed)
        assert isinstance(step, Failed) or not ended
        ended = isinstance(step, Done | Failed)
