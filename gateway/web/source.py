"""Where the HTTP listener takes its answers from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from gateway.node import NodeCore
from gateway.web.views import readiness
from ring.links.link import LinkState


class Source(NamedTuple):
    """links: ring key of each linked peer, and how the link is. act: runs a job in a turn of the node, and sends what
    comes of the job."""

    core: NodeCore
    links: Callable[[], Mapping[str, LinkState]]
    act: Callable[[Callable[[], None]], None] = lambda job: job()

    def ready(self) -> bool:
        return readiness(self.core).ready
