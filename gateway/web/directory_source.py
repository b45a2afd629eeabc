"""The data of a directory's HTTP listener, from the directory's core. No I/O."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from gateway.web.health import Health
from gateway.web.sight import Placement, Readiness, SeenNode, Sight, placement
from ring.membership.directory.server import DirectoryCore
from ring.roster import NodeRecord, NoRing, common_ring


class DirectorySource(NamedTuple):
    """address: host:port of the directory. now: Unix seconds, on the core's clock."""

    core: DirectoryCore
    version: str
    address: str
    now: Callable[[], float]

    def sight(self) -> Sight:
        """Return the nodes with a lease. A directory forgets silent nodes, so all of these count as alive."""
        records = self.records()
        found, why = _placement(records)
        nodes = [SeenNode(record, True) for record in records]
        return Sight(self.core.network, f"directory {self.address}", nodes, found, why)

    def records(self) -> list[NodeRecord]:
        return [lease.record for lease in self.core.leases.public("")]

    def ready(self) -> Readiness:
        """Tell whether the list of nodes is complete."""
        if self.core.is_rebuilding(self.now()):
            lease_s = self.core.leases.lease_s
            return Readiness(
                False, f"the directory started less than {lease_s:g} s ago: nodes still announce themselves"
            )
        return Readiness(True)

    def health(self) -> Health:
        """Return healthy: a single loop serves datagrams and HTTP, so any answer shows that the directory works."""
        return Health(True, "")


def _placement(records: list[NodeRecord]) -> tuple[Placement | None, str]:
    """Return the placement; or None, and the reason."""
    staying = [record for record in records if not record.leaving]
    try:
        return placement(common_ring(staying), [record.key for record in staying]), ""
    except (NoRing, ValueError) as problem:
        return None, str(problem)
