"""Families of metrics from plain numbers and histograms, as Prometheus reads them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.core import Metric

from gateway.web.metrics.exporter import Exporter
from gateway.web.metrics.families import counter, counters, gauge, gauges, histogram, histograms
from ring.histogram import Histogram
from tests.gateway.web.samples import Samples, read


def exported(*families: Metric) -> Samples:
    def collect() -> Iterable[Metric]:
        return families

    return {
        key: value for key, value in read(Exporter(collect)).items() if not key[0].startswith(("process", "python"))
    }


def test_a_gauge_keeps_its_name_and_a_counter_gets_its_ending() -> None:
    found = exported(gauge("now", "Now.", 3), counter("ever", "Ever.", 5))
    assert found == {("now",): 3, ("ever_total",): 5}


def test_a_value_of_a_label_has_a_sample() -> None:
    found = exported(gauges("g", "G.", "node", {"b": 2, "a": 1}), counters("c", "C.", "why", {"y": 2, "x": 1}))
    assert found == {("g", "a"): 1, ("g", "b"): 2, ("c_total", "x"): 1, ("c_total", "y"): 2}


def test_families_without_values_have_no_samples() -> None:
    assert exported(gauges("g", "G.", "node", {}), counters("c", "C.", "why", {}), histograms("h", "H.", "k", {})) == {}


@given(st.lists(st.floats(0, 100)))
def test_buckets_count_all_values_up_to_their_bound(values: list[float]) -> None:
    one = Histogram((1.0, 10.0))
    for value in values:
        one.observe(value)
    found = exported(histogram("h", "H.", one))
    counts = [found["h_bucket", bound] for bound in ("1.0", "10.0", "+Inf")]
    assert counts == [sum(value <= bound for value in values) for bound in (1.0, 10.0, float("inf"))]
    assert all(low <= high for low, high in pairwise(counts))
    assert found["h_count",] == len(values) and abs(found["h_sum",] - sum(values)) < 1e-6


def test_each_histogram_of_a_label_is_counted_alone() -> None:
    a, b = Histogram((1.0,)), Histogram((1.0,))
    a.observe(0.5)
    b.observe(2.0, times=3)
    found = exported(histograms("h", "H.", "kind", {"a": a, "b": b}))
    assert (found["h_count", "a"], found["h_count", "b"], found["h_sum", "b"]) == (1, 3, 6.0)
