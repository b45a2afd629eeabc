"""The sections about HTTP: the page of the ring, metrics, and the API."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Annotated

from pydantic import Field

from config.mistakes import Key
from config.section import Section, setting
from config.tls import Tls
from config.tokens import Token
from config.values import BindAddress, Endpoint, NetworkRange, Origin, PageAddress, Port


class HttpListener(Section):
    """The HTTP listener of a node or directory. A file without this section has no HTTP."""

    host: BindAddress = setting(
        "127.0.0.1", "IP address to listen on. Everybody with access to the address may look: think before 0.0.0.0."
    )
    port: Port = setting(8067, "TCP port to listen on.")
    tls: Tls | None = setting(None, "Certificate, for HTTPS.")

    per_address: int = setting(
        64, "Connections from one IP address, 0 for no limit. Trusted proxies of a node have no limit.",
        live=True, ge=0, le=1_000_000,
    )  # fmt: skip
    total: int = setting(
        256, "Connections at once. IRC clients over WebSocket do not count: clients.total limits them.",
        live=True, ge=1, le=1_000_000,
    )  # fmt: skip

    pages_per_minute: int = setting(
        1200, "Requests for pages, metrics and other public paths that an IP address may make in a minute, 0 for no "
        "limit. This machine and trusted proxies have no limit.", live=True, ge=0, le=1_000_000,
    )  # fmt: skip

    @property
    def address(self) -> Endpoint:
        return Endpoint(self.host, self.port)

    @property
    def url(self) -> str:
        """The address of the page, for a browser on this machine."""
        return self.url_at(self.host)

    def url_at(self, host: str) -> str:
        return f"http{'s' if self.tls is not None else ''}://{Endpoint(host, self.port)}/"


class DirectoryHttp(HttpListener):
    """HTTP of a directory."""

    port: Port = setting(8071, "TCP port to listen on.")


class Http(HttpListener):
    """HTTP of a node."""

    advertise: PageAddress | None = setting(
        None,
        "URL at which other people's browsers find this listener, like https://node-1.example.org/, if a proxy stands "
        "before it. With none: that of the listener, unless only this machine can reach the listener.",
    )
    tokens: Annotated[tuple[Token, ...], Field(strict=False, max_length=1000)] = setting(
        (), "Tokens of programs that use the API of operators. With none nobody may use the API.", live=True
    )
    requests_per_minute: int = setting(
        600, "Requests to the API that a token, and an IP address, may make in a minute.", live=True, ge=1, le=1_000_000
    )
    failures_per_minute: int = setting(
        10, "Requests with a wrong token that an IP address may make in a minute.", live=True, ge=1, le=1_000_000
    )
    origins: Annotated[tuple[Origin, ...], Field(strict=False, max_length=100)] = setting(
        (), "Web sites whose pages may open the WebSocket /irc, beside the network's own nodes; * is every site. List "
        "the node's own site, too, if browsers find the node by a name that is not in its file.", live=True,
    )  # fmt: skip
    trusted_proxies: Annotated[tuple[NetworkRange, ...], Field(strict=False, max_length=100)] = setting(
        (), "Reverse proxies, each an IP address or a network like 10.0.0.0/8: the node believes their X-Forwarded-For "
        "and X-Forwarded-Proto.", live=True,
    )  # fmt: skip

    def shown(self, ip: str) -> str:
        """Return the URL to announce in the network; "" if only this machine can reach the listener.

        ip: this node's address for other machines.
        """
        if self.advertise is not None:
            return self.advertise
        host = ip_address(self.host)
        if host.is_loopback and not ip_address(ip).is_loopback:
            return ""
        return self.url_at(ip if host.is_unspecified else self.host)

    def mistakes(self) -> Iterator[tuple[Key, str]]:
        for what in ("name", "hash"):
            values = [getattr(token, what) for token in self.tokens]
            for index, value in enumerate(values):
                if value in values[:index]:
                    shown = f"{value} stands" if what == "name" else "the same hash stands"
                    yield ("tokens", index, what), f"{shown} twice: remove one"
