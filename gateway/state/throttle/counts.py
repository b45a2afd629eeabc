"""Counts of connections from one range of addresses, over all nodes that have many of these connections.

Theory of operation. A node counts the connections of a range by itself, and reports only once its own count passes its
share of the limit. The range's group adds up the reports: so a raid costs messages between the raided nodes and one
master, and never from every node to every node. Reports are forgotten FRESH_S after the last report.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from gateway.state.throttle.messages import Count, Counted, CountsMerged, Report, Total
from ring.ids import Incarnation
from ring.replication.state_machine import Decision, StateBase

FRESH_S: Final = 60.0
"""A report counts for so long."""

PREFIX: Final = "range"
"""Begins the names of these groups: `range:192.0.2.0/24`."""

_HOSTS: Mapping[Incarnation, int] = {}


class _Known(NamedTuple):
    report: Report
    at: int


class Counts(StateBase):
    """The last report of each node, by ring key, with its time in Unix ms."""

    __slots__ = ("reports",)

    def __init__(self, reports: Mapping[str, tuple[Report, int]] | None = None) -> None:
        self.reports = {key: _Known(*known) for key, known in (reports or {}).items()}

    @property
    def subscribers(self) -> Mapping[Incarnation, int]:
        return _HOSTS

    def decide(self, command: Count, at: int) -> Decision:
        report = command.report
        others = [one.report for key, one in self.reports.items() if key != report.key and _is_fresh(one, at)]
        recent = sum(one.recent for one in others if one.minute == report.minute)
        return Decision(Total(sum(one.open for one in others), recent), Counted(report))

    def apply(self, event: Counted | CountsMerged, at: int) -> bool:
        if isinstance(event, CountsMerged):
            self.reports = {report.key: _Known(report, time) for report, time in event.reports}
        else:
            self.reports[event.report.key] = _Known(event.report, at)
            self.reports = {key: one for key, one in self.reports.items() if _is_fresh(one, at)}
        return False

    def snapshot(self) -> Any:
        return sorted((tuple(one) for one in self.reports.values()), key=lambda one: one[0].key)

    def merge(self, other: Counts, at: int) -> CountsMerged | None:
        """Keep the later report of each node."""
        both = dict(self.reports)
        for key, one in other.reports.items():
            if key not in both or _order(one) > _order(both[key]):
                both[key] = one
        return (
            CountsMerged(tuple((one.report, one.at) for _, one in sorted(both.items())))
            if both != self.reports
            else None
        )

    def is_collectable(self, at: int) -> bool:
        return not any(_is_fresh(one, at) for one in self.reports.values())


def _is_fresh(one: _Known, at: int) -> bool:
    return at - one.at < FRESH_S * 1000


def _order(one: _Known) -> tuple[int, tuple[Any, ...]]:
    return one.at, msgspec.structs.astuple(one.report)


_stored = msgspec.msgpack.Decoder(list[tuple[Report, int]])


def restore(snapshot: msgspec.Raw) -> Counts:
    """Raises msgspec.MsgspecError."""
    return Counts({report.key: (report, at) for report, at in _stored.decode(snapshot)})
