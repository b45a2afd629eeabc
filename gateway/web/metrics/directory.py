"""Metrics of a directory: leases, arriving and leaving nodes, refused datagrams."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from gateway.web.directory_source import DirectorySource
from gateway.web.metrics.exporter import Exporter
from gateway.web.metrics.families import counter, counters, gauge


def of_directory(source: DirectorySource) -> Exporter:
    return Exporter(lambda: _metrics(source))


def _metrics(source: DirectorySource) -> Iterator[Metric]:
    core, now = source.core, source.now()
    build = GaugeMetricFamily(
        "circlet_directory_build_info", "Version and address; the value is 1.", labels=["version", "directory"]
    )
    build.add_metric([source.version, source.address], 1)
    yield build
    yield gauge("circlet_directory_up_seconds", "Time since the directory started.", core.up_s(now))
    yield gauge(
        "circlet_directory_rebuilding",
        "Whether the directory is younger than a lease, so that its list may lack nodes.",
        core.is_rebuilding(now),
    )
    yield gauge("circlet_directory_leases", "Nodes that are listed.", len(core.leases))
    yield gauge("circlet_directory_leases_limit", "Nodes that may be listed (limits.nodes).", core.leases.max_nodes)
    yield gauge(
        "circlet_directory_list_version", "Version of the list; it grows with each change.", core.leases.version
    )
    yield counter("circlet_directory_nodes_joined", "Nodes that were listed anew.", core.counts["joined"])
    yield counters(
        "circlet_directory_nodes_left",
        "Nodes that said goodbye (departed), and nodes that were not heard any more (expired).",
        "reason",
        {reason: core.counts[reason] for reason in ("departed", "expired")},
    )
    yield counter(
        "circlet_directory_announcements_refused", "Announcements of nodes that get no lease.", core.counts["refused"]
    )
    yield counter("circlet_directory_datagrams_received", "Datagrams that came.", core.counts["received"])
    yield counters("circlet_directory_datagrams_dropped", "Datagrams not believed.", "reason", core.drops)
