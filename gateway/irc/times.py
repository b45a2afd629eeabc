"""Times as tags show them."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

_LAST_S = 253_402_300_799  # the end of year 9999


def server_time(ms: int) -> str:
    """Unix milliseconds as "2026-11-23T09:00:00.000Z". Source: IRCv3 server-time."""
    return f"{_second(ms // 1000)}.{ms % 1000:03d}Z"


@lru_cache(maxsize=64)
def _second(second: int) -> str:
    # A time from a broken peer may be shown wrong; it must not stop delivery.
    return datetime.fromtimestamp(min(max(second, 0), _LAST_S), UTC).strftime("%Y-%m-%dT%H:%M:%S")
