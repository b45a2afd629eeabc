"""One line from a client as a command with its parameters."""

from __future__ import annotations

import re
from dataclasses import dataclass

from irctokens.line import tokenise

from gateway.irc.limits import PARAMS


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
    text = line.decode("utf-8", "surrogateescape")
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


def encode(text: str) -> bytes:
    """The bytes that `text` was read from: UTF-8, and the bytes that were not as they were."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # a surrogate that no byte gave: from a file or a peer
        return text.encode("utf-8", "replace")


def clean(text: str) -> str:
    """Text that is UTF-8: bytes that were not are replaced."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _tokenise(text: str) -> Message | None:
    text, tags = text.lstrip(" "), None
    if text.startswith("@"):
        # irctokens needs 2 ms for the tags of one long line, as it takes their letters off a list one by one. It would
        # also take ":" after two spaces for the trailing parameter.
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
