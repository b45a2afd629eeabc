"""Lengths of time as people type them: "30m", "12h", "7d", "1d12h"; a plain number counts minutes."""

from __future__ import annotations

import re
from typing import Final

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400, "y": 365 * 86_400}
_PART: Final = re.compile(r"(\d{1,9})([smhdwy])", re.ASCII)
_SPAN: Final = re.compile(r"(?:\d{1,9}[smhdwy])+", re.ASCII)
_PLAIN: Final = re.compile(r"\d{1,9}", re.ASCII)

LONGEST_S: Final = 100 * 365 * 86_400


def read_span(text: str) -> int | None:
    """Read a length of time in seconds, at most LONGEST_S; None for other text. "0" is 0: for good."""
    folded = text.lower()
    if _PLAIN.fullmatch(folded):
        return min(int(folded) * 60, LONGEST_S)
    if _SPAN.fullmatch(folded) is None:
        return None
    return min(sum(int(count) * _UNITS[unit] for count, unit in _PART.findall(folded)), LONGEST_S)


def span_text(seconds: int) -> str:
    """Write a length of time in its two largest units: 129600 is "1d12h"; less than a second is "0s"."""
    found = []
    for unit in ("y", "w", "d", "h", "m", "s"):
        count, seconds = divmod(seconds, _UNITS[unit])
        if count:
            found.append(f"{count}{unit}")
    return "".join(found[:2]) or "0s"
