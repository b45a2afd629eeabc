"""WHOX: the fields that a client asks of WHO."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

FIELDS = "tcuihsnfdlaor"  # the order of 354, whatever the order asked in


class WhoxQuery(NamedTuple):
    """fields: letters of FIELDS, in their order, each once. token: one to three digits.

    opers: whether only operators are wanted ("o" before the percent sign).
    """

    fields: str
    token: str
    opers: bool

    def row(self, values: Mapping[str, str]) -> list[str]:
        """The parameters of a 354 after the client's nick. values: by letter, all but t."""
        return [self.token if letter == "t" else values[letter] for letter in self.fields]


def parse_whox(text: str) -> WhoxQuery | None:
    """Read "%tcuhnfdar,743"; None without a percent sign (plain WHO). Unknown letters are ignored.

    Source: IRCv3 WHOX. A token that is missing or none is "0", as in ircu.
    """
    flags, percent, asked = text.partition("%")
    if not percent:
        return None
    letters, _, token = asked.partition(",")
    fits = len(token) <= 3 and token.isascii() and token.isdigit()
    return WhoxQuery("".join([letter for letter in FIELDS if letter in letters]), token if fits else "0", "o" in flags)
