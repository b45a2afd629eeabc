"""Tables of name -> time, merged after a partition."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.state.times import latest, newest

TABLES = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 5))


def test_each_name_gets_the_later_time() -> None:
    assert latest({"a": 1, "b": 5}, {"b": 4, "c": 2}) == {"a": 1, "b": 5, "c": 2}


def test_the_latest_times_are_kept_and_of_equals_the_first_names() -> None:
    assert newest({"c": 1, "b": 2, "a": 2, "d": 9}, 2) == {"a": 2, "d": 9}
    assert newest({"a": 1}, 0) == {}


@given(TABLES, TABLES, TABLES, st.integers(0, 6))
def test_a_bounded_merge_is_the_same_in_any_order(
    a: dict[str, int], b: dict[str, int], c: dict[str, int], most: int
) -> None:
    def merged(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
        return newest(latest(one, other), most)

    assert list(merged(a, b).items()) == list(merged(b, a).items())
    assert merged(merged(a, b), c) == merged(a, merged(b, c))
    assert merged(merged(a, b), b) == merged(a, b)
