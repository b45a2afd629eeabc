"""What deliveries are told by the configuration."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """allow: host names and networks that may be posted to. backlog: messages that may wait for a receiver, and keep_s:
    for how long. time_limit_s: of a request. at_once: requests under way on this node."""

    allow: tuple[str, ...] = ()
    backlog: int = 10_000
    keep_s: float = 86_400.0
    time_limit_s: float = 10.0
    at_once: int = 32
