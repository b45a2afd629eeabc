"""Metrics of the node's process: build, health, event loop, store and certificates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from prometheus_client.core import GaugeMetricFamily, Metric

from gateway.status import Status
from gateway.web.metrics.families import counter, counters, gauge, gauges, histogram
from gateway.web.source import Source, Vitals

MISTAKES: Final = {"bug": "contained", "group_broken": "group"}
"""The end of a contained mistake, by the engine's note. A mistake that ends the process cannot be counted."""


def process(source: Source, found: Status, vitals: Vitals) -> Iterator[Metric]:
    engine = source.core.engine
    build = GaugeMetricFamily("circlet_build_info", "Version and node; the value is 1.", labels=["version", "node"])
    build.add_metric([found.version, found.name], 1)
    yield build
    yield gauge("circlet_up_seconds", "Time since the node started.", found.up_s)
    yield gauge("circlet_ready", "Whether the node takes new clients, as /readyz says.", source.ready().ready)
    yield gauge("circlet_healthy", "Whether the node does its work, as /healthz says.", source.health().healthy)
    yield gauge("circlet_draining", "Whether the node is stopping, and hands its groups over.", found.leaving)
    yield gauge("circlet_feature_level", "Level at which the network acts.", engine.level)
    yield gauge("circlet_build_feature_level", "Level of this node's build.", found.level)
    yield histogram(
        "circlet_loop_lag_seconds",
        "How late the event loop's timer comes, ten times a second.",
        vitals.loop.delays,
    )
    mistakes = {what: engine.noted[note] for note, what in MISTAKES.items()}
    yield counters("circlet_bugs", "Mistakes of the program that the node went on after.", "what", mistakes)
    ends = {one.listener: one.ends for one in found.certificates}
    yield gauges(
        "circlet_certificate_expiry_timestamp_seconds",
        "Unix time at which the certificate of a listener of clients ends.",
        "listener",
        ends,
    )
    yield from _store(found, vitals)


def _store(found: Status, vitals: Vitals) -> Iterator[Metric]:
    yield gauge("circlet_store_working", "Whether the disk takes what is written.", not found.store)
    yield histogram(
        "circlet_store_write_seconds", "Time of a transaction of the store, until it is on disk.", vitals.store_writes
    )
    yield histogram("circlet_store_read_seconds", "Time of a question to the store.", vitals.store_reads)
    yield gauge(
        "circlet_store_waiting_bytes",
        "What waits to be written, beside what is being written.",
        vitals.store_waiting_bytes,
    )
    yield gauge("circlet_store_bytes", "Size of the store's files.", vitals.store_bytes)
    yield counter(
        "circlet_store_lines_dropped",
        "Lines of history that were dropped, as the disk did not take them in time.",
        vitals.store_lines_dropped,
    )
