"""The text for Prometheus: read anew at each request, with the numbers of the process."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from prometheus_client.core import Metric

from gateway.web.metrics.exporter import CONTENT_TYPE, Exporter
from gateway.web.metrics.families import gauge
from tests.gateway.web.samples import read


def test_the_numbers_are_read_at_each_request_and_not_before() -> None:
    times = [0]

    def collect() -> Iterable[Metric]:
        times[0] += 1
        yield gauge("reads", "Reads.", times[0])

    exporter = Exporter(collect)
    assert times == [0]
    assert read(exporter)["reads",] == 1
    assert read(exporter)["reads",] == 2


def test_the_process_is_measured_too() -> None:
    found = read(Exporter(list))
    assert found["process_resident_memory_bytes",] > 0 and ("process_cpu_seconds_total",) in found


def test_each_exporter_has_metrics_of_its_own() -> None:
    one, other = Exporter(lambda: [gauge("a", "A.", 1)]), Exporter(lambda: [gauge("a", "A.", 2)])
    assert (read(one)["a",], read(other)["a",]) == (1, 2)


def test_the_content_type_says_how_to_read_the_text() -> None:
    assert CONTENT_TYPE.startswith("text/plain") and "charset=utf-8" in CONTENT_TYPE


def test_a_mistake_in_a_metric_reaches_the_listener() -> None:
    def broken() -> Iterable[Metric]:
        raise KeyError("a mistake")

    with pytest.raises(KeyError, match="a mistake"):
        Exporter(broken).text()
