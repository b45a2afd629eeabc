"""Which clients may connect, and what the others are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring.links.admission import Limits, Refusal

if TYPE_CHECKING:
    from gateway.edge.settings import EdgeSettings

REFUSED: Final[dict[Refusal, str]] = {
    "rate": "You connect too often: try again in a minute",
    "per_source": "Too many connections from your address",
    "total": "This server is full: try another node",
}


def limits_of(settings: EdgeSettings) -> Limits:
    """Without a limit of connections from an address there is no limit of new connections per minute either."""
    per_minute = settings.connects_per_minute if settings.per_address else 0
    return Limits(settings.per_address, settings.total, per_minute / 60, per_minute, settings.ipv6_prefix)


def farewell(why: Refusal, address: str) -> bytes:
    """The line that a refused client reads, if it is not under TLS."""
    shown = f"0{address}" if address.startswith(":") else address or "unknown"
    return f"ERROR :Closing Link: {shown} ({REFUSED[why]})\r\n".encode()
