"""What of a group's history is to be forgotten for good, on every node that has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ring.storage.store import Line


class Erased(NamedTuple):
    """before: all dated up to then. msgids: these lines. authors: what who is called so has said up to then.

    Times in Unix ms; 0: nothing.
    """

    before: int = 0
    msgids: frozenset[str] = frozenset()
    authors: Mapping[str, int] = {}

    def has(self, line: Line, authors: tuple[str, ...]) -> bool:
        """authors: what who has said the line is called."""
        if line.at <= self.before or line.msgid in self.msgids:
            return True
        return any(line.at <= self.authors.get(name, 0) for name in authors)


NOTHING = Erased()
