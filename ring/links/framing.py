"""Cut bytes of a link into frames: four bytes of length, a byte of type, the body."""

from __future__ import annotations

from typing import Final

HELLO: Final = 1
PROOF: Final = 2
REFUSE: Final = 3
DATA: Final = 4
PING: Final = 5
PONG: Final = 6
BYE: Final = 7
REQUEST: Final = 8
REPLY: Final = 9

HEAD = 5
HANDSHAKE_MAX = 16 * 1024
"""Longest body, in bytes, that a stranger or an admin client may send."""


class BadFrame(ValueError):
    """The peer does not speak this protocol."""


def frame(kind: int, body: bytes = b"") -> bytes:
    return len(body).to_bytes(4, "big") + bytes((kind,)) + body


class Deframer:
    """Cut a stream into frames, however the bytes are split. `limit`: bytes of a body; set higher after the
    handshake."""

    def __init__(self, limit: int = HANDSHAKE_MAX) -> None:
        self.limit = limit
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """Return the frames that `data` completes. Raises BadFrame for a frame over the limit or of an unknown type."""
        buffer = self._buffer
        buffer += data
        frames = []
        start = 0
        while len(buffer) - start >= HEAD:
            size = int.from_bytes(buffer[start : start + 4], "big")
            kind = buffer[start + 4]
            if size > self.limit:
                raise BadFrame(f"a frame of {size} bytes, at most {self.limit} are allowed")
            if not HELLO <= kind <= REPLY:
                raise BadFrame(f"a frame of unknown type {kind}")
            if len(buffer) - start - HEAD < size:
                break
            frames.append((kind, bytes(buffer[start + HEAD : start + HEAD + size])))
            start += HEAD + size
        del buffer[:start]
        return frames
