"""The examples of RFC 4013, section 3, and the laws."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scramp.utils import ScramException
from scramp.utils import saslprep as reference

from gateway.accounts.saslprep import Prohibited, saslprep


@pytest.mark.parametrize(
    ("text", "prepared"),
    [
        ("I\u00adX", "IX"),
        ("user", "user"),
        ("USER", "USER"),
        ("\u00aa", "a"),
        ("\u2168", "IX"),
        ("a\u00a0b", "a b"),
        ("Grüße", "Grüße"),
        ("\u0627\u0628", "\u0627\u0628"),
    ],
)
def test_what_is_prepared(text: str, prepared: str) -> None:
    assert saslprep(text) == prepared


@pytest.mark.parametrize("text", ["\x07", "\u0627\u0031", "a\u0627", "\ue000", "\ufffd", "🦀", "\u00ad", "\ud800"])
def test_what_is_prohibited(text: str) -> None:
    with pytest.raises(Prohibited):
        saslprep(text)


@given(st.text(min_size=1, max_size=12))
def test_prepared_once_is_prepared_for_good_and_as_others_prepare_it(text: str) -> None:
    try:
        prepared = saslprep(text)
    except Prohibited:
        assert not _of_reference(text)
        return
    assert saslprep(prepared) == prepared == _of_reference(text)


def _of_reference(text: str) -> str:
    try:
        return reference(text)
    except ScramException:
        return ""
