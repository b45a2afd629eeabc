"""Turns: how many lines of slow clients are carried out before the node looks at other clients again.

A turn is the work of a node between two flushes. Lines of registered clients with enough tokens (client/flood.py) are
carried out at once. Two kinds of lines share LINES a turn: lines of connections which are not registered yet, and lines
which have waited for tokens. The rest waits for the next turns, which follow at once; the connections take turns, a
line each. So hundreds of busy connections do not hold up a line of anybody else for longer than the work of one turn,
though the tokens of all these connections are refilled at the same moment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gateway.edge.client.connection import Connection

LINES: Final = 16
"""About 2 ms of work, the slice of rule P23. A turn takes some 4 ms under load, so a node does 4,000 lines a second."""


class Turns:
    """left: number of lines for the rest of the turn. waiting: connections with lines for this turn or later turns, in
    order. While connections wait, the shell calls `carry_on` of the edge before each flush, and flushes again after."""

    __slots__ = ("left", "waiting")

    def __init__(self) -> None:
        self.left = LINES
        self.waiting: dict[Connection, None] = {}

    def begin(self) -> None:
        self.left = LINES

    def take(self) -> bool:
        """Whether a new line is carried out in this turn, as no connection waits; if so, count the line."""
        if self.waiting or self.left <= 0:
            return False
        self.left -= 1
        return True

    def next(self) -> Connection | None:
        """Return the connection to have a line carried out now; None if the turn is full, or no connection waits."""
        if not self.waiting or self.left <= 0:
            return None
        self.left -= 1
        connection = next(iter(self.waiting))
        del self.waiting[connection]
        return connection
