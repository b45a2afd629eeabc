"""Judges which sites' pages may open the WebSocket. A browser names the asking script's site in `Origin`. No I/O.

Without this check any web site could make its visitors' browsers connect, from addresses and into networks that the
site itself cannot use. Programs that are no browsers send no Origin. Source: RFC 6455, section 10.2.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from urllib.parse import urlsplit


def may_open(origin: str | None, host: str, configured: Collection[str], nodes: Iterable[str]) -> bool:
    """Whether a page of `origin` may open the WebSocket.

    origin: None where the request has none. host: of the request, with its port. configured: origins in small letters,
    or "*". nodes: URLs of the pages of the network's nodes, so that a client may move to another node.
    """
    if origin is None:
        return True
    asked = _site(origin)
    if asked is None:  # "null", of a page in a sandbox or a file
        return "*" in configured
    _, _, authority = asked.partition("://")
    # The scheme does not count here: a proxy may end TLS before the node and not say so.
    if host and authority == host.lower():
        return True
    return any(allowed in ("*", asked) for allowed in configured) or any(_site(url) == asked for url in nodes)


def _site(url: str) -> str | None:
    """Scheme, host and port of a URL in small letters; None if the text is no http URL."""
    try:
        parts = urlsplit(url.lower())
    except ValueError:
        return None
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") and parts.netloc else None
