"""Times as text: in tags, CHATHISTORY and playback."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

_SERVER_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z", re.ASCII)
_SECONDS = re.compile(r"(\d{1,11})(?:\.(\d{0,9}))?", re.ASCII)
_LAST_S = 253_402_300_799  # the end of year 9999

DAY_S: Final = 86_400
"""Seconds of a day."""


def server_time(ms: int) -> str:
    """Write Unix milliseconds as "2026-11-23T09:00:00.000Z". Source: IRCv3 server-time."""
    return f"{_second(ms // 1000)}.{ms % 1000:03d}Z"


def read_server_time(text: str) -> int | None:
    """Read "2026-11-23T09:00:00.000Z" as Unix milliseconds; None for other text. Further digits are ignored."""
    found = _SERVER_TIME.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = map(int, found.groups()[:6])
    try:
        moment = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except ValueError:
        return None
    return int(moment.timestamp()) * 1000 + int((found[7] or "").ljust(3, "0")[:3])


def read_seconds(text: str) -> int | None:
    """Read "1700000000.123" (seconds) as Unix milliseconds; None for other text."""
    found = _SECONDS.fullmatch(text)
    return None if found is None else int(found[1]) * 1000 + int((found[2] or "").ljust(3, "0")[:3])


_DURATION = re.compile(r"([0-9]{1,6})([smhdw])", re.ASCII)
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": DAY_S, "w": 7 * DAY_S}


def read_duration(text: str) -> int | None:
    """Read "30m", "12h" or "7d" as seconds; None for other text."""
    found = _DURATION.fullmatch(text.lower())
    return None if found is None else int(found[1]) * _UNITS[found[2]]


@lru_cache(maxsize=64)
def _second(second: int) -> str:
    # A broken peer may send an impossible time. A wrong time on the screen is better than an exception in the delivery.
    return datetime.fromtimestamp(min(max(second, 0), _LAST_S), UTC).strftime("%Y-%m-%dT%H:%M:%S")
