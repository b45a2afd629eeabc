"""PLAIN and EXTERNAL, and what holds for every mechanism whatever it is fed, in whatever order."""

from __future__ import annotations

import random
from collections.abc import Callable

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
