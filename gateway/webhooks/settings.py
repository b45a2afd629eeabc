"""Settings of deliveries, from the configuration."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """allow: allowed host names and networks. backlog: how many messages may wait for a receiver. keep_s: how long a
    message may wait. time_limit_s: longest time of a request. at_once: requests under way on this node.
    """

    allow: tuple[str, ...] = ()
    backlog: int = 10_000
    keep_s: float = 86_400.0
    time_limit_s: float = 10.0
    at_once: int = 32
