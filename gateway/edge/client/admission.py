"""The limits on connections, and the line for a refused client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ring.links.admission import Limits, Refusal

if TYPE_CHECKING:
    from gateway.edge.settings import EdgeSettings

REFUSED: Final[dict[Refusal, str]] = {
    "rate": "You connect too often: try again in a minute",
    "per_source": "Too many connections from your address",
    "total": "This server is full: try another node",
}


class Banned(NamedTuple):
    """A connection is refused by a ban of the address. why: the ban in words."""

    why: str


def limits_of(settings: EdgeSettings) -> Limits:
    """Return the limits of the settings. Without a limit on connections of an address, the rate has no limit either."""
    clients = settings.clients
    per_minute = clients.connects_per_minute if clients.per_address else 0
    return Limits(clients.per_address, settings.total, per_minute / 60, per_minute, clients.ipv6_prefix)


def words(why: Refusal | Banned) -> str:
    """Return the reason for refusing a connection, in words."""
    return why.why if isinstance(why, Banned) else REFUSED[why]


def farewell(why: Refusal | Banned, address: str) -> bytes:
    """Return the line for a refused client; only a client without TLS reads the line."""
    shown = f"0{address}" if address.startswith(":") else address or "unknown"
    return f"ERROR :Closing Link: {shown} ({words(why)})\r\n".encode()
