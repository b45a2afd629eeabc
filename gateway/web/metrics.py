"""Prometheus metrics of a node, read from the core when somebody asks: nothing is counted for them on the way of talk.

Names are an interface: a name that is here keeps its meaning. Source: Prometheus, "Metric and label naming".
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from gateway.status import status
from gateway.web.source import Source

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST

NOTES: Final = {
    "takeover": ("circlet_takeovers", "Groups that this node serves since their master died."),
    "hand_off": ("circlet_hand_offs", "Groups that this node handed to a better owner."),
    "merge": ("circlet_merges", "Groups whose two sides became one again after a partition."),
    "stepped_down": ("circlet_step_downs", "Groups that another node serves under a higher term."),
    "submit_failed": ("circlet_submits_failed", "Commands that no master answered within settle_max_s."),
    "settle_failed": ("circlet_barriers_failed", "PONGs that waited for settle_max_s in vain."),
}
"""By the note that the engine makes: counter and its help."""

LIFE_STATES: Final = ("alive", "leaving", "dead")


class NodeCollector(Collector):
    """Reads one node."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def collect(self) -> Iterator[Metric]:
        core = self._source.core
        found = status(core, self._source.links())
        engine = core.engine
        build = GaugeMetricFamily("circlet_build_info", "Version and node; the value is 1.", labels=["version", "node"])
        build.add_metric([found.version, found.name], 1)
        yield build
        yield GaugeMetricFamily("circlet_up_seconds", "Time since the node started.", value=found.up_s)
        yield GaugeMetricFamily("circlet_ready", "Whether the node takes clients.", value=float(self._source.ready()))
        yield GaugeMetricFamily("circlet_clients", "Connections of clients.", value=found.clients)
        yield GaugeMetricFamily("circlet_users", "Registered users, with or without a client.", value=found.users)
        channels = GaugeMetricFamily("circlet_channels", "Channels, by what this node is to them.", labels=["role"])
        channels.add_metric(["master"], found.channels_mastered)
        channels.add_metric(["backup"], found.channels_backed_up)
        channels.add_metric(["follower"], found.channels_followed)
        yield channels
        nodes = GaugeMetricFamily("circlet_nodes", "Nodes of the roster, by state.", labels=["state"])
        for state in LIFE_STATES:
            nodes.add_metric([state], sum(seen.state == state for seen in found.roster))
        nodes.add_metric(["missing"], len(found.missing))
        yield nodes
        yield GaugeMetricFamily("circlet_links", "Links that are up.", value=len(found.links))
        yield GaugeMetricFamily("circlet_groups_recovering", "Groups whose master is sought.", value=found.searches)
        yield GaugeMetricFamily("circlet_groups_handing_off", "Groups frozen for a hand-off.", value=found.handing_off)
        yield GaugeMetricFamily("circlet_groups_waiting", "Groups that wait for a missing node.", value=found.waiting)
        yield GaugeMetricFamily(
            "circlet_groups_lagging", "Groups with a follower behind by over 1 s.", value=found.lagging
        )
        yield GaugeMetricFamily(
            "circlet_lag_seconds", "The longest that a follower has been behind.", value=found.lag_s
        )
        yield GaugeMetricFamily(
            "circlet_store_working", "Whether the disk takes what is written.", value=not found.store
        )
        yield GaugeMetricFamily("circlet_feature_level", "Level at which the network acts.", value=engine.level)
        for note, (name, text) in NOTES.items():
            yield CounterMetricFamily(name, text, value=engine.noted[note])
        commands = CounterMetricFamily("circlet_commands", "Commands of clients, by name.", labels=["command"])
        for command, times in sorted(core.edge.used.items()):
            commands.add_metric([command], times)
        yield commands
        discarded = CounterMetricFamily("circlet_messages_discarded", "From other nodes, by reason.", labels=["reason"])
        for reason, times in sorted(engine.counters.items()):
            discarded.add_metric([reason], times)
        yield discarded
        yield from _process()


def _process() -> Iterator[Metric]:
    """What the kernel says of the process; nothing where there is no /proc."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123
            pages = int(file.read().split()[1])
        descriptors = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    except OSError:
        return
    times = os.times()
    yield CounterMetricFamily("process_cpu_seconds", "CPU time of the process.", value=times.user + times.system)
    yield GaugeMetricFamily("process_resident_memory_bytes", "Memory in use.", value=pages * os.sysconf("SC_PAGE_SIZE"))
    yield GaugeMetricFamily("process_open_fds", "Open descriptors.", value=descriptors)


def exposition(source: Source) -> bytes:
    """The text that Prometheus reads."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(NodeCollector(source))
    return generate_latest(registry)
