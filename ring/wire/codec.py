"""Encode messages to bytes, and decode them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, get_args

import msgspec

from ring.ids import UNREADABLE, GroupId
from ring.wire.messages import Message

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[Message])
_scratch = bytearray()  # values are written here to be measured

_HEAD = 5
"""The head of an encoded list has at most this many bytes."""


def encode(messages: list[Message]) -> bytes:
    return _encoder.encode(messages)


def payloads(messages: list[Message], most: int) -> Iterator[bytes]:
    """Encode the messages in as few payloads of at most `most` bytes as possible; a longer message goes alone."""
    whole = encode(messages)
    if len(whole) <= most or len(messages) == 1:
        yield whole
        return
    part: list[msgspec.Raw] = []
    length = 0
    for message in messages:
        one = reencode(message)
        if part and length + len(bytes(one)) + _HEAD > most:
            yield _encoder.encode(part)
            part, length = [], 0
        part.append(one)
        length += len(bytes(one))
    yield _encoder.encode(part)


def size(value: Any) -> int:
    """Return the bytes that a value takes in a message."""
    _encoder.encode_into(value, _scratch)
    return len(_scratch)


def decode(payload: bytes) -> list[Message]:
    """Decode a list of messages. Raises msgspec.MsgspecError if the payload is no such list."""
    return _decoder.decode(payload)


class Unread(NamedTuple):
    """A message that cannot be read, as far as the bytes tell. kind: the name of the message's struct, or the tag."""

    kind: str
    group: GroupId | None


_each = msgspec.msgpack.Decoder(list[msgspec.Raw])
_one = msgspec.msgpack.Decoder(Message)
_head = msgspec.msgpack.Decoder(list[Any])
_names = {one.__struct_config__.tag: one.__name__ for one in get_args(Message)}


def decode_each(payload: bytes) -> list[Message | Unread]:
    """Decode the messages of a list, each by itself. A payload that is no list counts as one unreadable message."""
    try:
        parts = _each.decode(payload)
    except UNREADABLE:
        return [Unread("payload", None)]
    return [_decode_one(part) for part in parts]


def _decode_one(part: msgspec.Raw) -> Message | Unread:
    try:
        message: Message = _one.decode(part)
    except UNREADABLE:
        return _unread(part)
    return message


def _unread(part: msgspec.Raw) -> Unread:
    try:
        tag, *fields = _head.decode(part)
        group = msgspec.convert(fields[0], GroupId) if fields and isinstance(fields[0], list) else None
    except (*UNREADABLE, ValueError):
        return Unread("message", None)
    name = _names.get(tag) if isinstance(tag, int) else None
    return Unread(name or f"message {str(tag)[:20]}", group)


def packed(value: Any) -> bytes:
    """Encode a value as in a message."""
    return _encoder.encode(value)


def reencode(value: Any) -> msgspec.Raw:
    """Encode a value for a Raw field."""
    return msgspec.Raw(_encoder.encode(value))
