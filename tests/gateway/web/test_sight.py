"""The placement of names by the settings in nodes' records, also of a network of a later build."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.web.sight import placement
from ring.placement import owners
from ring.roster import RingTerms

TERMS = RingTerms("absolute", 1, 2, "rfc1459")
KEYS = [f"127.0.0.{number}" for number in range(1, 6)]


@pytest.mark.parametrize("distance", ["absolute", "circular"])
@pytest.mark.parametrize("points", [1, 8])
def test_names_live_where_the_settings_place_them(distance: Any, points: int) -> None:
    terms = msgspec.structs.replace(TERMS, distance=distance, points=points, copies=3)
    found = placement(terms, KEYS)
    assert found.copies == 3
    assert owners("#erlang", found.ring, 2) == owners("#erlang", placement(terms, reversed(KEYS)).ring, 2)


def test_names_are_folded_as_the_network_folds_names() -> None:
    for casemapping, folded in (("ascii", "#a["), ("rfc1459", "#a{")):
        assert placement(msgspec.structs.replace(TERMS, casemapping=casemapping), KEYS).casemap("#A[") == folded


@pytest.mark.parametrize(("field", "words"), [("distance", "the distance 'spiral'"), ("casemapping", "casemapping")])
def test_settings_of_a_later_build_are_refused_in_words(field: str, words: str) -> None:
    with pytest.raises(ValueError, match=f"{words}.*use a later build"):
        placement(msgspec.structs.replace(TERMS, **{field: "spiral"}), KEYS)
