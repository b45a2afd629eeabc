"""IRC over WebSocket: one line is one message. The rules, without I/O.

Source: IRCv3, "WebSocket support"; RFC 6455, section 7.4, for the close codes.
"""

from __future__ import annotations

from collections import deque
from typing import Final

TEXT: Final = "text.ircv3.net"
BINARY: Final = "binary.ircv3.net"
PROTOCOLS: Final = (BINARY, TEXT)
"""Subprotocols that the node speaks. The node takes the first of these in the client's list."""

MAX_MESSAGE: Final = 16 * 1024
"""Bytes. A message between the longest line and this size is answered with 417; a longer one ends the connection."""

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
"""The reason that the client reads, by close code."""

MAX_REASON: Final = 123
"""Bytes that a close frame has room for. Source: RFC 6455, section 5.5."""

PRUNE_AT: Final = 1024

MASKED: Final = 0x80
RESERVED: Final = 0x70
MASK_BYTES: Final = 4
LONGER: Final = {126: 2, 127: 8}
"""Bytes of a longer size, by the size in the second byte of a head. Source: RFC 6455, section 5.2."""


class Refused(Exception):
    """The client's message breaks the rules: the connection ends with `code` and `reason`."""

    def __init__(self, code: int, reason: bytes) -> None:
        super().__init__(reason.decode())
        self.code = code
        self.reason = reason


def line_of(data: str | bytes, protocol: str | None) -> bytes:
    """The IRC line that a client's message holds; b"" if the message is empty. Raises Refused.

    protocol: the subprotocol that was agreed; without one, either kind of message is taken. CR LF at the end is
    forgiven, as old clients send them. CR or LF inside is refused: a text that a client passes on without a look must
    not become a second command.
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
    """A line to the client as the payload of its message: text messages are always valid UTF-8, or a browser hangs up.
    Without a subprotocol the messages are text."""
    if protocol == BINARY or line.isascii():
        return line
    return line.decode("utf-8", "replace").encode()


def reason_of(text: str) -> bytes:
    """Cut the text to the size of a close frame, in valid UTF-8."""
    return text.encode("utf-8", "replace")[:MAX_REASON].decode("utf-8", "ignore").encode()


class MaskCheck:
    """Finds frames without a mask: a server must refuse these (RFC 6455, section 5.1), and aiohttp's reader does not.

    The check stands before the reader and gives each head of a frame to the reader whole. In the head of a frame
    without a mask the check sets the reserved bits, so that the reader refuses the frame with PROTOCOL_ERROR.
    """

    __slots__ = ("_head", "_skip")

    def __init__(self) -> None:
        self._head = b""  # the beginning of a head; the rest has not come yet
        self._skip = 0  # bytes of a frame, behind its head, that have not come yet

    def pass_on(self, data: bytes) -> bytes:
        """Bytes from the client to bytes for the reader."""
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
    """Counts how many bytes of lines have come to a client. The kernel counts bytes of frames.

    A device's place in the history depends on this count, as over TCP. Each line that may not have come yet has a
    mark: (bytes of frames up to the line's end, bytes of lines up to there).
    """

    __slots__ = ("_arrived", "_framed", "_handed", "_lines", "_marks", "_prune_at")

    def __init__(self) -> None:
        self._framed = 0  # bytes of frames
        self._handed = 0  # of these, what the kernel has taken
        self._lines = 0
        self._arrived = 0
        self._marks: deque[tuple[int, int]] = deque()
        self._prune_at = PRUNE_AT

    @property
    def is_full(self) -> bool:
        """Whether to call `arrived`, which forgets marks: otherwise the marks of a client would fill memory."""
        return len(self._marks) >= self._prune_at

    def frame(self, payload: int, line: int = 0) -> None:
        """A frame was sent. payload: its bytes without header. line: bytes of its line with CR LF; 0 for a PONG."""
        self._framed += payload + (2 if payload < 126 else 4 if payload < 65536 else 10)
        if line:
            self._lines += line
            self._marks.append((self._framed, self._lines))

    def hand(self, buffered: int) -> None:
        """The kernel has taken all frames but so many bytes. Not told of a broken connection, whose buffer is lost."""
        self._handed = self._framed - buffered

    def arrived(self, unacknowledged: int) -> int:
        """Bytes of lines that have come. unacknowledged: bytes that the client's machine has not confirmed."""
        come = self._handed - unacknowledged
        while self._marks and self._marks[0][0] <= come:
            self._arrived = self._marks.popleft()[1]
        self._prune_at = max(PRUNE_AT, 2 * len(self._marks))
        return self._arrived
