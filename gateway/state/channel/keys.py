"""A channel's idempotency keys: the channel remembers messages of machines, so that a repeat says nothing twice."""

from __future__ import annotations

from collections.abc import Mapping
from zlib import crc32

from gateway.state.channel.machine_messages import KEY_MS, KEYS, SpokenKey, key_of
from gateway.state.channel.messages import Said


def check_of(verb: str, text: bytes) -> int:
    """Compute a checksum of a message, to tell whether a repeated key comes with the same words."""
    return crc32(text, crc32(verb.encode()))


def remembered(keys: Mapping[str, SpokenKey], event: Said, at: int) -> dict[str, SpokenKey] | None:
    """Add the event's key to the keys; None if the event has no key."""
    key = key_of(event.idempotency_key)
    if not key:
        return None
    fresh = {name: one for name, one in keys.items() if at - one.at < KEY_MS and name != key}
    fresh[key] = SpokenKey(at, check_of(event.verb, event.text))
    return _bounded(fresh)


def merge_keys(a: Mapping[str, SpokenKey], b: Mapping[str, SpokenKey]) -> dict[str, SpokenKey]:
    """Merge the keys of both sides. If both sides have a key, the earlier message counts (P26)."""
    both = {key: min((side[key] for side in (a, b) if key in side), key=_order) for key in sorted({*a, *b})}
    return _bounded(both)


def _bounded(keys: Mapping[str, SpokenKey]) -> dict[str, SpokenKey]:
    newest = sorted(keys, key=lambda key: (-keys[key].at, key))[:KEYS]
    return {key: keys[key] for key in sorted(newest)}


def _order(one: SpokenKey) -> tuple[int, int]:
    return one.at, one.check
