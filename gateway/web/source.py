"""The data of a node's HTTP listener, from the node's core and shells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from gateway.node import NodeCore
from gateway.status import Around, Directory
from gateway.web.health import Health, LoopLag
from gateway.web.sight import Placement, Readiness, SeenNode, Sight
from ring.histogram import Histogram
from ring.links.link import LinkState


class Vitals(NamedTuple):
    """Measurements of a node's shells. Counts begin with the start of the node."""

    loop: LoopLag
    store_writes: Histogram
    store_reads: Histogram
    store_waiting_bytes: int = 0
    store_bytes: int = 0
    store_lines_dropped: int = 0
    client_queues: tuple[int, ...] = ()  # waiting bytes, of each client with waiting bytes
    dial_queue_bytes: int = 0  # bytes for nodes with a connection attempt under way
    links_refused: Mapping[str, int] = Counter()  # reason -> connections at the link port


def no_vitals() -> Vitals:
    """Return the measurements of a node without shells."""
    return Vitals(LoopLag(), Histogram(), Histogram())


class Source(NamedTuple):
    """links: state of each link, by the peer's ring key. act: runs a job in a turn of the node, and sends the job's
    output. around, vitals: data of the shells. health: the present health.
    """

    core: NodeCore
    links: Callable[[], Mapping[str, LinkState]]
    act: Callable[[Callable[[], None]], None] = lambda job: job()
    around: Callable[[], Around] = Around
    vitals: Callable[[], Vitals] = no_vitals
    health: Callable[[], Health] = lambda: Health(True, "")

    def sight(self) -> Sight:
        return sight_of(self.core)

    def ready(self) -> Readiness:
        return readiness(self.core, self.around().directories)


def sight_of(core: NodeCore) -> Sight:
    """Return the node's knowledge of the network. Nodes that died, and missing nodes, are not alive."""
    peers, settings = core.engine.peers, core.edge.settings
    nodes = [SeenNode(record, record.key not in peers.dead) for record in peers.roster.records()]
    nodes += [SeenNode(record, False) for record in peers.missing.values()]
    placement = Placement(peers.ring, core.engine.settings.ring.copies, settings.casemap)
    return Sight(settings.network.name, peers.me.name, nodes, placement)


def readiness(core: NodeCore, directories: Sequence[Directory] = ()) -> Readiness:
    """Tell whether the node takes new clients now. directories: in the view of this node.

    A node is ready even if no directory answers, because the network works without directories. A node is also ready if
    one directory refuses the node and another lists the node.
    """
    if core.engine.peers.me.leaving:
        return Readiness(False, "the node is stopping: its channels are handed to other nodes")
    refused = [found for found in directories if found.refused]
    if refused and not any(found.lease_left_s for found in directories):
        return Readiness(False, f"the directory {refused[0].address} refuses the node: {refused[0].problem}")
    if not core.attending:
        return Readiness(False, "the node has not joined the network yet")
    return Readiness(True)
