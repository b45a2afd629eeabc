"""Decide which new connections a port takes: limits for each source at accept, before TLS, and one log line a minute.

The module does no I/O, and serves the link port and the listeners of clients alike. A silent connection costs its
opener nothing, but costs a node a descriptor and, under TLS, some 50 KB. So the port judges a connection when the
connection is accepted, by the only thing known then: the address.
"""

from __future__ import annotations

import re
from collections import Counter
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Literal, NamedTuple

from ring.durations import REFUSED_LOG_EVERY_S

Refusal = Literal["rate", "per_source", "total"]
"""Too many new connections of a source in a short time, too many open connections of a source, or too many of all
sources."""

SOURCES = 4096
"""The table of rates holds at most this many sources. Past this number, the sources used longest ago start anew."""

_IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(?:\.(?!$)|$)){4}")
"""An IPv4 address as the kernel writes it: most addresses, in a tenth of the time that ip_address takes."""

NAMED = 256
"""Sources counted by name between two reports. Refusals of further sources are in the number only."""


def source_of(address: str, prefix6: int = 64) -> str:
    """Name the source of an address: an IPv4 address, or the IPv6 network of `prefix6` bits around the address.

    An IPv4 address that is written as IPv6 (`::ffff:192.0.2.1`) counts as the IPv4 address. Text that is no address, as
    of a Unix socket, is a source by itself.
    """
    if _IPV4.fullmatch(address):
        return address
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ip_network((parsed, prefix6), strict=False)) if prefix6 < 128 else str(parsed)


class Limits(NamedTuple):
    """Limit connections; 0 means no limit.

    per_source, total: open connections. rate: new connections a second of one source, of which `burst` may come at
    once. prefix6: bits of an IPv6 address that make a source.
    """

    per_source: int = 0
    total: int = 0
    rate: float = 0.0
    burst: int = 0
    prefix6: int = 64


class Report(NamedTuple):
    """Report refusals to the log.

    number: refused since the last report. most: the source refused most often, refused `most_number` times.
    """

    number: int
    rate: int
    per_source: int
    total: int
    sources: int  # NAMED stands for NAMED or more
    most: str
    most_number: int


class Ticket:
    """A connection that was let in. `release` the ticket when the connection no longer counts; a second release does
    nothing."""

    __slots__ = ("_admission", "source")

    def __init__(self, admission: Admission, source: str) -> None:
        self._admission: Admission | None = admission
        self.source = source

    def release(self) -> None:
        admission, self._admission = self._admission, None
        if admission is not None:
            admission.released(self.source)


class Admission:
    """Count connections by source. Memory: the sources of open connections, and at most SOURCES rates."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits  # may be changed at any time: open connections stay
        self.open: Counter[str] = Counter()  # source -> open connections; never 0
        self.total = 0
        self.refused: Counter[Refusal] = Counter()  # since the start, for metrics
        self._rates: dict[str, tuple[float, float]] = {}  # source -> (connections allowed now, as of when)
        self._since_report: Counter[Refusal] = Counter()
        self._named: Counter[str] = Counter()
        self._report_at = float("-inf")

    def admit(self, address: str, now: float, *, shared: bool = False) -> Ticket | Refusal:
        """Judge a new connection. now: seconds of a clock that only moves forward.

        shared: many people come from the address, as behind a proxy, so only the total counts.
        """
        limits = self.limits
        source = source_of(address, limits.prefix6)
        if not shared and not self._within_rate(source, now):
            return self._refuse(source, "rate")
        if not shared and limits.per_source and self.open[source] >= limits.per_source:
            return self._refuse(source, "per_source")
        if limits.total and self.total >= limits.total:
            return self._refuse(source, "total")
        self.open[source] += 1
        self.total += 1
        return Ticket(self, source)

    def released(self, source: str) -> None:
        """End a ticket, for Ticket: the connection is closed, or counts no more."""
        self.total -= 1
        self.open[source] -= 1
        if not self.open[source]:
            del self.open[source]

    def report(self, now: float) -> Report | None:
        """Return the report to log now. A first refusal is reported at the next call, later refusals once in
        REFUSED_LOG_EVERY_S."""
        if not self._since_report or now < self._report_at:
            return None
        self._report_at = now + REFUSED_LOG_EVERY_S
        count, self._since_report = self._since_report, Counter()
        named, self._named = self._named, Counter()
        ((most, most_number),) = named.most_common(1)
        return Report(count.total(), count["rate"], count["per_source"], count["total"], len(named), most, most_number)

    def _refuse(self, source: str, why: Refusal) -> Refusal:
        self.refused[why] += 1
        self._since_report[why] += 1
        if source in self._named or len(self._named) < NAMED:
            self._named[source] += 1
        return why

    def _within_rate(self, source: str, now: float) -> bool:
        """Take a token of the source's bucket: full with `burst`, refilled by `rate` a second. A refused try costs
        nothing."""
        rate, burst = self.limits.rate, max(self.limits.burst, 1)
        if not rate:
            return True
        allowed, since = self._rates.pop(source, (float(burst), now))
        allowed = min(allowed + (now - since) * rate, burst)
        within = allowed >= 1
        self._rates[source] = (allowed - 1 if within else allowed, now)  # last in the table: used last
        if len(self._rates) > SOURCES:
            self._forget_rates(now)
        return within

    def _forget_rates(self, now: float) -> None:
        """Drop the sources with a full bucket, and a quarter of the table if such sources are too few."""
        rate, burst = self.limits.rate, max(self.limits.burst, 1)
        kept = {
            source: (allowed, since)
            for source, (allowed, since) in self._rates.items()
            if allowed + (now - since) * rate < burst
        }
        for source in list(kept)[: max(0, len(kept) - SOURCES * 3 // 4)]:
            del kept[source]
        self._rates = kept
