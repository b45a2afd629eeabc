from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.irc.casemapping import Casemap, CasemapName, casefold


@pytest.mark.parametrize(
    ("mapping", "text", "folded"),
    [
        ("ascii", "#ErLang[]\\~", "#erlang[]\\~"),
        ("rfc1459", "Joe[]\\~", "joe{}|^"),
        ("rfc1459", "ÉÀ\udcff", "ÉÀ\udcff"),
    ],
)
def test_folding(mapping: CasemapName, text: str, folded: str) -> None:
    assert casefold(text, mapping) == folded
    assert Casemap(mapping)(text) == folded


@given(st.text(st.characters()), st.sampled_from(["ascii", "rfc1459"]))
def test_folding_twice_is_folding_once_and_non_ascii_stays(text: str, mapping: CasemapName) -> None:
    folded = casefold(text, mapping)
    assert casefold(folded, mapping) == folded
    assert [sign for sign in folded if ord(sign) > 127] == [sign for sign in text if ord(sign) > 127]
    assert len(folded) == len(text)
