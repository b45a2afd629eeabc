"""Formats messages as lines of bytes, ready to send."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from gateway.irc.limits import BODY_BYTES
from gateway.irc.message import decode, encode, storable

TEXT_LAST = frozenset(
    ["PRIVMSG", "NOTICE", "TOPIC", "QUIT", "KICK", "AWAY", "ERROR", "WALLOPS", "SETNAME", "KILL"]
) | frozenset(["301", "302", "303", "319", "332", "353", "372", "375", "382"])
"""Commands with free text as the last parameter. The text always follows a colon, as simple clients expect."""

_UNSENDABLE = str.maketrans("\r\n\0", "   ")
_TAG_SPECIAL = re.compile(r"[; \\\r\n\x00]")
_TAG_ESCAPES = str.maketrans({";": "\\:", " ": "\\s", "\\": "\\\\", "\r": "\\r", "\n": "\\n", "\0": ""})


def format_line(
    source: str | None, command: str, params: Sequence[str], tags: Mapping[str, str | None] | None = None
) -> bytes:
    """Format a whole line with CR LF: tags, then a body of at most 512 bytes. A longer body is cut between characters.

    tags: values unescaped, None or "" for a tag without a value; server tags first, as the order is kept. The result is
    always a single line: CR, LF and NUL in the parts become spaces.
    """
    body = format_body(source, command, params)
    return format_tags(tags) + body if tags else body


def format_body(source: str | None, command: str, params: Sequence[str]) -> bytes:
    """Format the line without tags. Recipients of an event share this body; only the tags differ."""
    parts = [command] if source is None else [f":{source}", command]
    if params:
        *middles, last = params
        for part in middles:
            parts.append(_middle(part) if not part or " " in part or part[0] == ":" else part)
        parts.append(f":{last}" if command in TEXT_LAST or not last or " " in last or last[0] == ":" else last)
    line = " ".join(parts)
    if "\n" in line or "\r" in line or "\0" in line:
        return _format_cleaned(source, command, params)
    body = encode(line)
    return (body if len(body) <= BODY_BYTES else truncate(body, BODY_BYTES)) + b"\r\n"


def format_text(source: str, command: str, target: str, text: bytes) -> bytes:
    """Format a PRIVMSG or NOTICE without tags from the bytes of the text, to the same bytes as `format_body`."""
    head = f":{source} {command} {target} :"
    body = (head.encode() if head.isascii() else encode(head)) + text
    if b"\n" in body or b"\r" in body or b"\0" in body or " " in target or target[:1] in ("", ":"):
        return format_body(source, command, (target, decode(text)))
    return (body if len(body) <= BODY_BYTES else truncate(body, BODY_BYTES)) + b"\r\n"


def format_tags(tags: Mapping[str, str | None]) -> bytes:
    """Format tags as "@a=1;b ", with the space; b"" without tags."""
    if not tags:
        return b""
    return encode(
        "@" + ";".join([f"{key}={escape_tag_value(value)}" if value else key for key, value in tags.items()]) + " "
    )


def escape_tag_value(value: str) -> str:
    """Escape the value of a tag. Source: IRCv3 message tags, "Escaping values"."""
    return value.translate(_TAG_ESCAPES) if _TAG_SPECIAL.search(value) else value


def truncate(data: bytes, limit: int) -> bytes:
    """Cut `data` to at most `limit` bytes, between UTF-8 characters."""
    if len(data) <= limit:
        return data
    for end in range(limit, max(limit - 4, -1), -1):
        if data[end] & 0xC0 != 0x80:  # the byte after the cut begins a character
            return data[:end]
    return data[:limit]


def truncate_text(text: str, limit: int) -> str:
    """Cut `text` to at most `limit` bytes and make the text storable: for topics, reasons and real names."""
    data = encode(text)
    return text if len(data) <= limit else storable(decode(truncate(data, limit)))


def room_for_text(source: str, command: str, *params: str) -> int:
    """Count the bytes that a line has for the last parameter, beside the source, the command and the other
    parameters."""
    return BODY_BYTES - len(encode(" ".join((f":{source}", command, *params, ":"))))


def rows_of(words: Iterable[str], room: int) -> list[str]:
    """Join words with spaces into as few rows as possible, in order, of at most `room` bytes. A word that needs more
    room has a row of its own."""
    words = list(words)
    text = " ".join(words)
    if words and text.isascii() and text.count(" ") == len(words) - 1:
        return _rows_of_ascii(text, room)
    rows: list[str] = []
    row: list[str] = []
    size = 0
    for word in words:
        length = len(word) if word.isascii() else len(encode(word))
        if row and size + length > room:
            rows.append(" ".join(row))
            row, size = [], 0
        row.append(word)
        size += length + 1
    return [*rows, " ".join(row)] if row else rows


def _rows_of_ascii(text: str, room: int) -> list[str]:
    rows: list[str] = []
    start = 0
    while len(text) - start > room:
        cut = text.rfind(" ", start, start + room + 1)
        if cut < 0:
            cut = text.find(" ", start)
            if cut < 0:
                break
        rows.append(text[start:cut])
        start = cut + 1
    return [*rows, text[start:]]


def _middle(part: str) -> str:
    """Change a parameter that only the last place allows, so that all other parameters keep their places."""
    return part.replace(" ", "_").lstrip(":") or "*"


def _format_cleaned(source: str | None, command: str, params: Sequence[str]) -> bytes:
    clean = [param.translate(_UNSENDABLE) for param in params]
    origin = None if source is None else _middle(source.translate(_UNSENDABLE))
    return format_body(origin, _middle(command.translate(_UNSENDABLE)), clean)
