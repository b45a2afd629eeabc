"""Choose the address from which a node dials."""

from __future__ import annotations

import socket
from ipaddress import ip_address


def source_for(own_ip: str, peer_ip: str) -> tuple[str, int] | None:
    """Return the own address to dial from, if this machine has the address (no translator) and the peer has the same
    kind."""
    version = ip_address(own_ip).version
    if version != ip_address(peer_ip).version:
        return None
    try:
        with socket.socket(socket.AF_INET6 if version == 6 else socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((own_ip, 0))
    except OSError:
        return None
    return own_ip, 0
