"""Messages of machines in a channel. Since level 2.

Machines are programs that speak through the API, with a token from an operator.
"""

from __future__ import annotations

from typing import ClassVar, Final

import msgspec

from gateway.state.idempotency import IdempotencyKey, Speaker
from ring.ids import Incarnation

KEYS: Final = 200
"""The most idempotency keys that a channel remembers. The oldest go first."""

KEY_MS: Final = 24 * 3600 * 1000
"""How long a channel remembers an idempotency key."""

_MARK: Final = "/"
"""The first character of a machine's key in `Speaker.node`. No ring key begins with this character."""


class Speak(msgspec.Struct, frozen=True, array_like=True, tag=14):
    """Say a PRIVMSG or NOTICE of a machine. A machine is in no channel.

    source: with a nick that no person can have (gateway/admin/speaking.py). override: no mode or ban stops the message,
    as an operator speaks. idempotency_key: made by `key_from_text` if the machine gave a key, else by
    `key_of_serial`.
    """

    SINCE: ClassVar = 2

    uid: str
    source: str
    verb: str
    text: bytes
    bot: bool = True
    override: bool = False
    idempotency_key: IdempotencyKey | None = None


class Spoken(msgspec.Struct, frozen=True, array_like=True, tag=33):
    """The message was said. at: time of the message, Unix ms; for a repeat, time of the first message. check: checksum
    of the message that was said (`check_of`)."""

    SINCE: ClassVar = 2

    at: int
    check: int


class SpokenKey(msgspec.Struct, frozen=True, array_like=True):
    """The message that was said with an idempotency key. Fields as in Spoken."""

    SINCE: ClassVar = 2

    at: int
    check: int


def key_from_text(key: str) -> IdempotencyKey:
    """Make the key of a message to which a machine gave a key: the same on every node and on both sides of a
    partition.

    key: unique to the machine, the channel and the machine's own key.
    """
    return IdempotencyKey(Speaker(Incarnation(_MARK + key, 0), 0), 0)


def key_of_serial(node: Incarnation, serial: int) -> IdempotencyKey:
    """Make the key of a message to which the machine gave no key. Nobody repeats such a message, but both sides of a
    partition may have the message. serial: unique in the node's life."""
    return IdempotencyKey(Speaker(node, -serial), 0)


def key_of(idempotency_key: IdempotencyKey | None) -> str:
    """Read the machine's idempotency key; "" if there is no such key."""
    node = idempotency_key.speaker.node.key if idempotency_key is not None else ""
    return node.removeprefix(_MARK) if node.startswith(_MARK) else ""
