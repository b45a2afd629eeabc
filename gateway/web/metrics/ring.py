"""Metrics of the ring: groups and their places, nodes, links, directories, takeovers, hand-offs and merges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

from prometheus_client.core import GaugeMetricFamily, Metric

from gateway.node import NodeCore
from gateway.status import Status
from gateway.web.metrics.families import counter, counters, gauge, gauges
from gateway.web.metrics.people import ADMISSION
from gateway.web.source import Source, Vitals
from ring.links.link import LinkState

LinkFact = Callable[[LinkState], float]

NOTES: Final = {
    "takeover": ("circlet_takeovers", "Groups that this node serves since their master died."),
    "hand_off": ("circlet_hand_offs", "Groups that this node handed to a better owner."),
    "hand_off_failed": ("circlet_hand_offs_failed", "Hand-offs that were given up, to be tried again."),
    "merge": ("circlet_merges", "Groups whose two sides became one again after a partition."),
    "stepped_down": ("circlet_step_downs", "Groups that another node serves under a higher term."),
    "submit_failed": ("circlet_submits_failed", "Commands that no master answered within settle_max_s."),
    "settle_failed": ("circlet_barriers_failed", "PONGs that waited for settle_max_s in vain."),
    "node_dead": ("circlet_nodes_died", "Times that this node has found another node dead."),
    "was_stopped": (
        "circlet_stops",
        "Times that this node itself stood still so long that others may have acted for it.",
    ),
}
"""Counter and help text, by the engine's note."""

LINK_FACTS: Final[tuple[tuple[Callable[[str, str, str, dict[str, float]], Metric], str, str, LinkFact], ...]] = (
    (gauges, "circlet_link_up_seconds", "Time since the link is up.", lambda link: link.up_s),
    (gauges, "circlet_link_queue_bytes", "What waits to be sent to the peer.", lambda link: link.queued),
    (counters, "circlet_link_sent_bytes", "Bytes sent since the link is up, without TLS.", lambda link: link.sent),
    (
        counters,
        "circlet_link_received_bytes",
        "Bytes received since the link is up, without TLS.",
        lambda link: link.received,
    ),
)

LIFE_STATES: Final = ("alive", "leaving", "dead")


def ring(source: Source, found: Status, vitals: Vitals) -> Iterator[Metric]:
    """Measure the ring, in time O(groups)."""
    core = source.core
    yield from _groups(core, found)
    yield from _queues(core)
    yield from _webhooks(core, found)
    for note, (name, text) in NOTES.items():
        yield counter(name, text, core.engine.noted[note])
    nodes = {state: sum(seen.state == state for seen in found.roster) for state in LIFE_STATES}
    yield gauges("circlet_nodes", "Nodes of the roster, by state.", "state", {**nodes, "missing": len(found.missing)})
    yield gauge("circlet_links", "Links that are up.", len(found.links))
    yield from _links({core.name_of(key): link for key, link in sorted(source.links().items())})
    yield gauge("circlet_dial_queue_bytes", "What waits for nodes that are being dialled.", vitals.dial_queue_bytes)
    refused = {reason: vitals.links_refused.get(reason, 0) for reason in ADMISSION}
    yield counters("circlet_links_refused", "Connections refused at the link port.", "reason", refused)
    yield gauge("circlet_nodes_refused", "Nodes with which a link was refused lately.", len(found.refused))
    yield from _directories(found)
    yield counters(
        "circlet_messages_discarded", "Messages of other nodes that were not used.", "reason", core.engine.counters
    )


def _groups(core: NodeCore, found: Status) -> Iterator[Metric]:
    engine = core.engine
    counts = Counter((group.kind, "master") for group in engine.replicas.masters)
    counts += Counter((group.kind, "backup") for group, f in engine.replicas.followers.items() if f.is_backup)
    sits = engine.roles.followed.sits
    counts += Counter((group.kind, "follower") for group, f in engine.replicas.followers.items() if sits(f.replica))
    groups = GaugeMetricFamily(
        "circlet_groups", "Groups, by kind and by what this node is to them.", labels=["kind", "role"]
    )
    for kind in engine.kinds:
        for role in ("master", "backup", "follower"):
            groups.add_metric([kind, role], counts[kind, role])
    yield groups
    channels = {
        "master": found.channels_mastered,
        "backup": found.channels_backed_up,
        "follower": found.channels_followed,
    }
    yield gauges("circlet_channels", "Channels, by what this node is to them.", "role", channels)
    yield gauge("circlet_groups_recovering", "Groups whose master is sought.", found.searches)
    yield gauge("circlet_groups_handing_off", "Groups frozen for a hand-off.", found.handing_off)
    yield gauge("circlet_groups_waiting", "Groups that wait for a missing node.", found.waiting)
    yield gauge("circlet_groups_stopped", "Groups that a mistake of the program has stopped here.", len(found.stopped))
    yield gauge("circlet_groups_lagging", "Groups with a follower behind by over 1 s.", found.lagging)
    yield gauge("circlet_lag_seconds", "The longest that a follower has been behind.", found.lag_s)
    yield counter(
        "circlet_commits", "Commands that this node, as a master, has committed.", engine.roles.masters.commits
    )


def _queues(core: NodeCore) -> Iterator[Metric]:
    waiting = [stream.pending for stream in core.engine.submits.queues.values() if stream.pending]
    yield gauge("circlet_submits_waiting", "Commands that no master has answered yet.", sum(map(len, waiting)))
    oldest = min((pending[0].since for pending in waiting), default=core.engine.now)
    yield gauge("circlet_submit_oldest_seconds", "How long the oldest of them has waited.", core.engine.now - oldest)
    forwarders = (one.remote.forwarder for one in core.edge.clients.connections.values())
    yield gauge(
        "circlet_lines_unsettled",
        "Lines of clients whose session is on another node, which has not settled them yet.",
        sum(len(forwarder.unsettled.lines) for forwarder in forwarders if forwarder is not None),
    )


def _webhooks(core: NodeCore, found: Status) -> Iterator[Metric]:
    rows = core.webhooks.rows().values()
    yield gauge("circlet_webhooks", "Webhooks that this node delivers, as the master of their channel.", found.webhooks)
    failing = sum(bool(row.failing_since) for row in rows)
    yield gauge("circlet_webhooks_failing", "Webhooks whose last try has failed.", failing)
    yield gauge(
        "circlet_webhook_messages_waiting",
        "Messages that webhooks have not delivered yet.",
        sum(row.backlog for row in rows),
    )


def _links(links: dict[str, LinkState]) -> Iterator[Metric]:
    """links: by name of the peer."""
    trips = {peer: link.round_trip_s for peer, link in links.items() if link.round_trip_s is not None}
    yield gauges(
        "circlet_link_round_trip_seconds", "The last heartbeat and its answer, both loops included.", "peer", trips
    )
    for make, name, text, value in LINK_FACTS:
        yield make(name, text, "peer", {peer: value(link) for peer, link in links.items()})


def _directories(found: Status) -> Iterator[Metric]:
    yield gauges(
        "circlet_directory_lease_left_seconds",
        "Time until the directory forgets this node, if it hears nothing more; 0 without a lease.",
        "directory",
        {one.address: one.lease_left_s or 0.0 for one in found.directories},
    )
    yield gauges(
        "circlet_directory_refuses",
        "Whether the directory's last word on this node was no.",
        "directory",
        {one.address: one.refused for one in found.directories},
    )
