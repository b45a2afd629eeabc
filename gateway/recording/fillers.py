"""Replaces texts in a recording with fillers of the same length: secrets, and messages unless `--texts` is given.

Nodes keep and send messages as bytes. So all bytes are replaced, and also strings with a space, because a name has no
space. Topics, reasons and real names of a single word stay. The filler of a filler is the same filler: a replay's
output is compared after the same replacement.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode
from typing import Any, Final

import msgspec

from ring.ids import UNREADABLE

HASH: Final = "$argon2"
FLOW: Final = 41
"""Tag of ring.wire.Flow, a message with lines of clients in its parts."""

SENT: Final = 2
"""Tag of gateway.edge.direct.remote_messages.Sent."""

SPOKEN: Final = frozenset((b"PRIVMSG", b"NOTICE", b"TAGMSG", b"CPRIVMSG", b"CNOTICE"))
SERVICES: Final = frozenset((b"nickserv", b"*circlet", b"*playback"))
TO_NICKSERV: Final = frozenset((b"NICKSERV", b"NS"))

SECRET_FROM: Final = {b"OPER": 1, b"REGISTER": 2, b"VERIFY": 1}
"""By command: the index of the first secret parameter; all later parameters are secret, too."""

LAST_WORD: Final = {b"IDENTIFY": 1, b"GHOST": 2}
ALL_WORDS: Final = frozenset((b"REGISTER", b"PASSWD"))
"""NickServ's commands with passwords. LAST_WORD: the last word is secret if at least this many words follow the
command. ALL_WORDS: all words after the command are secret.
"""

_ENCODED: Final = re.compile(rb"[A-Za-z0-9+/=]+")
_LINE: Final = re.compile(rb"(@[^ ]* +)?(:[^ ]* +)?([^ ]+)(.*)", re.DOTALL)
_SAID: Final = re.compile(rb"[^\x00-\x20]")
_HIDDEN: Final = re.compile(r"[^/]")
_SECRET: Final = re.compile(rb"[^@ ]")


def said(text: bytes) -> bytes:
    """Make a filler for people's words. Control characters and spaces stay, and so does the kind of a CTCP in ASCII."""
    head, space, rest = text.partition(b" ")
    if head[:1] == b"\x01" and head.isascii():
        return head + space + _SAID.sub(b"x", rest)
    return _SAID.sub(b"x", text)


def _secret(text: bytes) -> bytes:
    return _SECRET.sub(b"x", text)


# Messages of nodes, and data on disk ----------------------------------------------------------------------------------


def packed(data: bytes, *, texts: bool) -> bytes:
    """Put fillers into a MessagePack value. texts: people's words stay."""
    try:
        value = msgspec.msgpack.decode(data)
    except UNREADABLE:
        return data if texts else said(data)
    return msgspec.msgpack.encode(_filled(value, texts))


def _filled(value: Any, texts: bool, *, lines: bool = False) -> Any:
    if isinstance(value, str):
        return _string(value, texts)
    if isinstance(value, bytes):
        return _bytes(value, texts, lines)
    if isinstance(value, list):
        if _is_scram(value):
            return [b"x" * len(value[0]), value[1], b"x" * len(value[2]), b"x" * len(value[3])]
        lines = (lines and not _is_direct(value)) or _is_flow(value)
        return _without_webhook([_filled(part, texts, lines=lines) for part in value])
    if isinstance(value, dict):
        filled = {_filled(key, texts): _filled(part, texts) for key, part in value.items()}
        return {key: _hidden(part) if key in ("secret", "url") else part for key, part in filled.items()}
    return value


def _without_webhook(value: list[Any]) -> list[Any]:
    """Hide the URL (the path may hold a secret) and the secret of a subscription, or of the subscribing command."""
    for index in (1, 2):
        if len(value) > index + 1 and _is_url(value[index]) and isinstance(value[index + 1], str):
            value[index : index + 2] = map(_hidden, value[index : index + 2])
            break
    return value


