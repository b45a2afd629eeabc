"""WHOX: the client chooses the fields of a WHO reply."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

FIELDS = "tcuihsnfdlaor"  # the order of fields in 354; the order in the request does not count


class WhoxQuery(NamedTuple):
    """fields: letters of FIELDS, in the order of FIELDS, each once. token: up to three digits.

    opers: whether only operators are wanted ("o" before the percent sign).
    """

    fields: str
    token: str
    opers: bool

    def row(self, values: Mapping[str, str]) -> list[str]:
        """List the parameters of a 354 after the client's nick. values: letter -> value, for every letter but t."""
        return [self.token if letter == "t" else values[letter] for letter in self.fields]


def parse_whox(text: str) -> WhoxQuery | None:
    """Read "%tcuhnfdar,743"; None without a percent sign (plain WHO). Unknown letters are ignored.

    Source: IRCv3 WHOX. A missing or malformed token is "0", as in ircu.
    """
    flags, percent, asked = text.partition("%")
    if not percent:
        return None
    letters, _, token = asked.partition(",")
    fits = len(token) <= 3 and token.isascii() and token.isdigit()
    return WhoxQuery("".join([letter for letter in FIELDS if letter in letters]), token if fits else "0", "o" in flags)
