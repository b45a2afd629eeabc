"""The section about webhooks: allowed receivers, and limits of patience."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from config.section import Section, setting
from config.units import Duration
from config.values import HostOrNetwork


class Webhooks(Section):
    """Posts of channel messages to receivers that operators have subscribed. Best the same on every node."""

    allow: Annotated[tuple[HostOrNetwork, ...], Field(strict=False, max_length=1000)] = setting(
        (),
        "Where webhooks may be posted to: host names, like hooks.example.net or *.example.net, which may lead to "
        "public addresses alone, and IP addresses or networks, like 10.1.2.3 or 10.0.0.0/8. With none: nowhere.",
        live=True,
    )
    backlog: int = setting(
        10_000, "Messages that may wait for a receiver; of more, the oldest are given up, and the receiver is told how "
        "many.", live=True, ge=1, le=1_000_000,
    )  # fmt: skip
    keep_s: Duration = setting(
        86_400, "How long a message waits for the receiver at most. history.keep_days is a limit, too.",
        live=True, unit="seconds", ge=60, le=30 * 86_400,
    )  # fmt: skip
    time_limit_s: Duration = setting(
        10, "Longest that a request to a receiver may take.", live=True, unit="seconds", ge=0.1, le=60
    )
    at_once: int = setting(32, "Requests to receivers that may be under way on this node.", live=True, ge=1, le=1_000)
