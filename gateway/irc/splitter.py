"""Splits the bytes of a connection into complete lines, in bounded memory."""

from __future__ import annotations

from enum import Enum
from typing import Final

from gateway.irc.limits import CLIENT_TAG_BYTES, LINE_BYTES


class TooLong(Enum):
    TOO_LONG = "too long"


TOO_LONG: Final = TooLong.TOO_LONG

Item = bytes | TooLong


class LineSplitter:
    """Cuts a stream of chunks into lines, at each CR and at each LF.

    limit_body: bytes of a line with CR LF, without tags. limit_tags: bytes from "@" to the first space, both counted,
    at least limit_body. The default is IRCv3's limit for clients (8,191 includes the server's own tags).
    Between calls, the splitter holds at most limit_body + limit_tags bytes, and nothing of an endless line.
    """

    __slots__ = ("_content", "_rest", "_skipping", "_tags")

    def __init__(self, limit_body: int = LINE_BYTES, limit_tags: int = CLIENT_TAG_BYTES) -> None:
        self._content = limit_body - 2
        self._tags = limit_tags
        self._rest = b""
        self._skipping = False

    def feed(self, data: bytes) -> list[Item]:
        """Take a chunk, and return the lines that `data` completes: non-empty, without CR and LF, in order.

        TOO_LONG stands for a line over the limits (the answer is 417), and is reported once, as early as possible. The
        line is dropped, and the rest of the line skipped.
        """
        last = len(data) - 2
        is_whole = 0 < last <= self._content and not self._rest and not self._skipping
        if is_whole and data.find(b"\r") == last and data.find(b"\n") == last + 1:  # most chunks: a single line
            return [data[:last]]
        if b"\r" in data:
            data = data.replace(b"\r", b"\n")
        if self._skipping:
            _, end, data = data.partition(b"\n")
            if not end:
                return []
            self._skipping = False
        lines = (self._rest + data).split(b"\n") if self._rest else data.split(b"\n")
        rest = lines.pop()
        content = self._content
        items: list[Item] = [line if len(line) <= content or self._fits(line) else TOO_LONG for line in lines if line]
        if len(rest) > content and not self._fits(rest):
            items.append(TOO_LONG)
            self._skipping = True
            rest = b""
        self._rest = rest
        return items

    def _fits(self, line: bytes) -> bool:
        """Whether a line or the beginning of a line is within the limits. If the beginning is not, the line is not."""
        if line[0] != 0x40:
            return len(line) <= self._content
        space = line.find(b" ", 0, self._tags)
        if space < 0:
            return len(line) < self._tags
        return len(line) - space - 1 <= self._content
