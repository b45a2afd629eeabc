"""What a client has said to its session on another node, until that node has said what became of it (P9).

Its own node has read it, and promises that it is not lost: when the session goes on elsewhere, it is said there again.
What of it was said already is found to be so by its number (gateway/state/once.py).
"""

from __future__ import annotations

from collections import deque
from typing import Final

BYTES: Final = 1024 * 1024
"""So much may wait to be settled, by far more than the flood control lets pass; then the client is not read."""

LINE: Final = 64
"""Bytes of a line beside its text, roughly."""


class UnsettledLines:
    """The lines of one client that are not settled, in order. settled: the number of the last one before them."""

    def __init__(self, settled: int) -> None:
        self.settled = settled
        self.lines: deque[bytes] = deque()
        self._bytes = 0

    @property
    def is_full(self) -> bool:
        return self._bytes >= BYTES

    def add(self, line: bytes) -> None:
        self.lines.append(line)
        self._bytes += LINE + len(line)

    def settle(self, upto: int) -> None:
        """Lines up to that number are carried out, and the client has been sent what they were answered with."""
        while self.lines and self.settled < upto:
            self.settled += 1
            self._bytes -= LINE + len(self.lines.popleft())
