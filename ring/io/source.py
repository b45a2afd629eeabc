"""Where a node dials from."""

from __future__ import annotations

import socket
from ipaddress import ip_address


def source_for(own_ip: str, peer_ip: str) -> tuple[str, int] | None:
    """Where to dial from: the own address, if it is this machine's (not behind a translator) and of the peer's kind."""
    version = ip_address(own_ip).version
    if version != ip_address(peer_ip).version:
        return None
    try:
        with socket.socket(socket.AF_INET6 if version == 6 else socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((own_ip, 0))
    except OSError:
        return None
    return own_ip, 0
