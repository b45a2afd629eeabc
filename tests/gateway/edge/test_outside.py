"""What a node without a shell answers in place of the outside."""

from __future__ import annotations

from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.edge.outside import Outside
from tests.settings import edge_settings


@pytest.fixture
def edge() -> Any:
    return SimpleNamespace(network=SimpleNamespace(rng=Random(1)), settings=edge_settings(secret=b"ours"))


def test_no_password_can_be_checked_or_made(edge: Any) -> None:
    outside, answers = Outside(edge), []
    outside.check_password("hash", "sesame", answers.append)
    outside.fits(None, "sesame", answers.append)  # type: ignore[arg-type]
    outside.fits_first(None, "sesame", answers.append)  # type: ignore[arg-type]
    outside.make_credentials("sesame", answers.append)
    assert answers == [None] * 4


def test_who_goes_first_is_checked_like_strangers_unless_the_shell_knows_better(edge: Any) -> None:
    outside, answers = Outside(edge), []
    outside.fits = lambda credentials, password, done: done(password == "sesame")
    outside.fits_first(None, "sesame", answers.append)  # type: ignore[arg-type]
    assert answers == [True]


def test_a_digest_needs_the_secret_of_the_present_settings(edge: Any) -> None:
    outside = Outside(edge)
    ours = outside.keyed(b"data")
    assert len(ours) == 8 and ours == outside.keyed(b"data") != outside.keyed(b"other")
    edge.settings = edge_settings(secret=b"theirs")
    assert outside.keyed(b"data") != ours


def test_chance_is_the_network_s(edge: Any) -> None:
    assert Outside(edge).random_bytes(9) == Random(1).randbytes(9)
