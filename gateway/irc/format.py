"""Messages to lines of bytes, ready to be sent."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from gateway.irc.limits import BODY_BYTES
from gateway.irc.message import decode, encode, storable

TEXT_LAST = frozenset(
    ["PRIVMSG", "NOTICE", "TOPIC", "QUIT", "KICK", "AWAY", "ERROR", "WALLOPS", "SETNAME", "KILL"]
) | frozenset(["301", "302", "303", "319", "332", "353", "372", "375", "382"])
"""Commands whose last parameter is free text: always after a colon, as servers write it and simple clients expect."""

_UNSENDABLE = str.maketrans("\r\n\0", "   ")
_TAG_SPECIAL = re.compile(r"[; \\\r\n\x00]")
_TAG_ESCAPES = str.maketrans({";": "\\:", " ": "\\s", "\\": "\\\\", "\r": "\\r", "\n": "\\n", "\0": ""})


def format_line(
    source: str | None, command: str, params: Sequence[str], tags: Mapping[str, str | None] | None = None
) -> bytes:
    """A whole line with its CR LF: tags, then a body of at most 512 bytes, cut between characters if it is longer.

    tags: values unescaped, None or "" for a tag without one; server tags first, as the order is kept. Whatever the
    parts hold, one line leaves: CR, LF and NUL become spaces.
    """
    body = format_body(source, command, params)
    return format_tags(tags) + body if tags else body


def format_body(source: str | None, command: str, params: Sequence[str]) -> bytes:
    """The line without tags: shared by all variants of an event that differ in their tags alone."""
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


def format_tags(tags: Mapping[str, str | None]) -> bytes:
    """ "@a=1;b " with its space; b"" if there are none."""
    if not tags:
        return b""
    return encode(
        "@" + ";".join([f"{key}={escape_tag_value(value)}" if value else key for key, value in tags.items()]) + " "
    )


def escape_tag_value(value: str) -> str:
    """Source: IRCv3 message tags, "Escaping values"."""
    return value.translate(_TAG_ESCAPES) if _TAG_SPECIAL.search(value) else value


def truncate(data: bytes, limit: int) -> bytes:
    """At most `limit` bytes of `data`, and no half of a UTF-8 character at the end."""
    if len(data) <= limit:
        return data
    for end in range(limit, max(limit - 4, -1), -1):
        if data[end] & 0xC0 != 0x80:  # the byte after the cut begins a character
            return data[:end]
    return data[:limit]


def truncate_text(text: str, limit: int) -> str:
    """At most `limit` bytes of `text`, in a form that can be stored: for topics, reasons and real names."""
    data = encode(text)
    return text if len(data) <= limit else storable(decode(truncate(data, limit)))


def _middle(part: str) -> str:
    """A parameter that cannot stand before the last, bent so that the others keep their places."""
    return part.replace(" ", "_").lstrip(":") or "*"


def _format_cleaned(source: str | None, command: str, params: Sequence[str]) -> bytes:
    clean = [param.translate(_UNSENDABLE) for param in params]
    origin = None if source is None else _middle(source.translate(_UNSENDABLE))
    return format_body(origin, _middle(command.translate(_UNSENDABLE)), clean)
