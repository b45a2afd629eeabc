"""SASLprep: passwords that look the same become the same. Source: RFC 4013, a profile of RFC 3454 (stringprep)."""

from __future__ import annotations

import stringprep
from unicodedata import ucd_3_2_0

_PROHIBITED = (
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
    stringprep.in_table_a1,  # characters newer than Unicode 3.2: a stored string must not have these characters
)


class Prohibited(ValueError):
    """The text has no prepared form."""


def saslprep(text: str) -> str:
    """Prepare a stored string (a password). Raises Prohibited."""
    if text.isascii() and text.isprintable():
        return text
    mapped = "".join(" " if stringprep.in_table_c12(c) else c for c in text if not stringprep.in_table_b1(c))
    prepared = ucd_3_2_0.normalize("NFKC", mapped)
    if not prepared or any(refuses(c) for c in prepared for refuses in _PROHIBITED):
        raise Prohibited
    if any(map(stringprep.in_table_d1, prepared)):  # RFC 3454, section 6: all text from right to left
        ends = stringprep.in_table_d1(prepared[0]) and stringprep.in_table_d1(prepared[-1])
        if not ends or any(map(stringprep.in_table_d2, prepared)):
            raise Prohibited
    return prepared
