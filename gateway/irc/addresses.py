"""IP addresses in masks: two spellings of an address are the same address. CIDR means all addresses of a network."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network

Network = IPv4Network | IPv6Network

_SPELLING = re.compile(r"[0-9A-Fa-f:.]*[:.][0-9A-Fa-f:.]*(?:/[0-9]{1,3})?")
_CIDR = re.compile(r"[0-9A-Fa-f:.*?]*[:.][0-9A-Fa-f:.*?]*/.*", re.DOTALL)
_GLOB = re.compile(r"[0-9A-Fa-f:.*?]+")
_MAPPED = 96
"""Bits before the IPv4 address in an IPv4-mapped IPv6 address. Source: RFC 4291, section 2.5.5.2."""


@lru_cache(maxsize=4096)
def read_network(text: str) -> Network | None:
    """Read "10.0.0.1", "10.0.0.0/8", "0::1" or "::/64" as a network; None for any other text.

    A single address is the smallest network. Bits after the prefix are ignored. An IPv4-mapped IPv6 address is the IPv4
    address.
    """
    if _SPELLING.fullmatch(text) is None:
        return None
    try:
        found = ip_network(text, strict=False)
    except ValueError:
        return None
    if isinstance(found, IPv6Network) and found.prefixlen >= _MAPPED:
        inner = found.network_address.ipv4_mapped
        if inner is not None:
            return IPv4Network((inner, found.prefixlen - _MAPPED))
    return found


def is_within(host: str, network: Network) -> bool:
    """Whether the host is an address of the network, in any spelling of the address."""
    address = read_network(host)
    return address is not None and address.version == network.version and address.subnet_of(network)  # type: ignore[arg-type]


def is_host_mask(text: str) -> bool:
    """Whether some host may fit. Text like an address must be an address, a network, or a mask of addresses."""
    if _CIDR.fullmatch(text) is not None:
        return read_network(text) is not None
    if ":" not in text or read_network(text) is not None:
        return True
    # On other networks, a letter and a colon begin an extended ban ("a:*"). No address begins so.
    return _GLOB.fullmatch(text) is not None and ("*" in text or "?" in text) and (text[1:2] != ":" or text[0] in "*?")
