"""Where the HTTP listener takes its answers from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from gateway.node import NodeCore
from gateway.web.views import readiness
from ring.links.link import LinkState


class Source(NamedTuple):
    """links: ring key of each linked peer, and how the link is."""

    core: NodeCore
    links: Callable[[], Mapping[str, LinkState]]

    def ready(self) -> bool:
        return readiness(self.core).ready
