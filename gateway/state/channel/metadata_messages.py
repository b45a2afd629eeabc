"""Command, event and outcome of a channel's metadata. Source: IRCv3 metadata."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from gateway.state.idempotency import IdempotencyKey


class SetMetadata(msgspec.Struct, frozen=True, array_like=True, tag=119):
    """Set a key of the channel, or remove the key with the value None. key "": remove all keys. most: the most keys
    of a channel."""

    SINCE: ClassVar = 3

    by: str
    key: str
    value: str | None
    most: int
    override: bool = False
    idempotency_key: IdempotencyKey | None = None


class MetadataSet(msgspec.Struct, frozen=True, array_like=True, tag=120):
    """The keys have the value from now on; None: the keys are removed."""

    SINCE: ClassVar = 3

    by: str
    keys: tuple[str, ...]
    value: str | None
    idempotency_key: IdempotencyKey | None = None


class MetadataDone(msgspec.Struct, frozen=True, array_like=True, tag=121):
    """The channel's metadata is as wanted. keys: set or removed by the command. full: the channel has as many keys as a
    channel may have, and the key is not set."""

    SINCE: ClassVar = 3

    keys: tuple[str, ...]
    full: bool = False
