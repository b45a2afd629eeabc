"""Where the HTTP listener takes its answers from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import NamedTuple

from gateway.node import NodeCore
from gateway.status import Around
from gateway.web.health import Health, LoopLag
from gateway.web.views import Readiness, readiness
from ring.histogram import Histogram
from ring.links.link import LinkState


class Vitals(NamedTuple):
    """What the shells of a node measure. Counts are since the start of the node."""

    loop: LoopLag
    store_writes: Histogram
    store_reads: Histogram
    store_waiting_bytes: int = 0
    store_bytes: int = 0
    store_lines_dropped: int = 0
    client_queues: tuple[int, ...] = ()  # bytes that wait for each client; of those for whom any do
    dial_queue_bytes: int = 0  # waits for nodes that are being dialled
    links_refused: Mapping[str, int] = Counter()  # reason -> connections at the link port


def no_vitals() -> Vitals:
    """Of a node without shells."""
    return Vitals(LoopLag(), Histogram(), Histogram())


class Source(NamedTuple):
    """links: ring key of each linked peer, and how the link is. act: runs a job in a turn of the node, and sends what
    comes of the job. around, vitals: what the shells know. health: now."""

    core: NodeCore
    links: Callable[[], Mapping[str, LinkState]]
    act: Callable[[Callable[[], None]], None] = lambda job: job()
    around: Callable[[], Around] = Around
    vitals: Callable[[], Vitals] = no_vitals
    health: Callable[[], Health] = lambda: Health(True, "")

    def ready(self) -> Readiness:
        return readiness(self.core, self.around().directories)
