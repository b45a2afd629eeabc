"""One line from a client as a command with its parameters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from irctokens.line import tokenise

from gateway.irc.limits import PARAMS

# A byte that is not UTF-8 stands in text as a lone surrogate. MessagePack has no surrogates, so text that goes to other
# nodes has the last 128 private characters of Unicode in their place, and a person's own private character of these
# stands there as its four bytes. `encode` turns both back.
_KEPT_BYTES: Final = {0xDC00 + byte: 0x10FF00 + byte for byte in range(0x80, 0x100)}
_PRIVATE = re.compile("[\U0010ff80-\U0010ffff]")
_PRIVATE_BYTES = re.compile(b"\xf4\x8f([\xbe\xbf][\x80-\xbf])")
_NOT_UTF8 = re.compile(r"[\ud800-\udfff\U0010ff80-\U0010ffff]")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_PRIVATE_START: Final = b"\xf4\x8f"


@dataclass(slots=True)
class Message:
    """tags: unescaped, None where the line has none. source: as sent; a client's is not to be believed, so nothing
    reads it. command: upper case. params: at most 15.
    """

    tags: dict[str, str] | None
    source: str | None
    command: str
    params: list[str]


def parse(line: bytes) -> Message | None:
    """The message that a complete line says; None if it says nothing (blank, tags or a source alone).

    Bytes that are not UTF-8 become surrogates that `encode` turns back, so they pass through. A line with a NUL is
    None too: the protocol does not allow one anywhere in a message, and to guess at what was meant (to cut there, to
    join the halves) would let one client's words reach others changed.
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
    """Text as it goes through the program: `encode` gives back the same bytes, whatever they are."""
    if data.isascii():
        return data.decode()
    text = data.decode("utf-8", "surrogateescape")
    return _PRIVATE.sub(_as_bytes, text) if _PRIVATE_START in data else text


def encode(text: str) -> bytes:
    """The bytes that `text` was read from: UTF-8, and the bytes that were not as they were."""
    if text.isascii():
        return text.encode()
    try:
        data = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # a surrogate that no byte gave: from a file or a peer
        data = text.encode("utf-8", "replace")
    return _PRIVATE_BYTES.sub(_as_byte, data) if _PRIVATE_START in data else data


def storable(text: str) -> str:
    """The text, with all bytes outside UTF-8 in a form that links and disks can carry."""
    return text if text.isascii() else text.translate(_KEPT_BYTES)


def is_utf8(text: str) -> bool:
    """Whether all of the text was UTF-8 when it was read."""
    return text.isascii() or _NOT_UTF8.search(text) is None


def is_plain(text: str) -> bool:
    """Whether the text is UTF-8 without control characters. Names may have all else: what joins emojis is not printable
    by itself."""
    return _CONTROL.search(text) is None and is_utf8(text)


def clean(text: str) -> str:
    """Text that is UTF-8: bytes that were not are replaced."""
    return encode(text).decode("utf-8", "replace")


def _as_bytes(found: re.Match[str]) -> str:
    """A character of the private ones as its own four bytes, each in the form of a byte that is not UTF-8."""
    return "".join(chr(0x10FF00 + byte) for byte in found[0].encode())


def _as_byte(found: re.Match[bytes]) -> bytes:
    high, low = found[1]
    return bytes([(high - 0xBE) * 0x40 + low])


def _tokenise(text: str) -> Message | None:
    text, tags = text.lstrip(" "), None
    if text.startswith("@"):
        # irctokens needs 2 ms for the tags of a long line, as it takes single letters off a list. irctokens would also
        # take ":" after two spaces for the trailing parameter.
        written, _, text = text.partition(" ")
        tags, text = _tags(written[1:]), text.lstrip(" ")
        if text.startswith("@"):
            text = f"@ {text}"  # a command, not further tags
    try:
        line = tokenise(text)
    except (IndexError, ValueError):  # its answers to blank, tag-only and source-only lines
        return None
    return Message(tags, line.source, line.command, _fold_surplus(line.params))


def _tags(text: str) -> dict[str, str]:
    """Tags as they follow "@", unescaped. Source: IRCv3 message tags."""
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
    """The fifteenth parameter takes the rest of the line. Source: RFC 2812, section 2.3.1."""
    if len(params) > PARAMS:
        params[PARAMS - 1 :] = [" ".join(params[PARAMS - 1 :])]
    return params