def _is_url(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(("http://", "https://"))


def _hidden(value: Any) -> Any:
    """Make the filler of a secret; a URL keeps the host."""
    if not isinstance(value, str):
        return value
    start = (value + "/").find("/", len("https://")) if _is_url(value) else 0
    return value[:start] + _HIDDEN.sub("x", value[start:])


def _string(value: str, texts: bool) -> str:
    if value.startswith(HASH):
        return HASH + "x" * (len(value) - len(HASH))
    if texts or " " not in value:
        return value
    return said(value.encode("utf-8", "surrogatepass")).decode("ascii", "replace")


def _bytes(value: bytes, texts: bool, lines: bool) -> bytes:
    nested = _nested(value)
    if nested is not None:
        return msgspec.msgpack.encode(_filled(nested, texts, lines=lines))
    if lines:
        return b"\r\n".join(client_line(line, texts=texts) for line in value.split(b"\r\n"))
    return value if texts else said(value)


def _nested(value: bytes) -> Any:
    """Decode the value in the bytes; return None if the value is no list or map."""
    if not value or not (0x80 <= value[0] <= 0x9F or 0xDC <= value[0] <= 0xDF):
        return None
    try:
        return msgspec.msgpack.decode(value)
    except UNREADABLE:
        return None


def _is_scram(value: list[Any]) -> bool:
    """Tell whether the list has the salt, iterations, stored key and server key of credentials."""
    return len(value) == 4 and isinstance(value[1], int) and all(isinstance(value[i], bytes) for i in (0, 2, 3))


def _is_flow(value: list[Any]) -> bool:
    return len(value) >= 6 and value[0] == FLOW and isinstance(value[4], list)


def _is_direct(value: list[Any]) -> bool:
    """Tell whether a part of a stream is a private message (`Sent`, with the speaker): its bytes are a text."""
    return len(value) > 6 and value[0] == SENT and isinstance(value[4], list)


# What clients say, and read -------------------------------------------------------------------------------------------


def client_line(line: bytes, *, texts: bool) -> bytes:
    """Put fillers into a line of a client (without CR LF)."""
    found = _LINE.fullmatch(line)
    if found is None:
        return line
    tags, source, command, rest = (part or b"" for part in found.groups())
    upper = command.upper()
    head, colon, trailing = rest.partition(b" :")
    if upper == b"AUTHENTICATE":
        return tags + source + command + _authentication(rest)
    if upper == b"PASS":
        return tags + source + command + _pass(rest)
    if upper in SPOKEN or upper in TO_NICKSERV:
        rest = _spoken(upper, head, colon, trailing, texts)
    else:
        rest = _parameters(head, colon, trailing, SECRET_FROM.get(upper, 99), texts)
    return (tags if texts else _tags(tags)) + source + command + rest


def _tags(tags: bytes) -> bytes:
    r"""Hide tag values with an escaped space (\s), because such values are texts."""
    parts = tags.split(b";")
    return b";".join(part if b"\\s" not in part else _hidden_value(part) for part in parts)


def _hidden_value(tag: bytes) -> bytes:
    key, equals, value = tag.partition(b"=")
    return key + equals + re.sub(rb"[^\\s; ]", b"x", value)


def _parameters(head: bytes, colon: bytes, trailing: bytes, secret_from: int, texts: bool) -> bytes:
    words = re.split(rb"( +)", head)
    number = -1
    for index, word in enumerate(words):
        if word.strip(b" "):
            number += 1
            if number >= secret_from:
                words[index] = _secret(word)
    if number + 1 >= secret_from:
        trailing = _secret(trailing)
    elif not texts and b" " in trailing:
        trailing = said(trailing)
    return b"".join(words) + colon + trailing


def _spoken(command: bytes, head: bytes, colon: bytes, trailing: bytes, texts: bool) -> bytes:
    """Hide the text after the target. A text to a service is a command, perhaps with a password."""
    if command in TO_NICKSERV:
        return _to_service(head + colon + trailing)
    found = re.fullmatch(rb"( +[^ ]+)(.*)", head, re.DOTALL)
    if found is None:
        return head + colon + trailing
    target, text = found[1], found[2] + colon + trailing
    if target.strip(b" ").lower() in SERVICES:
        return target + _to_service(text)
    return target + (text if texts else re.sub(rb"^( *:?)(.*)$", lambda m: m[1] + said(m[2]), text, flags=re.DOTALL))


def _to_service(text: bytes) -> bytes:
    parts = re.split(rb"([ :]+)", text)
    places = [index for index, part in enumerate(parts) if part.strip(b" :")]
    verb = parts[places[0]].upper() if places else b""
    last = len(places) > LAST_WORD.get(verb, len(places))
    hidden = places[1:] if verb in ALL_WORDS else places[-1:] if last else []
    for index in hidden:
        parts[index] = _secret(parts[index])
    return b"".join(parts)


def _pass(rest: bytes) -> bytes:
    """Hide a password; `account@device:password` keeps the account."""
    found = re.fullmatch(rb"( +:?[^ :]*:)(.*)", rest, re.DOTALL) or re.fullmatch(rb"( *:?)(.*)", rest, re.DOTALL)
    assert found is not None
    return found[1] + _secret(found[2])


def _authentication(rest: bytes) -> bytes:
    """Hide secrets: PLAIN keeps the names, SCRAM keeps all but the proof, unreadable text keeps only the length."""
    found = re.fullmatch(rb"( +:?)([^ ]+)(.*)", rest, re.DOTALL)
    if found is None:
        return rest
    space, data, more = found.groups()
    if data.upper() in (b"PLAIN", b"EXTERNAL", b"SCRAM-SHA-256", b"*", b"+"):
        return rest
    return space + _exchanged(data) + re.sub(rb"[^ ]", b"x", more)


def _exchanged(data: bytes) -> bytes:
    try:
        plain = b64decode(data, validate=True) if _ENCODED.fullmatch(data) else b""
    except binascii.Error:
        plain = b""
    if plain.count(b"\0") == 2 and len(data) < 400:
        names, end, password = plain.rpartition(b"\0")
        return b64encode(names + end + b"x" * len(password))
    before, proof, after = plain.rpartition(b",p=")
    if proof:
        return b64encode(before + proof + b"A" * (len(after) - 1) + b"=")
    if plain.startswith((b"n,", b"y,")):
        return data
    return b"A" * len(data)


def shown(data: bytes, *, texts: bool) -> bytes:
    """Rewrite bytes to a client for the digest."""
    return b"\r\n".join(_shown(line, texts) for line in data.split(b"\r\n"))


def _shown(line: bytes, texts: bool) -> bytes:
    found = _LINE.fullmatch(line)
    if found is None:
        return line
    tags, source, command, rest = (part or b"" for part in found.groups())
    if command == b"AUTHENTICATE":
        return command
    if texts:
        return line
    head, colon, trailing = rest.partition(b" :")
    if not colon and command in SPOKEN:
        head, colon, trailing = head.rpartition(b" ")
    return _tags(tags) + source + command + head + colon + said(trailing)
