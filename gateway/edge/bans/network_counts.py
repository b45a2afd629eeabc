"""Limits connections by range of addresses over the whole network (state/throttle/counts.py has the other half).

Theory of operation. Each node counts the open connections of a range, as 192.0.2.0/24, and the new connections of the
present minute. Up to its share, the limit divided by the number of nodes, the node asks nobody. Above the share, the
node reports its counts to the range's group, at most once in REPORT_S, and learns the sum of the other nodes that
report. A connection is refused if the own count and that sum reach the limit. So the network has at most about
twice the limit of a range: the limit on the nodes that report, and a share on each node that does not.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any, Final

from gateway.edge.ports import EdgePort
from gateway.irc.addresses import Network, read_network
from gateway.state.throttle.counts import FRESH_S, PREFIX
from gateway.state.throttle.messages import Count, Report, Total
from ring.ids import GroupId

LEVEL: Final = 3
REPORT_S: Final = 1.0
"""Shortest time between two reports of a range."""

RENEW_S: Final = 5.0
"""Time after which the counts of a range are reported again, though nothing has changed: so a node learns of others."""

OPEN: Final = "Too many connections from your network of addresses"
RATE: Final = "Too many new connections from your network of addresses: try again in a minute"


class NetworkCounts:
    """The counts of one node, by range. Memory: ranges with open connections, and ranges of the present minute."""

    def __init__(self, edge: EdgePort) -> None:
        self._edge = edge
        self._ranges: dict[int, str] = {}  # number of a connection -> its range
        self._open: Counter[str] = Counter()
        self._recent: Counter[str] = Counter()
        self._minute = 0
        self._reported: dict[str, float] = {}  # when a range was last reported
        self._due: dict[str, None] = {}  # ranges to report at the next tick
        self._others: dict[str, tuple[Total, int, float]] = {}  # sums of other nodes, with minute and time

    def refuses(self, address: str) -> str:
        """Return why a connection from the address is refused; "" if the connection is let in."""
        name, clients = self._range(address), self._edge.settings.clients
        if not name:
            return ""
        self._turn_minute()
        others, minute, at = self._others.get(name, (Total(), 0, 0.0))
        if self._edge.now - at >= FRESH_S:
            others = Total()
        recent = others.recent if minute == self._minute else 0
        if clients.per_network and self._open[name] + others.open >= clients.per_network:
            return OPEN
        if clients.network_connects_per_minute and self._recent[name] + recent >= clients.network_connects_per_minute:
            return RATE
        return ""

    def came(self, number: int, address: str) -> None:
        """Count a connection that was let in."""
        name = self._range(address)
        if name:
            self._ranges[number] = name
            self._open[name] += 1
            self._recent[name] += 1
            self._note(name)

    def gone(self, number: int) -> None:
        """Count a connection no more."""
        name = self._ranges.pop(number, None)
        if name is not None:
            self._open[name] -= 1
            self._note(name)
            if not self._open[name]:
                del self._open[name]

    def _range(self, address: str) -> str:
        clients = self._edge.settings.clients
        found = read_network(address) if clients.per_address and address else None
        return str(_within(found, clients.network_ipv4, clients.network_ipv6)) if found is not None else ""

    def _turn_minute(self) -> None:
        minute = int(self._edge.now // 60)
        if minute != self._minute:
            self._minute = minute
            self._recent.clear()

    # Reports --------------------------------------------------------------------------------------------------------

    def _is_over_share(self, name: str) -> bool:
        clients, nodes = self._edge.settings.clients, len(self._edge.network.live())
        if nodes < 2:
            return False
        most, rate = clients.per_network, clients.network_connects_per_minute
        return bool((most and self._open[name] * nodes > most) or (rate and self._recent[name] * nodes > rate))

    def _note(self, name: str) -> None:
        """Plan a report of a range whose count has changed."""
        if name in self._reported or self._is_over_share(name):
            self._due[name] = None

    def tick(self, now: float) -> None:
        """Report ranges above the share, and ranges that have been above."""
        if not self._due and not self._reported:
            return
        self._turn_minute()
        for name, at in list(self._reported.items()):
            if now - at >= RENEW_S:
                self._due[name] = None
        for name in [name for name in self._due if now - self._reported.get(name, 0.0) >= REPORT_S]:
            del self._due[name]
            self._report(name, now)

    def _report(self, name: str, now: float) -> None:
        if not self._is_over_share(name):
            self._reported.pop(name, None)  # the last report is forgotten in time
            self._others.pop(name, None)
            return
        if self._edge.network.level < LEVEL:
            return
        self._reported[name] = now
        report = Report(self._edge.record.key, self._open[name], self._recent[name], self._minute)
        done = partial(self._heard, name, self._minute)
        self._edge.network.submit(GroupId("guard", f"{PREFIX}:{name}"), Count(report), done)

    def _heard(self, name: str, minute: int, outcome: Any) -> None:
        if isinstance(outcome, Total) and name in self._reported:
            self._others[name] = outcome, minute, self._edge.now


def _within(address: Network, ipv4: int, ipv6: int) -> Network:
    """Return the range of an address."""
    length = ipv4 if address.version == 4 else ipv6
    return address.supernet(new_prefix=min(length, address.prefixlen))
