"""Prometheus metrics of a node and of a directory, read from the core when somebody asks.

Names are an interface: a metric's name keeps its meaning. contrib/docs/metrics.md describes each metric. Label values
are bounded: nodes, directories, reasons and commands, never a channel, a nick or an account.

`people` has what clients do, `ring` groups, nodes and links, `process` the node's own health, `directory` a directory.
Source: Prometheus, "Metric and label naming".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from gateway.status import status
from gateway.web.directory_source import DirectorySource
from gateway.web.metrics.directory import directory
from gateway.web.metrics.people import people
from gateway.web.metrics.process import process
from gateway.web.metrics.ring import ring
from gateway.web.source import Source

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST


class _Reader(Collector):
    def __init__(self, read: Callable[[], Iterable[Metric]]) -> None:
        self._read = read

    def collect(self) -> Iterable[Metric]:
        return self._read()


class Exporter:
    """Makes the text that Prometheus reads."""

    def __init__(self, read: Callable[[], Iterable[Metric]]) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(_Reader(read))
        ProcessCollector(registry=self._registry)

    def text(self) -> bytes:
        return generate_latest(self._registry)


def of_node(source: Source) -> Exporter:
    def read() -> Iterable[Metric]:
        found, vitals = status(source.core, source.links(), source.around()), source.vitals()
        yield from process(source, found, vitals)
        yield from people(source.core, found, vitals)
        yield from ring(source, found, vitals)

    return Exporter(read)


def of_directory(source: DirectorySource) -> Exporter:
    return Exporter(lambda: directory(source))
