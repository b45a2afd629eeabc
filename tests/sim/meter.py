"""Counts what passes between nodes, and between nodes and directories: messages and bytes, by kind and by node."""

from __future__ import annotations

from collections import Counter

from ring.wire.codec import Unread, decode_each, size

HEARTBEAT = "heartbeat"
DATAGRAM = "datagram"

HEARTBEAT_BYTES = 5
"""A frame without a body: four bytes of length, and the kind (ring/links/framing.py)."""


class Meter:
    """Counts by kind: the name of a message's struct, a heartbeat, or a datagram of a directory.

    messages, bytes: by kind. work: messages that a node has sent or received, by the node's ring key. Bytes are those
    of the payloads, without frames, TLS and TCP.
    """

    def __init__(self, *, steady: bool = True) -> None:
        """steady: whether heartbeats and datagrams count, which go on whatever happens."""
        self._steady = steady
        self.messages: Counter[str] = Counter()
        self.bytes: Counter[str] = Counter()
        self.work: Counter[str] = Counter()

    def sent(self, source: str, to: str, payload: bytes | None) -> None:
        """Count a payload; None: a heartbeat."""
        if payload is None:
            self.heartbeats(source, to)
            return
        for message in decode_each(payload):
            kind = message.kind if isinstance(message, Unread) else type(message).__name__
            self._count(source, to, kind, 0 if isinstance(message, Unread) else size(message))

    def heartbeats(self, source: str, to: str) -> None:
        if self._steady:
            self._count(source, to, HEARTBEAT, HEARTBEAT_BYTES)

    def datagram(self, source: str, to: str, length: int) -> None:
        if self._steady:
            self._count(source, to, DATAGRAM, length)

    def _count(self, source: str, to: str, kind: str, length: int) -> None:
        self.messages[kind] += 1
        self.bytes[kind] += length
        self.work[source] += 1
        self.work[to] += 1
