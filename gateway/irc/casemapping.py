"""Case folding of names: decides whether two names are the same name."""

from __future__ import annotations

from string import ascii_lowercase, ascii_uppercase
from sys import intern
from typing import Final, Literal

CasemapName = Literal["rfc1459", "ascii"]

_ASCII = bytes.maketrans(ascii_uppercase.encode(), ascii_lowercase.encode())
# Source: RFC 2812, section 2.2: {}|^ are the lower case of []\~.
_TABLES: Final[dict[CasemapName, bytes]] = {
    "ascii": _ASCII,
    "rfc1459": bytes.maketrans(f"{ascii_uppercase}[]\\~".encode(), f"{ascii_lowercase}{{}}|^".encode()),
}


class Casemap:
    """Folds names: names a and b are the same name if casemap(a) == casemap(b). Only ASCII is folded."""

    __slots__ = ("_table", "name")

    def __init__(self, name: CasemapName) -> None:
        self.name = name
        self._table = _TABLES[name]

    def __call__(self, text: str) -> str:
        if text.isascii():
            return intern(text.encode().translate(self._table).decode())  # a nick is kept in five places
        return text.encode("utf-8", "surrogatepass").translate(self._table).decode("utf-8", "surrogatepass")


_CASEMAPS: Final[dict[CasemapName, Casemap]] = {"rfc1459": Casemap("rfc1459"), "ascii": Casemap("ascii")}


def casefold(text: str, mapping: CasemapName) -> str:
    return _CASEMAPS[mapping](text)
