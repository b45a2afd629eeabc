"""Addresses of webhooks: the form of a URL, and the hosts that the configuration allows (P48)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, NamedTuple
from urllib.parse import urlsplit

Address = IPv4Address | IPv6Address

URL_MAX: Final = 1_000
_TEXT: Final = re.compile(r"[!-~]+")  # printable ASCII without spaces
_HOST: Final = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")

_NAT64: Final = IPv6Network("64:ff9b::/96")
"""The last 32 bits are the IPv4 address to which a translator forwards. Source: RFC 6052, section 2.1."""


class Target(NamedTuple):
    """host: a name in lower case without a dot at the end, or an IP address."""

    url: str
    host: str

    @property
    def address(self) -> Address | None:
        try:
            return ip_address(self.host)
        except ValueError:
            return None


def read_url(text: str) -> Target:
    """Read a URL. Raises ValueError, in words."""
    if not _TEXT.fullmatch(text) or len(text) > URL_MAX:
        raise ValueError(f"the URL has to be at most {URL_MAX} printable ASCII characters, without spaces")
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        raise ValueError("the URL cannot be read: write http://host/path or https://host/path") from None
    if parts.scheme not in ("http", "https"):
        raise ValueError("the URL has to begin with http:// or https://")
    if parts.username is not None or parts.password is not None:
        raise ValueError("the URL must not name a user or password: the signature proves where a request is from")
    if parts.fragment or port == 0:
        raise ValueError("the URL must have no fragment (#...) and no port 0")
    target = Target(text, host)
    if target.address is None and (
        "[" in parts.netloc or not _HOST.fullmatch(host) or host.rpartition(".")[2].isdigit()
    ):
        raise ValueError("the URL has to name a host, or an IP address in its usual form")
    return target


def shown(url: str) -> str:
    """Shorten the URL for lists: the query may hold a secret."""
    return f"{url.partition('?')[0]}?..." if "?" in url else url


def host_of(url: str) -> str:
    """Return the URL's host, for the log: the path may hold a secret."""
    return urlsplit(url).hostname or ""


class Allow:
    """entries: host names (`hooks.example.net`, `*.example.net`) and networks (`10.1.0.0/16`, `127.0.0.1`).

    A listed name may lead to any public address. A private address (of this machine or a local network) must be listed
    as an address or network, so that nobody reaches a private address by a name.
    """

    def __init__(self, entries: Iterable[str] = (), node: str = "this node") -> None:
        """node: name of the node whose file has the entries, for messages to people."""
        self._node = node
        self._names: set[str] = set()
        self._networks: list[IPv4Network | IPv6Network] = []
        for entry in entries:
            try:
                self._networks.append(ip_network(entry, strict=False))
            except ValueError:
                self._names.add(entry.lower().rstrip("."))

    def why_not(self, target: Target) -> str:
        """Return the reason to refuse the target, as far as known before the name is resolved; "" if there is none."""
        address = target.address
        if address is not None:
            return "" if self.permits(target.host, address) else self._refusal(target.host)
        return "" if self._networks or self._lists(target.host) else self._refusal(target.host)

    def permits(self, host: str, address: Address) -> bool:
        """Tell whether a request for the host may go to this address, an address of the host's name."""
        real = _real(address)
        if any(real in network for network in self._networks):
            return True
        return self._lists(host) and real.is_global and not (real.is_multicast or real.is_reserved)

    def refusal(self, host: str, addresses: Iterable[Address]) -> str:
        """Explain why none of the addresses is allowed."""
        found = ", ".join(map(str, addresses))
        if found and self._lists(host):
            return f"{host} resolves to {found}, which is not public: webhooks.allow has to list the address itself"
        return f"{host} resolves to {found or 'no address'}: {self._refusal(host)}"

    def _refusal(self, host: str) -> str:
        return (
            f"webhooks.allow in the file of {self._node} does not allow {host}: "
            f"add `- {host}` there in every node's file, and send the nodes SIGHUP"
        )

    def _lists(self, host: str) -> bool:
        parts = host.split(".")
        return host in self._names or any(f"*.{'.'.join(parts[i:])}" in self._names for i in range(1, len(parts)))


def _real(address: Address) -> Address:
    """Return the IPv4 address behind an IPv6 address, if any."""
    if isinstance(address, IPv6Address):
        if address in _NAT64:
            return IPv4Address(address.packed[-4:])
        return address.ipv4_mapped or address.sixtofour or address
    return address
