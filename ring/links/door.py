"""Admit connections to the link port, and limit the number of admin clients.

A connection is a stranger until the handshake is done. Then the connection is a peer's link or an admin client's visit,
and both have proven the network key. Strangers are limited at accept, by address. The addresses of the roster's nodes
have separate limits, so that silent strangers never take a peer's place.
"""

from __future__ import annotations

from collections.abc import Iterable

from ring.links.admission import Admission, Limits, Refusal, Report, Ticket, source_of
from ring.roster import NodeRecord

STRANGERS = Limits(per_source=8, total=100, rate=2.0, burst=16)
"""For addresses that no node of the roster has: new nodes, operators' programs, and anybody else at the port."""

MEMBERS = Limits(per_source=64, rate=20.0, burst=128)
"""For an address of the roster. Several nodes may share the address, and all dial at once after a restart."""

ADMIN_CLIENTS = 16
"""At most this many admin clients at a time; a further admin client is refused."""


class Door:
    """Judge connections at accept, and admin clients after the handshake."""

    def __init__(self, prefix6: int = 64) -> None:
        """prefix6: bits of an IPv6 address that make one source."""
        self.strangers = Admission(STRANGERS._replace(prefix6=prefix6))
        self.members = Admission(MEMBERS._replace(prefix6=prefix6))
        self._prefix6 = prefix6
        self._known: frozenset[str] = frozenset()

    def meet(self, records: Iterable[NodeRecord]) -> None:
        """Learn the nodes of the roster, this node included."""
        self._known = frozenset(source_of(record.ip, self._prefix6) for record in records)

    def admit(self, address: str, now: float) -> Ticket | Refusal:
        """Judge a new connection. Release the ticket once the handshake is done, or the connection is lost."""
        known = source_of(address, self._prefix6) in self._known
        return (self.members if known else self.strangers).admit(address, now)

    def refuse_admin_client(self, inside: int) -> str | None:
        """Return in words why a further admin client is refused; None if the client may come in. inside: how many admin
        clients are connected now."""
        return f"{ADMIN_CLIENTS} admin clients are here already: try again later" if inside >= ADMIN_CLIENTS else None

    def reports(self, now: float) -> list[Report]:
        """Return the reports of refused connections to log now."""
        found = (self.strangers.report(now), self.members.report(now))
        return [report for report in found if report is not None]
