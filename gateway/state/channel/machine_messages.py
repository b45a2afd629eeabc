"""What machines say in a channel: programs that operators gave a token, by way of the API. Level 2."""

from __future__ import annotations

from typing import ClassVar, Final

import msgspec

from gateway.state.once import Once, Sayer
from ring.ids import Incarnation

KEYS: Final = 200
"""A channel remembers so many idempotency keys; the oldest goes first."""

KEY_MS: Final = 24 * 3600 * 1000
"""And each for a day."""

_MARK: Final = "/"
"""No ring key begins with it."""


class Speak(msgspec.Struct, frozen=True, array_like=True, tag=14):
    """PRIVMSG or NOTICE of a machine, which is in no channel. source: with a nick that no person can have
    (gateway/admin/speaking.py). override: an operator's word, which no mode or ban stops. once: of `once_for`, if the
    machine gave an idempotency key."""

    SINCE: ClassVar = 2

    uid: str
    source: str
    verb: str
    text: bytes
    bot: bool = True
    override: bool = False
    once: Once | None = None


class Spoken(msgspec.Struct, frozen=True, array_like=True, tag=33):
    """It was said. at: when, Unix ms; of a repeat: when first. check: of the verb and text that were said."""

    SINCE: ClassVar = 2

    at: int
    check: int


class SpokenKey(msgspec.Struct, frozen=True, array_like=True):
    """What was said under an idempotency key: as Spoken."""

    SINCE: ClassVar = 2

    at: int
    check: int


def once_for(key: str) -> Once:
    """What a message is known by that was given an idempotency key, on every node and on both sides of a partition.

    key: unique to the machine, the channel and the machine's own key.
    """
    return Once(Sayer(Incarnation(_MARK + key, 0), 0), 0)


def once_of(node: Incarnation, serial: int) -> Once:
    """What a message without an idempotency key is known by: nobody says it again, but both sides of a partition may
    have it. serial: unique in the node's life."""
    return Once(Sayer(node, -serial), 0)


def key_of(once: Once | None) -> str:
    """The key, if it is a machine's; else ""."""
    node = once.sayer.node.key if once is not None else ""
    return node.removeprefix(_MARK) if node.startswith(_MARK) else ""
