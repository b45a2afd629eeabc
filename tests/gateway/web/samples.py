"""Reads the text of an exporter, as Prometheus does."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from gateway.web.metrics.exporter import Exporter

Samples = dict[tuple[str, ...], float]


def samples(text: str) -> Samples:
    """(name, values of the labels in the order of the labels' names) -> value."""
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def read(exporter: Exporter) -> Samples:
    return samples(exporter.text().decode())
