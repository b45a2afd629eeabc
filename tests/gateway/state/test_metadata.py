"""Tables of metadata: keys, changes, limits and the laws of the merge."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.state import metadata
from gateway.state.metadata import Kept, changed, folded_key, merge, values

TABLES = st.dictionaries(
    st.sampled_from(("a", "b", "c", "d")),
    st.tuples(st.none() | st.sampled_from(("x", "y")), st.integers(0, 5)),
    max_size=4,
)


@given(TABLES, TABLES, TABLES)
def test_a_merge_has_the_laws(a: Kept, b: Kept, c: Kept) -> None:
    assert merge(a, b) == merge(b, a)
    assert merge(merge(a, b), c) == merge(a, merge(b, c))
    assert merge(a, a) == dict(sorted(a.items()))


def test_the_last_writer_counts_and_what_was_removed_stays_so() -> None:
    both = changed(changed({}, ("url", "color"), "x", 5), ("gone",), "x", 5)
    mine, theirs = changed(both, ("gone",), None, 7), changed(both, ("url",), "y", 6)
    merged = merge(mine, theirs)
    assert values(merged) == {"color": "x", "url": "y"}
    assert values(merge(merged, both)) == values(merged)
    assert values(changed(merged, ("gone",), "z", 8)) == {"color": "x", "gone": "z", "url": "y"}


def test_a_table_is_bounded() -> None:
    many = [f"k{number:03}" for number in range(metadata.KEYS + 50)]
    kept: Kept = {}
    for at, key in enumerate(many):
        kept = changed(kept, (key,), "x", at)
    assert list(values(kept)) == many[: metadata.KEYS]
    kept = changed(kept, many, None, 1_000)
    assert not values(kept) and len(kept) == metadata.TOMBSTONES


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("URL", "url"), ("a.b:c-d_1", "a.b:c-d_1"), (":a", None), ("", None), ("$a", None), ("é", None), ("a b", None),
        ("x" * 64, "x" * 64), ("x" * 65, None), ("\N{KELVIN SIGN}ey", None),
    ],
)  # fmt: skip
def test_keys(text: str, key: str | None) -> None:
    assert folded_key(text) == key
