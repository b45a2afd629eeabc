"""The rules of IRC over WebSocket: a line is a message. No I/O.

Source: IRCv3, "WebSocket support"; RFC 6455, section 7.4, for the close codes.
"""

from __future__ import annotations

from collections import deque
from typing import Final

TEXT: Final = "text.ircv3.net"
BINARY: Final = "binary.ircv3.net"
PROTOCOLS: Final = (BINARY, TEXT)
"""Subprotocols of the node. The node picks the first subprotocol in the client's list that is among these."""

MAX_MESSAGE: Final = 16 * 1024
"""Bytes. A message longer than a line gets 417; a message longer than this size ends the connection."""

GOING_AWAY: Final = 1001
PROTOCOL_ERROR: Final = 1002
UNSUPPORTED: Final = 1003
INVALID: Final = 1007
TOO_BIG: Final = 1009

WORDS: Final = {
    INVALID: b"A message is one IRC line without CR and LF; in a text message, in UTF-8",
    TOO_BIG: b"The message is longer than any IRC line may be",
    PROTOCOL_ERROR: b"The frames do not follow RFC 6455",
}
"""Reasons for the client, by close code."""

MAX_REASON: Final = 123
"""Bytes of a reason in a close frame. Source: RFC 6455, section 5.5."""

PRUNE_AT: Final = 1024

MASKED: Final = 0x80
RESERVED: Final = 0x70
MASK_BYTES: Final = 4
LONGER: Final = {126: 2, 127: 8}
"""Bytes of an extended size, by the size in the second byte of a head. Source: RFC 6455, section 5.2."""


class Refused(Exception):
    """The client's message breaks the rules. The connection ends with `code` and `reason`."""

    def __init__(self, code: int, reason: bytes) -> None:
        super().__init__(reason.decode())
        self.code = code
        self.reason = reason


def line_of(data: str | bytes, protocol: str | None) -> bytes:
    """Return the IRC line in a client's message; b"" for an empty message. Raises Refused.

    protocol: the agreed subprotocol; without a subprotocol, both kinds of messages are accepted. CR LF at the end is
    accepted, because old clients send it. CR or LF inside is refused: if a client forwards a text unchecked, the text
    must not become a second command.
    """
    if isinstance(data, str):
        if protocol == BINARY:
            raise Refused(UNSUPPORTED, b"binary.ircv3.net was agreed: send binary messages")
        data = data.encode()
    elif protocol == TEXT:
        raise Refused(UNSUPPORTED, b"text.ircv3.net was agreed: send text messages")
    line = data.rstrip(b"\r\n")
    if b"\r" in line or b"\n" in line:
        raise Refused(INVALID, WORDS[INVALID])
    return line


def message_of(line: bytes, protocol: str | None) -> bytes:
    """Make the payload of a line to the client. Text messages have to be valid UTF-8, or a browser closes the
    connection. Without a subprotocol the messages are text.
    """
    if protocol == BINARY or line.isascii():
        return line
    return line.decode("utf-8", "replace").encode()


def reason_of(text: str) -> bytes:
    """Cut the text to the size of a close frame, in valid UTF-8."""
    return text.encode("utf-8", "replace")[:MAX_REASON].decode("utf-8", "ignore").encode()


class MaskCheck:
    """Finds frames without a mask. A server must refuse these (RFC 6455, section 5.1), but aiohttp's reader accepts
    them.

    The check stands before the reader, and passes each head of a frame on as a whole. In the head of a frame without a
    mask, the check sets the reserved bits, so that the reader refuses the frame with PROTOCOL_ERROR.
    """

    __slots__ = ("_head", "_skip")

    def __init__(self) -> None:
        self._head = b""  # the received part of an incomplete head
        self._skip = 0  # bytes of the current frame after the head, still to come

    def pass_on(self, data: bytes) -> bytes:
        """Pass bytes of the client on to the reader, checked."""
        data, at = self._head + data, self._skip
        while len(data) - at >= 2:
            first, second = data[at], data[at + 1]
            if not second & MASKED:
                return data[:at] + bytes((first | RESERVED, second))
            size = second & ~MASKED
            longer = LONGER.get(size, 0)
            if len(data) - at < 2 + longer:
                break
            if longer:
                size = int.from_bytes(data[at + 2 : at + 2 + longer], "big")
            at += 2 + longer + MASK_BYTES + size
        self._skip = max(0, at - len(data))
        self._head = data[at:]
        return data[:at]


class Ledger:
    """Counts the bytes of lines that a client's machine has acknowledged. The kernel counts bytes of frames.

    A device's place in the history depends on this count, as over TCP. Each line without a full acknowledgement has a
    mark: (bytes of frames up to the line's end, bytes of lines up to there).
    """

    __slots__ = ("_arrived", "_framed", "_handed", "_lines", "_marks", "_prune_at")

    def __init__(self) -> None:
        self._framed = 0  # bytes of frames
        self._handed = 0  # of these, bytes that the kernel has taken
        self._lines = 0
        self._arrived = 0
        self._marks: deque[tuple[int, int]] = deque()
        self._prune_at = PRUNE_AT

    @property
    def is_full(self) -> bool:
        """Whether to call `arrived` now. `arrived` forgets marks, so that the marks of a client do not fill memory."""
        return len(self._marks) >= self._prune_at

    def frame(self, payload: int, line: int = 0) -> None:
        """Count a sent frame. payload: bytes without the header. line: bytes of the line with CR LF; 0 for a PONG."""
        self._framed += payload + (2 if payload < 126 else 4 if payload < 65536 else 10)
        if line:
            self._lines += line
            self._marks.append((self._framed, self._lines))

    def hand(self, buffered: int) -> None:
        """Note that the kernel has taken all frames except `buffered` bytes. Never called for a broken connection,
        because bytes in the buffer of a broken connection are lost.
        """
        self._handed = self._framed - buffered

    def arrived(self, unacknowledged: int) -> int:
        """Return the acknowledged bytes of lines. unacknowledged: sent bytes without an acknowledgement."""
        come = self._handed - unacknowledged
        while self._marks and self._marks[0][0] <= come:
            self._arrived = self._marks.popleft()[1]
        self._prune_at = max(PRUNE_AT, 2 * len(self._marks))
        return self._arrived
