"""Cloaks: host names that stand for addresses, so that people do not see each other's addresses.

Theory of operation. A cloak consists of keyed digests: of the whole address, and of the networks around the address.
An IPv4 address has the cloak `address./24.ip`, an IPv6 address `address./64./48.ip`, with a digest in place of each
word. Two addresses of a network share the network's digest, so a ban on `*!*@*.DIGEST.ip` holds for the network.
Without the key nobody can tell an address from a cloak, or try addresses until a cloak fits.
"""

from __future__ import annotations

import re
from base64 import b32encode
from collections.abc import Mapping
from hashlib import blake2b
from ipaddress import ip_network
from typing import Final

from gateway.irc.addresses import Network, read_network

SUFFIX: Final = ".ip"
"""Ends every cloak. No address ends so, and nobody may have a host of that form otherwise."""

ACCOUNT_SUFFIX: Final = ".account"
"""Ends the hosts of people who are shown by their account."""

PARTS: Final[Mapping[int, tuple[int, ...]]] = {4: (32, 24), 6: (128, 64, 48)}
"""Bits of the networks in a cloak, by the version of the address."""

_HOST: Final = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])?")

_DIGEST: Final = 5
"""Bytes of a digest: 8 letters. Two of the 2^24 networks of IPv4 have the same digest with a chance of 1 in 2^16."""


def cloaked(key: bytes, text: str) -> str:
    """Make the cloak of an address, or the mask for the cloaks of a network. key: 16 to 64 bytes.

    "203.0.113.7" -> "k2tqjv6w.4znb7hqe.ip", "203.0.113.0/24" -> "*.4znb7hqe.ip". A network of another size has no
    mask: the result is "". Other text, such as the path of a socket, has a cloak of a single digest.
    """
    network = read_network(text)
    if network is None:
        return _digest(key, text) + SUFFIX
    sizes = PARTS[network.version]
    if network.prefixlen not in sizes:
        return ""
    parts = [_part(key, network, bits) for bits in sizes if bits <= network.prefixlen]
    return ".".join(["*"] * (len(parts) < len(sizes)) + parts) + SUFFIX


def fingerprint(key: bytes) -> str:
    """Return a text by which operators recognise the key; nobody can tell the key, or a cloak, from the text."""
    return blake2b(key=key, person=b"cloak key", digest_size=8).hexdigest()


def is_own_form(host: str) -> bool:
    """Whether the host has a form that only the network gives: of a cloak, of an account, or of an address."""
    return host.lower().endswith((SUFFIX, ACCOUNT_SUFFIX)) or read_network(host) is not None


def unfit(host: str, limit: int, server: str) -> str:
    """Return why nobody may have the host instead of a cloak, in words; "" for a fit host. limit: characters. server:
    the network's name towards clients."""
    if len(host) > limit:
        return f"A host has at most {limit} characters."
    if is_own_form(host) or _HOST.fullmatch(host) is None:
        return "A host consists of words of letters, digits and hyphens, with dots between, such as joe.example.org."
    if f".{host}".lower().endswith(f".{server}".lower()):
        return "That is a name of the network."
    return ""


def _part(key: bytes, network: Network, bits: int) -> str:
    return _digest(key, str(ip_network((network.network_address, bits), strict=False)))


def _digest(key: bytes, text: str) -> str:
    return (
        b32encode(blake2b(text.encode("utf-8", "surrogateescape"), key=key, digest_size=_DIGEST).digest())
        .decode()
        .lower()
    )
