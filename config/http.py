"""The sections about HTTP: the page of the ring, metrics and what programs ask."""

from __future__ import annotations

from ipaddress import ip_address

from config.section import Section, setting
from config.tls import Tls
from config.values import BindAddress, Endpoint, PageAddress, Port


class HttpListener(Section):
    """Where a process listens for HTTP, be it a node or a directory. A file without this section has no HTTP."""

    host: BindAddress = setting(
        "127.0.0.1", "IP address to listen on. Everybody who reaches the address may look: think before 0.0.0.0."
    )
    port: Port = setting(8067, "TCP port to listen on.")
    tls: Tls | None = setting(None, "Certificate, for HTTPS.")

    @property
    def address(self) -> Endpoint:
        return Endpoint(self.host, self.port)

    @property
    def url(self) -> str:
        """Where a browser on this machine finds the page."""
        return self.url_at(self.host)

    def url_at(self, host: str) -> str:
        return f"http{'s' if self.tls is not None else ''}://{Endpoint(host, self.port)}/"


class Http(HttpListener):
    """HTTP of a node."""

    advertise: PageAddress | None = setting(
        None,
        "URL at which other people's browsers find this listener, like https://node-1.example.org/, if a proxy stands "
        "before it. With none: that of the listener, unless only this machine can reach the listener.",
    )

    def shown(self, ip: str) -> str:
        """The URL that the network is told of; "" if the listener is for this machine alone.

        ip: address at which other machines reach this one.
        """
        if self.advertise is not None:
            return self.advertise
        host = ip_address(self.host)
        if host.is_loopback and not ip_address(ip).is_loopback:
            return ""
        return self.url_at(ip if host.is_unspecified else self.host)
