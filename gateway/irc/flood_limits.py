"""The limits of the flood mode (+F): `10l,3r#b,5j#i30:15` counts lines, repeats and joins in 15 seconds.

A limit is a number, a letter for what is counted, and perhaps `#`, the letter of an action, and the minutes of the
action. The form follows UnrealIRCd's mode +f.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from gateway.irc.mode_params import MOST_SECONDS, Bounds, Rate, read, read_rate

MOST: Final = 100
"""The highest number of a limit."""

MINUTES: Final = 10
"""How long an action lasts, unless the limit says so."""

MOST_MINUTES: Final = 1440

ACTIONS: Final = {"l": "kbqmMR", "r": "kbqmM", "j": "Ri", "n": "kbqmM", "c": "kbqmMC"}
"""What is counted -> possible actions, the usual action first. l lines, r repeats, n changes of nick and c CTCP
requests of a person; j joins of all. k kick, b ban and kick, q mute; the other letters are modes of the channel."""

WORDS: Final = {"l": "lines", "r": "repeats", "j": "joins", "n": "changes of nick", "c": "CTCP requests"}

_LIMIT = re.compile(r"([0-9]{1,3})([lrjnc])(?:#([A-Za-z])([0-9]{1,4})?)?")
_SECONDS = re.compile(r"[0-9]{1,4}")


class Limit(NamedTuple):
    """minutes: how long a ban, a mute or a mode lasts."""

    most: int
    what: str
    action: str
    minutes: int

    def __str__(self) -> str:
        usual = self.action == ACTIONS[self.what][0] and self.minutes == MINUTES
        minutes = self.minutes if self.minutes != MINUTES else ""
        return f"{self.most}{self.what}" + ("" if usual else f"#{self.action}{minutes}")


class FloodLimits(NamedTuple):
    """limits: by the letter of what is counted."""

    limits: dict[str, Limit]
    seconds: int

    def __str__(self) -> str:
        return f"{','.join(map(str, self.limits.values()))}:{self.seconds}"

    def rate(self, what: str) -> Rate | None:
        limit = self.limits.get(what)
        return Rate(limit.most, self.seconds) if limit is not None else None


def read_limits(text: str) -> FloodLimits | None:
    """Read the parameter of +F; None for a bad parameter."""
    parts, colon, seconds = text.partition(":")
    if not colon or _SECONDS.fullmatch(seconds) is None or not 0 < int(seconds) <= MOST_SECONDS:
        return None
    limits: dict[str, Limit] = {}
    for part in parts.split(","):
        limit = _read_limit(part)
        if limit is None or limit.what in limits:
            return None
        limits[limit.what] = limit
    return FloodLimits(limits, int(seconds))


def _read_limit(text: str) -> Limit | None:
    found = _LIMIT.fullmatch(text)
    if found is None:
        return None
    most, what = int(found[1]), found[2]
    action, minutes = found[3] or ACTIONS[what][0], int(found[4] or MINUTES)
    is_good = 0 < most <= MOST and action in ACTIONS[what] and 0 < minutes <= MOST_MINUTES
    return Limit(most, what, action, minutes) if is_good else None


WIDEST: Final = Bounds(MOST, MOST_SECONDS, MOST_MINUTES)
"""The bounds of every network: no setting goes beyond."""


def is_within(letter: str, param: str, bounds: Bounds) -> bool:
    """Whether the operator's bounds allow the parameter of a mode. param: as `read_param` returns the parameter."""
    if letter == "j" and (rate := read_rate(param)) is not None:
        return rate.most <= bounds.most and rate.seconds <= bounds.seconds
    if letter != "F" or (found := read_limits(param)) is None:
        return True
    limits = found.limits.values()
    are_good = all(one.most <= bounds.most and one.minutes <= bounds.minutes for one in limits)
    return are_good and found.seconds <= bounds.seconds


def read_param(letter: str, text: str) -> str | None:
    """Read the parameter of any mode, as `mode_params.read`."""
    if letter != "F":
        return read(letter, text)
    limits = read_limits(text)
    return str(limits) if limits is not None else None
