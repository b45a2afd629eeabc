"""The settings of deliveries that cores read. The configuration owns these (config/webhooks.py)."""

from __future__ import annotations

from typing import Protocol


class WebhookSettings(Protocol):
    """allow: allowed host names and networks. backlog: how many messages may wait for a receiver. keep_s: how long a
    message may wait. time_limit_s: longest time of a request. at_once: requests under way on this node. Read only.
    """

    allow: tuple[str, ...]
    backlog: int
    keep_s: float
    time_limit_s: float
    at_once: int
