"""Holds the answers of all nodes of a network to a question, for `gateway.findings`. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from gateway.status import Absent, Seen, Status
from ring.roster import NodeRecord


class Row(NamedTuple):
    """The result of asking one node. problem: the reason if there is no status."""

    record: NodeRecord
    status: Status | None
    problem: str = ""

    @property
    def address(self) -> str:
        host = f"[{self.record.ip}]" if ":" in self.record.ip else self.record.ip
        return f"{host}:{self.record.link_port}"


class Survey(NamedTuple):
    """rows: the asked nodes, sorted by name. The other fields are as in visits.Known."""

    rows: list[Row]
    listed: frozenset[str] | None
    directories: int
    silent: list[str]
    roster_problem: str | None = None
    refused: frozenset[tuple[str, str, str]] = frozenset()  # name, address, reason, as the directories say

    @property
    def missing(self) -> list[Absent]:
        """Return the nodes that have gone without leaving in order, sorted by name, from the memory of all nodes
        together.

        A node that answers is not missing. Nor is a node missing if another node saw the node leave in order: the
        remaining nodes may have been down at that moment.
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
        """Return ring key and name of each node that is thought dead and is neither listed nor missing yet, by ring
        key.

        The directories forget a silent node before the other nodes count the silent node as missing.
        """
        known = {row.record.key for row in self.rows} | {absent.ring_key for absent in self.missing}
        statuses = [row.status for row in self.rows if row.status is not None]
        dead = {seen.ring_key: seen.name for _, thought in opinions(statuses) for seen in thought}
        return {key: name for key, name in sorted(dead.items()) if key not in known}


def opinions(statuses: Iterable[Status]) -> Iterator[tuple[Status, list[Seen]]]:
    """Pair each status with the nodes that the answering node thinks dead.

    In a large network many statuses share the same roster object. Each roster is read only once.
    """
    thought: dict[int, list[Seen]] = {}
    for status in statuses:
        dead = thought.get(id(status.roster))
        if dead is None:
            dead = thought[id(status.roster)] = [seen for seen in status.roster if seen.state == "dead"]
        yield status, dead


def _rank(absent: Absent) -> tuple[int, float]:
    """Rank two memories of the same node: by the later life, then by the longer absence."""
    return absent.incarnation, -absent.since


def _absent(status: Status) -> list[Absent]:
    """Return the missing nodes in the status. Nodes of older builds give only names, so the other facts are unknown."""
    known = {absent.ring_key for absent in status.absent}
    bare = [Absent(name, key, 0, 0.0) for key, name in status.missing.items() if key not in known]
    return [*status.absent, *bare]
