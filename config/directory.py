"""The configuration of a directory: `directory-1.yaml`."""

from __future__ import annotations

from pydantic import Field

from config.common import DirectoryNetwork, Log
from config.http import DirectoryHttp
from config.section import REQUIRED, Section, setting, subsection
from config.units import Duration
from config.values import BindAddress, Endpoint, Port


class Directory(Section):
    """The directory's address, and the lease of its nodes."""

    host: BindAddress = setting(REQUIRED, "IP address to listen on; 0.0.0.0 or :: for all.")
    port: Port = setting(7700, "UDP port to listen on.")
    lease_s: Duration = setting(10, "Silence after which a node is forgotten.", unit="seconds", ge=0.5, le=3600)


class DirectoryLimits(Section):
    """Upper limits of the directory."""

    nodes: int = setting(1000, "Remembered live nodes; further nodes are refused.", ge=1, le=100_000)
    cookie_s: Duration = setting(
        60, "Time that the cookie of an unsigned query stays good.", unit="seconds", ge=1, le=3600
    )


class DirectoryConfig(Section):
    """The file of a directory."""

    network: DirectoryNetwork = Field(description="The network that the directory serves. Required.")
    directory: Directory = Field(description="Where the directory listens and how long it remembers. Required.")
    limits: DirectoryLimits = subsection(DirectoryLimits, "What the directory holds at most.")
    http: DirectoryHttp | None = setting(
        None, "HTTP: the page of the ring, the list of nodes, metrics. Without this section there is no HTTP."
    )
    log: Log = subsection(Log, "Where the log goes and what is in it.")

    @property
    def address(self) -> Endpoint:
        """The address on which the directory listens."""
        return Endpoint(self.directory.host, self.directory.port)
