"""Messages between nodes as text that a person can follow."""

from __future__ import annotations

from typing import Any

import msgspec

from ring.ids import GroupId, Incarnation, Term
from ring.wire.codec import decode
from ring.wire.messages import Message
from ring.wire.node import Relay


def describe(payload: bytes) -> str:
    """One payload: its messages, one after the other, terms and nodes in short."""
    return "  ".join(map(_message, decode(payload)))


def _message(message: Message) -> str:
    if isinstance(message, Relay):
        return f"Relay({_short(message.origin)} > {message.to.rpartition('.')[2]}: {describe(bytes(message.payload))})"
    return f"{type(message).__name__}({_fields(message)})"


def _fields(struct: Any) -> str:
    values = {name: getattr(struct, name) for name in struct.__struct_fields__}
    return ", ".join(f"{name}={_short(value)}" for name, value in values.items() if value not in (None, (), [], ""))


def _short(value: Any) -> str:
    if isinstance(value, Term):
        return f"T{value.number % 100_000}.{value.key.rpartition('.')[2]}"
    if isinstance(value, Incarnation):
        return f"{value.key.rpartition('.')[2]}/{value.number}"
    if isinstance(value, GroupId):
        return f"{value.kind}:{value.name}"
    if isinstance(value, msgspec.Raw):
        plain = repr(msgspec.msgpack.decode(value))
        return plain if len(plain) < 90 else plain[:90] + "..."
    if isinstance(value, msgspec.Struct):
        return f"<{_fields(value)}>"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_short(item) for item in value) + "]"
    return repr(value)
