"""Turns: how many lines of slow clients are carried out before the node looks at its other clients again.

A turn is what a node does between two flushes. Lines of registered clients that keep to their tokens (client/flood.py)
are carried out as they come. Two kinds of lines share LINES a turn: lines of connections that are not registered yet,
and lines that have waited for tokens. What is left over waits for the next turns, which follow at once; the connections
take turns, a line each. So hundreds of connections that send as much as they may do not hold up a line of anybody else
for longer than the work of one turn, though their tokens are refilled at the same moment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gateway.edge.client.connection import Connection

LINES: Final = 16
"""About 2 ms of work, the slice of rule P23. A turn takes some 4 ms under load, so that makes 4,000 lines a second."""


class Turns:
    """left: lines that the turn may still carry out. waiting: connections with lines for this turn or later turns, in
    order. While some wait, the shell has the edge `carry_on` before each flush, and owes another flush after it."""

    __slots__ = ("left", "waiting")

    def __init__(self) -> None:
        self.left = LINES
        self.waiting: dict[Connection, None] = {}

    def begin(self) -> None:
        self.left = LINES

    def take(self) -> bool:
        """Whether a line that has just come is carried out in this turn, for nobody waits; then the line is counted."""
        if self.waiting or self.left <= 0:
            return False
        self.left -= 1
        return True

    def next(self) -> Connection | None:
        """The connection that is to have a line carried out now; None once the turn is full, or nobody waits."""
        if not self.waiting or self.left <= 0:
            return None
        self.left -= 1
        connection = next(iter(self.waiting))
        del self.waiting[connection]
        return connection
