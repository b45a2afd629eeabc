"""The knowledge of one process (a node or a directory) about the network, for the page of the ring. No I/O."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol, cast, get_args

from gateway.irc.casemapping import Casemap, CasemapName
from gateway.web.health import Health
from ring.placement import Distance, Ring
from ring.roster import NodeRecord, RingTerms


class SeenNode(NamedTuple):
    """A node, in the view of this process."""

    record: NodeRecord
    alive: bool


class Placement(NamedTuple):
    """Tells where a name lives."""

    ring: Ring
    copies: int
    casemap: Casemap


class Sight(NamedTuple):
    """network, seen_by: names. unplaced: the reason for a missing placement, in words."""

    network: str
    seen_by: str
    nodes: list[SeenNode]
    placement: Placement | None
    unplaced: str = ""


class Readiness(NamedTuple):
    """why: the reason in words; "" if ready."""

    ready: bool
    why: str = ""


class Known(Protocol):
    """A node or a directory, as the source of the pages."""

    def sight(self) -> Sight: ...

    def ready(self) -> Readiness: ...

    def health(self) -> Health: ...


def placement(terms: RingTerms, keys: Iterable[str]) -> Placement:
    """Return the placement of names by the settings in the records. keys: ring keys of the nodes that may master names.

    Raises ValueError, in words, for settings of a later build.
    """
    distances, casemaps = get_args(Distance), get_args(CasemapName)
    for what, value, known in (("distance", terms.distance, distances), ("casemapping", terms.casemapping, casemaps)):
        if value not in known:
            raise ValueError(f"this build does not know the {what} {value!r} of that network: use a later build")
    ring = Ring(keys, cast(Distance, terms.distance), terms.points)
    return Placement(ring, terms.copies, Casemap(cast(CasemapName, terms.casemapping)))
