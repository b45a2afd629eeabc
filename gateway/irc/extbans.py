"""Extended bans: masks of accounts, real names and channels, masks that only mute, and masks that end.

`~a:joe` is the account joe, `~r:*spam*` a real name, `~c:#raid` people who are in that channel. `~q:mask` only mutes,
and `~t:30:mask` ends after 30 minutes; `~t`, `~q` and the mask may be combined: `~t:30:~q:~a:joe`. Long names mean the
same (`~account:joe`). Source: UnrealIRCd, "Extended bans"; IRCv3 account-extban.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final, NamedTuple

from gateway.irc.casemapping import Casemap
from gateway.irc.masks import compile_mask, is_understood, match_source, normalise_mask, sources
from gateway.irc.names import is_valid_channel

LEVEL: Final = 3
"""The feature level of the network at which extended bans work."""

PREFIX: Final = "~"
LETTERS: Final = "acqrt"

MOST_MINUTES: Final = 527_040
"""The longest time of a mask: 366 days."""

NOBODY: Final = "0"
"""`~a:0` is everybody without an account."""

WRONG: Final = (
    "Not understood: ~a:account, ~r:real?name, ~c:#channel (not muted), ~q:mask (mutes), ~t:minutes:mask, "
    "nick!user@host and *!*@network (10.0.0.0/8)"
)

_HEAD = re.compile(r"~([A-Za-z]+):")
_DIGITS = re.compile(r"[1-9][0-9]{0,5}")
_CHANNEL_BYTES = 200
_NAMES: Final = {letter: letter for letter in LETTERS} | {
    "account": "a",
    "channel": "c",
    "quiet": "q",
    "mute": "q",
    "m": "q",
    "realname": "r",
    "time": "t",
    "timed": "t",
}


class Extban(NamedTuple):
    """letter: a, c or r, or "" for a nick!user@host mask. mutes: the mask bars nobody from entering. minutes: how long
    the mask counts from the time when the mask was set; 0 for ever."""

    letter: str
    value: str
    mutes: bool = False
    minutes: int = 0

    def __str__(self) -> str:
        ends = f"~t:{self.minutes}:" if self.minutes else ""
        return f"{ends}{'~q:' if self.mutes else ''}{f'~{self.letter}:' if self.letter else ''}{self.value}"

    def fits(self, source: str, account: str | None, real: str, rooms: Collection[str], casemap: Casemap) -> bool:
        """Whether the mask fits a person. source: as of `sources`. rooms: folded names of channels of the person."""
        if self.letter == "c":
            return casemap(self.value) in rooms
        if self.letter == "a" and account is None:
            return self.value == NOBODY
        if not self.letter:
            return any(match_source(self.value, one, casemap) for one in sources(source))
        text = account if self.letter == "a" and account is not None else real
        return compile_mask(self.value, casemap.name).match(casemap(text)) is not None


def is_extended(text: str) -> bool:
    """Whether the text begins as an extended ban does, known or not."""
    return text[:1] == PREFIX and _HEAD.match(text) is not None


def read(text: str) -> Extban | None:
    """Read an extended ban; None for a mask that is no extended ban, or is not understood."""
    minutes, mutes, rest = 0, False, text
    while (found := _HEAD.match(rest)) is not None:
        letter, rest = _NAMES.get(found[1].lower(), ""), rest[found.end() :]
        if letter == "t" and not minutes:
            digits, colon, rest = rest.partition(":")
            minutes = int(digits) if colon and _DIGITS.fullmatch(digits) else 0
            if not 0 < minutes <= MOST_MINUTES:
                return None
        elif letter == "q" and not mutes:
            mutes = True
        elif letter and letter in "acr":
            one = Extban(letter, rest, mutes, minutes)
            return one if _is_good(one) else None
        else:
            return None
    whole = normalise_mask(rest)
    is_good = rest and (minutes or mutes) and is_understood(whole)
    return Extban("", whole, mutes, minutes) if is_good else None


def _is_good(one: Extban) -> bool:
    if one.letter == "c":
        return not one.mutes and is_valid_channel(one.value, _CHANNEL_BYTES)
    return bool(one.value) and " " not in one.value


def complete(text: str, *, extended: bool = True) -> str:
    """Complete a mask as people write masks: to the short form of an extended ban, or to a full nick!user@host.

    extended: whether the network knows extended bans.
    """
    found = read(text) if extended and is_extended(text) else None
    return str(found) if found is not None else normalise_mask(text)


def is_good_mask(letter: str, mask: str) -> bool:
    """Whether a complete mask means something in the list of the letter."""
    if not is_extended(mask):
        return is_understood(mask)
    found = read(mask)
    return found is not None and str(found) == mask and not (letter == "I" and found.mutes)
