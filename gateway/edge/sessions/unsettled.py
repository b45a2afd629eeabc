"""Keeps the lines of a client for a session on another node, until the session's node reports the outcome (P9).

The client's node has read these lines, and promises that no line is lost: when the session goes on elsewhere, the lines
are said there again. A line already said is recognized by its number (gateway/state/idempotency.py).
"""

from __future__ import annotations

from collections import deque
from typing import Final

BYTES: Final = 1024 * 1024
"""Limit of waiting bytes, far more than the flood control lets pass; beyond the limit the client is not read."""

LINE: Final = 64
"""Bytes of a line besides the text, roughly."""


class UnsettledLines:
    """Holds the unsettled lines of one client, in order. settled: the number of the line before the first of these."""

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
        """Drop the lines up to this number: these are carried out, and the client has been sent the answers."""
        while self.lines and self.settled < upto:
            self.settled += 1
            self._bytes -= LINE + len(self.lines.popleft())
