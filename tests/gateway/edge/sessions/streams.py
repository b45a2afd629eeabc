"""A stream between two nodes whose other end is the test."""

from __future__ import annotations

from typing import Any

import msgspec

from gateway.edge.sessions.remote import Shown
from ring.ids import Incarnation

FAR = Incarnation("far", 1)


class FakeStream:
    """parts: sent by this node. end: why this node has closed the stream; None while open. used: so many of the parts
    have come to the client."""

    def __init__(self, first: bytes = b"") -> None:
        self.first = first
        self.peer = FAR
        self.parts: list[bytes] = []
        self.end: str | None = None
        self.ended_at = 0.0
        self.expected = 0
        self.used = 0
        self.received: Any = None
        self.ended: Any = None
        self.uses: Any = None

    @property
    def next(self) -> int:
        return len(self.parts)

    def send(self, part: bytes) -> None:
        self.parts.append(part)

    def tell_uses(self) -> None:
        pass

    def close(self, reason: str) -> None:
        self.end, self.ended_at = reason, 1.0

    def bring(self, part: bytes) -> None:
        """The other node has sent a part."""
        self.expected += 1
        self.received(part)

    def shown(self) -> list[Shown]:
        """The parts sent to the client's node."""
        return [msgspec.msgpack.decode(part, type=Shown) for part in self.parts]
