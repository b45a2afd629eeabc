"""Reads how busy a node and its channels are, for `circlet top`. Nothing is measured between two requests."""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

import msgspec

from gateway.status import CHANNEL, Around, Status, status
from ring.links.link import LinkState
from ring.replication.replica import Replica

if TYPE_CHECKING:
    from gateway.node import NodeCore

LATELY_S: Final = 10.0
"""A channel's rate counts the log entries of this many seconds."""

MOST: Final = 100
"""The number of channels in one answer at most."""


class LoadAsk(msgspec.Struct, frozen=True, tag="load"):
    """Asks a node for its load. channels: the number of mastered channels to list, the busiest first; at most MOST."""

    channels: int = 20


class Busy(msgspec.Struct, frozen=True):
    """A channel that the node masters. rate: log entries of every kind per second. nodes: the number of followers. lag:
    the number of entries that the slowest follower has not acknowledged.
    """

    name: str
    members: int
    rate: float
    entries: int  # since the channel began
    nodes: int
    lag: int


class Load(msgspec.Struct, frozen=True, tag="load_of"):
    """at: the node's clock, Unix seconds. Lines and bytes: exchanged with clients since the node's start. memory: bytes
    in use; 0 if unknown.
    """

    at: float
    status: Status
    groups_mastered: int
    lines_received: int
    lines_sent: int
    bytes_received: int
    bytes_sent: int
    memory: int
    channels: list[Busy] = []


def load(core: NodeCore, links: Mapping[str, LinkState], around: Around, channels: int) -> Load:
    """Describe the node's load. Takes time O(groups), and O(log entries) for each channel with recent entries."""
    engine, traffic = core.engine, core.edge.traffic
    busiest = heapq.nlargest(
        min(max(channels, 0), MOST), _channels(core), key=lambda one: (one.rate, one.members, one.name)
    )
    return Load(
        round(engine.now, 3),
        status(core, links, around),
        len(engine.replicas.masters),
        traffic.lines_received,
        traffic.lines_sent,
        traffic.bytes_received,
        traffic.bytes_sent,
        around.memory,
        busiest,
    )


def _channels(core: NodeCore) -> Iterator[Busy]:
    engine = core.engine
    for group, m in engine.replicas.masters.items():
        if group.kind == CHANNEL:
            replica = m.replica
            lag = max((replica.seq - f.acked for f in m.followers.values() if f.sits or f.is_backup), default=0)
            members = sum(replica.state.subscribers.values())
            yield Busy(group.name, members, _rate(replica, engine.now), replica.seq, len(m.followers), max(lag, 0))


def _rate(replica: Replica, now: float) -> float:
    """Return the entries per second over the last LATELY_S, as far back as the log reaches."""
    log, since = replica.log, (now - LATELY_S) * 1000
    if not log or log[-1].at < since:
        return 0.0
    first = bisect_left(log, since, key=lambda entry: entry.at)  # the entries' times rise (P17)
    return round((len(log) - first) / LATELY_S, 1)
