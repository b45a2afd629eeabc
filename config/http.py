"""The section about HTTP: the page of the ring, metrics and what programs ask."""

from __future__ import annotations

from config.section import Section, setting
from config.tls import Tls
from config.values import BindAddress, Endpoint, Port


class Http(Section):
    """The HTTP listener. A file without this section has none."""

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
        return f"http{'s' if self.tls is not None else ''}://{self.address}/"
