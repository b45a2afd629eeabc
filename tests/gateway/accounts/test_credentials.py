"""Passwords: the stored form, the check, and made-up credentials for missing accounts."""

from __future__ import annotations

import os
import random

import pytest
from argon2 import extract_parameters
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.accounts.credentials import (
    ITERATIONS,
    MAX_PASSWORD,
    Credentials,
    check_password,
    flaw,
    made_up,
    make_credentials,
    scram_keys,
)


@pytest.mark.parametrize("password", ["correct horse ", "Grüße\n", "\x07🦀", "ü" * 500])
def test_a_password_fits_what_was_made_of_it_and_no_other_does(password: str) -> None:
    made = make_credentials(password, os.urandom)
    assert check_password(made, password)
    assert not check_password(made, password + " ")
    assert password not in repr(made)


def test_a_password_is_the_same_however_it_is_composed() -> None:
    made = make_credentials("Gr\u00fc\u00dfe", os.urandom)
    assert check_password(made, "Gru\u0308\u00dfe")
    assert made.scram == scram_keys("Gru\u0308\u00dfe", made.scram.salt, ITERATIONS) if made.scram else False
    assert not check_password(made, "Gru\u00dfe")


def test_the_same_password_twice_is_kept_in_two_ways() -> None:
    one, two = (make_credentials("sesame", os.urandom) for _ in range(2))
    assert one.scram and two.scram
    assert one.password_hash != two.password_hash and one.scram.salt != two.scram.salt


def test_chance_comes_from_outside() -> None:
    one, two = (make_credentials("sesame", random.Random(7).randbytes) for _ in range(2))
    assert one == two


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("", "empty"),
        ("ü" * 501, "1,000 bytes, and this one has 1,002"),
        ("a\0b", "NUL"),
        ("caf\udce9", "UTF-8"),
    ],
)
def test_what_cannot_be_a_password_is_refused_in_words_and_fits_nothing(password: str, words: str) -> None:
    assert words in (flaw(password) or "")
    with pytest.raises(ValueError, match=words):
        make_credentials(password, os.urandom)
    assert not check_password(made_up("joe", b"secret"), password)


def test_the_longest_password_is_a_password() -> None:
    assert flaw("x" * MAX_PASSWORD) is None


@pytest.mark.parametrize("hashed", ["", "sesame", "$argon2id$v=19$m=1", "$2b$12$abc", "\ud800", "$argon2id$\0"])
def test_a_hash_that_is_none_fits_nothing(hashed: str) -> None:
    assert not check_password(Credentials(hashed), "sesame")


# Accounts that do not exist ------------------------------------------------------------------------------------------


def test_what_is_made_up_cannot_be_told_from_what_is_real() -> None:
    real, fake = make_credentials("sesame", os.urandom), made_up("nobody", b"secret")
    assert extract_parameters(real.password_hash) == extract_parameters(fake.password_hash)
    assert len(real.password_hash) == len(fake.password_hash)
    assert real.scram and fake.scram and fake.scram.iterations == real.scram.iterations == ITERATIONS
    assert len(real.scram.salt) == len(fake.scram.salt)
    assert not check_password(fake, "sesame")


@given(st.text(), st.text(), st.binary(min_size=1), st.binary(min_size=1))
@settings(max_examples=50)
def test_it_is_the_same_for_a_name_each_time_and_for_no_other(a: str, b: str, key: bytes, other: bytes) -> None:
    assert made_up(a, key) == made_up(a, key)
    if a != b:
        assert made_up(a, key).scram != made_up(b, key).scram
    if key.rstrip(b"\0") != other.rstrip(b"\0"):  # HMAC pads keys with NUL
        assert made_up(a, key).scram != made_up(a, other).scram


# SCRAM's keys --------------------------------------------------------------------------------------------------------


def test_passwords_that_look_alike_have_the_same_keys() -> None:
    assert scram_keys("\u2168", b"salt", 4096) == scram_keys("IX", b"salt", 4096)


def test_a_password_that_saslprep_refuses_has_keys_as_it_is_typed() -> None:
    crab = scram_keys("🦀", b"salt", 4096)
    assert crab != scram_keys("🐙", b"salt", 4096)
