"""Finds the client's address of a request that passed reverse proxies. No I/O.

Any client may send X-Forwarded-For; each proxy appends the address of its own peer. So only the entries of trusted
proxies count, read from the right: the first address that is not a trusted proxy's is the client's. Source: MDN,
"X-Forwarded-For", "Selecting an IP address".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import NamedTuple

from aiohttp import web

Network = IPv4Network | IPv6Network

_WITH_PORT = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::[0-9]{1,5})?|([0-9.]+):[0-9]{1,5}")


class Client(NamedTuple):
    """secure: whether the client's own connection uses TLS."""

    address: str
    secure: bool


def client_of(
    peer: str, secure: bool, forwarded_for: Sequence[str], forwarded_proto: Sequence[str], trusted: Sequence[Network]
) -> Client:
    """Find the sender of a request.

    peer, secure: of the connection to the node. forwarded_for, forwarded_proto: values of X-Forwarded-For and
    X-Forwarded-Proto, one for each header line. An entry without an address ends the search: the proxy before does not
    know the client, so the proxy's own address counts.
    """
    if not is_trusted(peer, trusted):
        return Client(peer, secure)
    address = peer
    for entry in reversed(_entries(forwarded_for)):
        found = _address(entry)
        if found is None:
            break
        address = str(found)
        if not is_trusted(address, trusted):
            break
    protocols = _entries(forwarded_proto)
    return Client(address, protocols[-1].lower() == "https" if protocols else secure)


def sender(request: web.BaseRequest, trusted: Sequence[Network]) -> Client:
    """Find the sender of a request: behind a trusted proxy, the client named by the proxy."""
    return client_of(
        request.remote or "",
        request.secure,
        request.headers.getall("X-Forwarded-For", ()),
        request.headers.getall("X-Forwarded-Proto", ()),
        trusted,
    )


def _entries(lines: Iterable[str]) -> list[str]:
    return [entry.strip() for line in lines for entry in line.split(",") if entry.strip()]


def is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    found = _address(address)
    return found is not None and any(found in network for network in trusted)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Read an address, even with a port, as some proxies write. An IPv4-mapped address becomes IPv4."""
    match = _WITH_PORT.fullmatch(text)
    try:
        found = ip_address(match[1] or match[2] if match else text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found
