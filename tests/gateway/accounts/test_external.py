"""EXTERNAL: the certificate proves the account, and an empty name means any account that lists the certificate."""

from __future__ import annotations

import pytest

from gateway.accounts.external import external
from gateway.accounts.steps import Done, Failed, Mechanism, NeedAccount

FINGERPRINT = "ab" * 32


@pytest.mark.parametrize(
    ("message", "name", "device"), [(b"", "", None), (b"joe", "joe", None), (b"joe@desk", "joe", "desk")]
)
def test_external(message: bytes, name: str, device: str | None) -> None:
    mechanism = Mechanism(external(FINGERPRINT))
    assert mechanism.feed(message) == NeedAccount(name, by_certificate=True)
    assert mechanism.account("Joe", None) == Done("Joe", device)


def test_external_needs_a_certificate_that_the_account_lists() -> None:
    step = Mechanism(external(None)).feed(b"joe")
    assert isinstance(step, Failed) and "no certificate" in step.reason
    mechanism = Mechanism(external(FINGERPRINT))
    mechanism.feed(b"joe")
    assert isinstance(mechanism.account(None, None), Failed)
    assert isinstance(Mechanism(external(FINGERPRINT)).feed(b"\xff"), Failed)


def test_an_exchange_without_a_name_uses_the_account_of_the_certificate() -> None:
    mechanism = Mechanism(external(FINGERPRINT))
    mechanism.feed(b"")
    assert mechanism.account("Ann", None) == Done("Ann", None)


@pytest.mark.parametrize("message", [b"joe@my phone", b"joe@" + b"d" * 65, b"joe@\x07"])
def test_a_device_that_nobody_can_have_is_refused_in_words(message: bytes) -> None:
    step = Mechanism(external(FINGERPRINT)).feed(message)
    assert isinstance(step, Failed) and "device" in step.reason
