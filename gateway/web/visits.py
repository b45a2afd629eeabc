"""Limits how often an address may request public paths: pages, files, metrics.

The API of operators and the WebSocket have limits of their own. Monitors have a separate limit: a person behind the
same address who loads pages without end must not keep Prometheus from its answers.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from ipaddress import ip_address
from math import ceil
from typing import Final

from aiohttp import web

from config.http import Http, HttpListener
from gateway.web.forwarded import Network, is_trusted, sender
from gateway.web.refusal import Refused
from ring.links.admission import Admission, Limits, Ticket, source_of

MONITORED: Final = frozenset(("/metrics", "/healthz", "/readyz"))
ELSEWHERE: Final = ("/api/", "/irc")
"""The beginnings of paths with limits of their own."""

BURST_S: Final = 15
"""Requests worth this many seconds may come at once: a page of the chat loads some twenty files."""


class Visits:
    """The requests for public paths, by address."""

    def __init__(self, config: HttpListener) -> None:
        self._pages, self._monitors = Admission(Limits()), Admission(Limits())
        self.configure(config)

    def configure(self, config: HttpListener) -> None:
        """Take a new limit. The used part stays used."""
        self._config = config
        per_s = config.pages_per_minute / 60
        self._pages.limits = self._monitors.limits = Limits(rate=per_s, burst=ceil(per_s * BURST_S))

    def judge(self, request: web.Request) -> None:
        """Count the request. Raises Refused."""
        if request.path.startswith(ELSEWHERE):
            return
        trusted = trusted_by(self._config)
        address = sender(request, trusted).address
        if is_trusted(address, trusted) or _is_loopback(address):
            return
        visits = self._monitors if request.path in MONITORED else self._pages
        verdict = visits.admit(address, time.monotonic())
        if isinstance(verdict, Ticket):
            verdict.release()
            return
        most = self._config.pages_per_minute
        text = f"your address {source_of(address)} makes more than {most} requests a minute: ask less often"
        raise Refused(429, text, {"Retry-After": str(ceil(60 / most))})


def trusted_by(config: HttpListener) -> Sequence[Network]:
    """Return the trusted proxies of the listener; a directory trusts none."""
    return config.trusted_proxies if isinstance(config, Http) else ()


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
