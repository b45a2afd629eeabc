"""Parses a line from a client into a command with parameters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from irctokens.line import tokenise

from gateway.irc.limits import PARAMS

# In text, a lone surrogate stands for a byte outside UTF-8. MessagePack has no surrogates: in text for other nodes, the
# last 128 private characters of Unicode take the place of the surrogates. If a person sends such a private character,
# the text has the character's four bytes instead, each in the same form. `encode` turns all forms back into bytes.
_KEPT_BYTES: Final = {0xDC00 + byte: 0x10FF00 + byte for byte in range(0x80, 0x100)}
_PRIVATE = re.compile("[\U0010ff80-\U0010ffff]")
_PRIVATE_BYTES = re.compile(b"\xf4\x8f([\xbe\xbf][\x80-\xbf])")
_NOT_UTF8 = re.compile(r"[\ud800-\udfff\U0010ff80-\U0010ffff]")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_PRIVATE_START: Final = b"\xf4\x8f"


@dataclass(slots=True)
class Message:
    """tags: unescaped; None if the line has no tags. source: as sent; nothing reads the source, as a client may lie.
    command: upper case. params: at most 15.
    """

    tags: dict[str, str] | None
    source: str | None
    command: str
    params: list[str]


def parse(line: bytes) -> Message | None:
    """Parse a complete line; None for a line without a command (blank, only tags, only a source).

    Bytes outside UTF-8 become surrogates, and `encode` turns the surrogates back: these bytes pass through. A line with
    a NUL is None, too: the protocol allows no NUL in a message. A guess at the meaning (cut at the NUL, or join the
    halves) would change the client's words on the way to other people.
    """
    text = decode(line)
    if "\0" in text:
        return None
    if text[:1] in "@: ":
        return _tokenise(text)
    head, colon, trailing = text.partition(" :")
    params = head.split(" ")
    if "" in params:
        params = [word for word in params if word]
    command = params.pop(0).upper()
    if colon:
        params.append(trailing)
    return Message(None, None, command, params if len(params) <= PARAMS else _fold_surplus(params))


def decode(data: bytes) -> str:
    """Decode bytes to text in the form of the program. `encode` gives back the same bytes, UTF-8 or not."""
    if data.isascii():
        return data.decode()
    text = data.decode("utf-8", "surrogateescape")
    return _PRIVATE.sub(_as_bytes, text) if _PRIVATE_START in data else text


def encode(text: str) -> bytes:
    """Encode text to the bytes that `decode` read: UTF-8, and the original bytes outside UTF-8."""
    if text.isascii():
        return text.encode()
    try:
        data = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # a surrogate that stands for no byte: from a file or a peer
        data = text.encode("utf-8", "replace")
    return _PRIVATE_BYTES.sub(_as_byte, data) if _PRIVATE_START in data else data


def storable(text: str) -> str:
    """Put all bytes outside UTF-8 into a form for links and disks."""
    return text if text.isascii() else text.translate(_KEPT_BYTES)


def is_utf8(text: str) -> bool:
    """Whether all original bytes of the text are UTF-8."""
    return text.isascii() or _NOT_UTF8.search(text) is None


def is_plain(text: str) -> bool:
    """Whether the text is UTF-8 without control characters. Names may have all other characters, even characters that
    are not printable: the joiner inside an emoji is not printable by itself."""
    return _CONTROL.search(text) is None and is_utf8(text)


def clean(text: str) -> str:
    """Replace all bytes outside UTF-8."""
    return encode(text).decode("utf-8", "replace")


def _as_bytes(found: re.Match[str]) -> str:
    """Turn a private character into four characters, each in the form of a byte outside UTF-8."""
    return "".join(chr(0x10FF00 + byte) for byte in found[0].encode())


def _as_byte(found: re.Match[bytes]) -> bytes:
    high, low = found[1]
    return bytes([(high - 0xBE) * 0x40 + low])


def _tokenise(text: str) -> Message | None:
    text, tags = text.lstrip(" "), None
    if text.startswith("@"):
        # Read the tags here, as irctokens needs 2 ms for the tags of a long line. Strip the spaces after the tags, as
        # irctokens would take ":" after two spaces for the trailing parameter.
        written, _, text = text.partition(" ")
        tags, text = _tags(written[1:]), text.lstrip(" ")
        if text.startswith("@"):
            text = f"@ {text}"  # a command, not further tags
    try:
        line = tokenise(text)
    except (IndexError, ValueError):  # irctokens raises these for blank lines and lines of only tags or a source
        return None
    return Message(tags, line.source, line.command, _fold_surplus(line.params))


def _tags(text: str) -> dict[str, str]:
    """Parse the text after "@", and unescape the values. Source: IRCv3 message tags."""
    tags = {}
    for tag in text.split(";"):
        key, _, value = tag.partition("=")
        tags[key] = _ESCAPE.sub(_unescaped, value) if "\\" in value else value
    return tags


_ESCAPE = re.compile(r"\\(.?)", re.DOTALL)
_ESCAPES = {":": ";", "s": " ", "r": "\r", "n": "\n"}


def _unescaped(found: re.Match[str]) -> str:
    return _ESCAPES.get(found[1], found[1])


def _fold_surplus(params: list[str]) -> list[str]:
    """Join all parameters from the fifteenth on into a single parameter. Source: RFC 2812, section 2.3.1."""
    if len(params) > PARAMS:
        params[PARAMS - 1 :] = [" ".join(params[PARAMS - 1 :])]
    return params


def is_utf8_line(line: bytes) -> bool:
    """Tell whether the line is UTF-8."""
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
