"""Numbers, times and names as sentences have them. No I/O."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime


def moment(at: float) -> str:
    """Unix seconds as local time."""
    return f"{datetime.fromtimestamp(at):%Y-%m-%d %H:%M:%S}"


def listed(names: Iterable[str]) -> str:
    """a, b and c"""
    *rest, last = names
    return f"{', '.join(rest)} and {last}" if rest else last


def verb(subjects: list[str], plural: str) -> str:
    """The verb for so many subjects: they refuse, but one refuses."""
    return plural if len(subjects) > 1 else plural + "s"


def counted(number: int, noun: str) -> str:
    """1 group, 2 groups"""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def days(seconds: float) -> str:
    whole = int(seconds // 86_400)
    return "less than a day" if whole < 1 else counted(whole, "day")
