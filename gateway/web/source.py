"""Where the HTTP listener takes its answers from."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from gateway.node import NodeCore
from gateway.web.views import readiness


class Source(NamedTuple):
    """links: ring key of each linked peer -> up for how many seconds."""

    core: NodeCore
    links: Callable[[], dict[str, float]]

    def ready(self) -> bool:
        return readiness(self.core).ready
