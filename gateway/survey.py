"""What the nodes of a network said of themselves when all were asked at once, for `gateway.findings`. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from gateway.status import Absent, Seen, Status
from ring.roster import NodeRecord


class Row(NamedTuple):
    """The result of asking one node. problem: why there is no status."""

    record: NodeRecord
    status: Status | None
    problem: str = ""

    @property
    def address(self) -> str:
        host = f"[{self.record.ip}]" if ":" in self.record.ip else self.record.ip
        return f"{host}:{self.record.link_port}"


class Survey(NamedTuple):
    """rows: of the nodes that were asked, by name; the rest as in visits.Known."""

    rows: list[Row]
    listed: frozenset[str] | None
    directories: int
    silent: list[str]
    roster_problem: str | None = None
    refused: frozenset[tuple[str, str, str]] = frozenset()  # by the directories: name, address and reason

    @property
    def missing(self) -> list[Absent]:
        """The nodes that were there and did not leave in order, by name: what all nodes together remember.

        A node that answers is not missing. Nor is a node that anybody saw leave in order: the others may have been down
        at that moment.
        """
        statuses = [row.status for row in self.rows if row.status is not None]
        here = {status.ring_key for status in statuses}
        found: dict[str, Absent] = {}
        for absent in (absent for status in statuses for absent in _absent(status)):
            known = found.get(absent.ring_key)
            if absent.ring_key in here:
                continue
            if any(status.left.get(absent.ring_key, -1) >= absent.incarnation for status in statuses):
                continue
            if known is None or _rank(absent) > _rank(known):
                found[absent.ring_key] = absent
        return sorted(found.values(), key=lambda absent: (absent.name, absent.ring_key))

    @property
    def given_up(self) -> dict[str, str]:
        """Ring keys and names of the nodes that are thought dead and that nobody lists or misses yet, by ring key.

        The directories forget a silent node before the other nodes count it as missing.
        """
        known = {row.record.key for row in self.rows} | {absent.ring_key for absent in self.missing}
        statuses = [row.status for row in self.rows if row.status is not None]
        dead = {seen.ring_key: seen.name for _, thought in opinions(statuses) for seen in thought}
        return {key: name for key, name in sorted(dead.items()) if key not in known}


def opinions(statuses: Iterable[Status]) -> Iterator[tuple[Status, list[Seen]]]:
    """Each status with the nodes that its node thinks dead.

    A roster that several statuses share as one object is read once: the nodes of a large network tell the same roster.
    """
    thought: dict[int, list[Seen]] = {}
    for status in statuses:
        dead = thought.get(id(status.roster))
        if dead is None:
            dead = thought[id(status.roster)] = [seen for seen in status.roster if seen.state == "dead"]
        yield status, dead


def _rank(absent: Absent) -> tuple[int, float]:
    """Of two memories of one node: the later life, and then the longer absence."""
    return absent.incarnation, -absent.since


def _absent(status: Status) -> list[Absent]:
    """Nodes of older builds say only the names of the missing."""
    known = {absent.ring_key for absent in status.absent}
    bare = [Absent(name, key, 0, 0.0) for key, name in status.missing.items() if key not in known]
    return [*status.absent, *bare]
