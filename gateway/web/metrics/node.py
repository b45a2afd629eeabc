"""All metrics of a node."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.core import Metric

from gateway.status import status
from gateway.web.metrics.exporter import Exporter
from gateway.web.metrics.people import people
from gateway.web.metrics.process import process
from gateway.web.metrics.ring import ring
from gateway.web.source import Source


def of_node(source: Source) -> Exporter:
    def read() -> Iterable[Metric]:
        found, vitals = status(source.core, source.links(), source.around()), source.vitals()
        yield from process(source, found, vitals)
        yield from people(source.core, found, vitals)
        yield from ring(source, found, vitals)

    return Exporter(read)
