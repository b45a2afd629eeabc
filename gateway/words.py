"""Writes numbers, times and names for use in sentences. No I/O."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime


def moment(at: float) -> str:
    """Format Unix seconds as local time."""
    return f"{datetime.fromtimestamp(at):%Y-%m-%d %H:%M:%S}"


def listed(names: Iterable[str]) -> str:
    """Join names: "a, b and c"."""
    *rest, last = names
    return f"{', '.join(rest)} and {last}" if rest else last


def verb(subjects: list[str], plural: str) -> str:
    """Return the verb to match the number of subjects: "nodes refuse", but "a node refuses"."""
    return plural if len(subjects) > 1 else plural + "s"


def counted(number: int, noun: str) -> str:
    """Count a noun: "1 group", "2 groups"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def days(seconds: float) -> str:
    whole = int(seconds // 86_400)
    return "less than a day" if whole < 1 else counted(whole, "day")
