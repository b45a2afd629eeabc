"""The parameters of channel modes that are set with a parameter: numbers, channels, and rates."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from gateway.irc.names import is_valid_channel

CHANNEL_BYTES: Final = 200
MOST_JOINS: Final = 100
MOST_SECONDS: Final = 3600
_MAX_LIMIT_DIGITS = 9
_RATE = re.compile(r"([0-9]{1,4}):([0-9]{1,4})")

WRONG: Final = {
    "l": "A limit is a whole number of 1 or more",
    "f": "Write the name of a channel: #overflow",
    "L": "Write the name of a channel: #overflow",
    "F": "Write limits:seconds, such as 10l,3r,5j,4n,2c:15 (lines, repeats, joins, nicks, CTCP); actions: 3r#b30, "
    "5j#i; limits are at most 100, seconds 3600, minutes 1440",
    "j": f"Write joins:seconds, such as 5:10; at most {MOST_JOINS} joins in {MOST_SECONDS} seconds",
}
"""What is wrong with a bad parameter, by the letter."""

CHANNELS: Final = ("f", "L")
"""The modes whose parameter is another channel."""


class Rate(NamedTuple):
    most: int
    seconds: int


class Bounds(NamedTuple):
    """The most that +F and +j may say. most: of a limit. minutes: of a ban, a mute or a mode."""

    most: int
    seconds: float
    minutes: int

    def __str__(self) -> str:
        return f"Limits are at most {self.most}, seconds {self.seconds:g}, minutes {self.minutes}"


def read(letter: str, text: str) -> str | None:
    """Read the parameter that sets the mode, and return the parameter in its single form; None for a bad parameter."""
    if letter == "l":
        is_number = text.isascii() and text.isdigit() and len(text) <= _MAX_LIMIT_DIGITS
        return str(int(text)) if is_number and int(text) > 0 else None
    if letter in CHANNELS:
        return text if is_valid_channel(text, CHANNEL_BYTES) else None
    if letter == "j":
        rate = read_rate(text)
        return f"{rate.most}:{rate.seconds}" if rate is not None else None
    return None


def read_rate(text: str) -> Rate | None:
    """Read "joins:seconds"."""
    found = _RATE.fullmatch(text)
    rate = Rate(int(found[1]), int(found[2])) if found is not None else Rate(0, 0)
    return rate if 0 < rate.most <= MOST_JOINS and 0 < rate.seconds <= MOST_SECONDS else None
