"""Judges from which web sites a page may open the WebSocket. A browser names the page's site in `Origin`. No I/O.

Without this check any web site could make its visitors' browsers connect, from addresses and into networks that the
site cannot use directly. Programs other than browsers send no Origin. Source: RFC 6455, section 10.2.

A page of the node's own site may always connect. The node's own site has a host name of the node, or an address. A
foreign host name proves nothing, even if Host and Origin agree: the owner of the name may point the name to this node's
address during a visit (DNS rebinding).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

EVERY_SITE = "*"


def may_open(
    origin: str | None, host: str, configured: Collection[str], nodes: Collection[str], names: Collection[str] = ()
) -> bool:
    """Tell whether a page of `origin` may open the WebSocket.

    origin: None for a request without an origin. host: of the request, with the port. configured: origins in small
    letters, or "*". nodes: URLs of the nodes' pages, so that a client may move to another node; includes nodes that
    left, because pages of these nodes may still be open. names: host names of the node and the network.
    """
    if origin is None:
        return True
    asked = _site(origin)
    if asked is None:  # "null": a page in a sandbox or a file
        return EVERY_SITE in configured
    # The scheme does not count here: a proxy may end TLS before the node without a note in the request.
    if host and _authority(asked) == host.lower() and is_own(host, configured, nodes, names):
        return True
    return any(allowed in (EVERY_SITE, asked) for allowed in configured) or any(_site(url) == asked for url in nodes)


def is_own(host: str, configured: Collection[str], nodes: Iterable[str], names: Iterable[str]) -> bool:
    """Tell whether a request to this host, with the port, was meant for this node. The parameters are as in `may_open`.

    Addresses always count as the node's own: a foreigner cannot choose the target of an address.
    """
    name = _host_name(host)
    if name is None:
        return False
    if EVERY_SITE in configured or name == "localhost" or name.endswith(".localhost") or _is_address(name):
        return True
    if any(name == own.lower() for own in names):
        return True
    return any(_authority(site) == host.lower() for url in (*configured, *nodes) if (site := _site(url)) is not None)


def _site(url: str) -> str | None:
    """Return scheme, host and port of a URL in small letters; None if the text is no http URL."""
    try:
        parts = urlsplit(url.lower())
    except ValueError:
        return None
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") and parts.netloc else None


def _authority(site: str) -> str:
    return site.partition("://")[2]


def _host_name(host: str) -> str | None:
    """Return the host without the port, in small letters."""
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
