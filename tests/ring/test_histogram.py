"""Values are counted in the bucket of the smallest bound that they do not exceed."""

from __future__ import annotations

from bisect import bisect_left

from hypothesis import given
from hypothesis import strategies as st

from ring.histogram import SECONDS, Histogram


def test_a_bound_belongs_to_its_bucket_and_what_is_larger_has_a_bucket_of_its_own() -> None:
    histogram = Histogram((1.0, 2.0))
    for value in (0.0, 1.0, 1.5, 2.0, 2.1, 100.0):
        histogram.observe(value)
    assert histogram.counts == [2, 2, 2]
    assert (histogram.count, histogram.sum) == (6, 106.6)


@given(st.lists(st.floats(0, 100)))
def test_every_value_is_counted_once(values: list[float]) -> None:
    histogram = Histogram()
    for value in values:
        histogram.observe(value)
    assert histogram.count == len(values)
    for index, count in enumerate(histogram.counts):
        assert count == sum(bisect_left(SECONDS, value) == index for value in values)
