"""Reads and writes durations and sizes: `1m30s`, `250ms`, `64KiB`. A bare number means seconds or bytes."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Final

from pydantic import BeforeValidator, WithJsonSchema

from config.mistakes import refusing

_DURATION_UNITS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}  # milliseconds
_SIZE_UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}  # bytes
_MOST: Final = 10**12  # the limit for text (twelve digits) and for numbers

_NUMBER = r"[0-9]{1,12}(\.[0-9]{1,6})?"
DURATION_PATTERN = f"^({_NUMBER}|(?=.)" + "".join(f"({_NUMBER}{unit})?" for unit in _DURATION_UNITS) + ")$"
SIZE_PATTERN = r"^[0-9]{1,12} ?(B|KiB|MiB|GiB)?$"

_DURATION = re.compile(DURATION_PATTERN)
_DURATION_PART = re.compile(r"([0-9.]+)(ms|[dhms])")
_SIZE = re.compile(SIZE_PATTERN)


def parse_duration(value: object) -> float:
    """Return the seconds in `value`: a number of seconds, or text like `5`, `5s`, `1m30s`, `250ms`, `2h`, `7d`.

    Raises ValueError with a description of a right value.
    """
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _MOST:
        return float(value)
    if not isinstance(value, str) or not _DURATION.fullmatch(value):
        raise ValueError("a duration like 5s, 1m30s, 250ms, 2h or 7d, or a number of seconds")
    parts = _DURATION_PART.findall(value)
    if not parts:
        return float(value)
    return float(sum(Decimal(number) * _DURATION_UNITS[unit] for number, unit in parts) / 1000)


def format_duration(seconds: float) -> str:
    """Format seconds to the millisecond, in the form that `parse_duration` reads: 90 becomes `1m30s`."""
    rest = round(seconds * 1000)
    text = ""
    for unit, length in _DURATION_UNITS.items():
        count, rest = divmod(rest, length)
        text += f"{count}{unit}" if count else ""
    return text or "0s"


def parse_size(value: object) -> int:
    """Return the bytes in `value`: a whole number of bytes, or text like `512`, `64KiB`, `1MiB`. 1 KiB is 1024 bytes.

    Raises ValueError with a description of a right value.
    """
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST:
        return value
    if not isinstance(value, str) or not _SIZE.fullmatch(value):
        raise ValueError("a size like 512, 64KiB or 1MiB (1 KiB is 1024 bytes)")
    number = value.rstrip("BiKMG ")
    return int(number) * _SIZE_UNITS[value[len(number) :].strip() or "B"]


def format_size(size: int) -> str:
    """Format bytes in the largest unit without a remainder: 65536 becomes `64KiB`, 1000 becomes `1000`."""
    for unit in ("GiB", "MiB", "KiB"):
        if size and size % _SIZE_UNITS[unit] == 0:
            return f"{size // _SIZE_UNITS[unit]}{unit}"
    return str(size)


def _number_or_text(number: str, pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [{"type": number, "minimum": 0}, {"type": "string", "pattern": pattern}]})


Duration = Annotated[float, BeforeValidator(refusing(parse_duration)), _number_or_text("number", DURATION_PATTERN)]
"""Seconds."""

Size = Annotated[int, BeforeValidator(refusing(parse_size)), _number_or_text("integer", SIZE_PATTERN)]
"""Bytes."""
