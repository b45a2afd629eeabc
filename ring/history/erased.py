"""Name the lines of a group's history to forget for good, on every node with the lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ring.storage.store import Line


class Erased(NamedTuple):
    """Name lines to forget. Times in Unix ms; 0: no lines.

    before: all lines dated up to this time. msgids: these lines. authors: author's name -> time up to which the
    author's lines are forgotten.
    """

    before: int = 0
    msgids: frozenset[str] = frozenset()
    authors: Mapping[str, int] = {}

    def has(self, line: Line, authors: tuple[str, ...]) -> bool:
        """Tell whether the line is to be forgotten. authors: the names of the line's author."""
        if line.at <= self.before or line.msgid in self.msgids:
            return True
        return any(line.at <= self.authors.get(name, 0) for name in authors)


NOTHING = Erased()
