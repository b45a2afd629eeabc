"""Metadata of accounts and channels: keys with values, and the merge after a partition. Source: IRCv3 metadata.

A table keeps for each key the value and the time of writing; a removed key stays as a tombstone, so that no partition
brings the key back. The last writer of each key counts (P26).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

Kept = dict[str, tuple[str | None, int]]
"""Key -> (value, Unix ms of the writing). None: the key was removed."""

TOMBSTONES: Final = 100
"""The most removed keys that a table remembers. The oldest go first."""

KEYS: Final = 100
"""The most keys of a table, whatever the settings say."""

VALUE_BYTES: Final = 400
"""The longest value in bytes of UTF-8, whatever the settings say."""

_KEY: Final = re.compile(r"[a-z0-9_.-][a-z0-9_.:-]{0,63}")


def folded_key(text: str) -> str | None:
    """Return the key in lower case; None for a text that is no key."""
    key = text.lower() if text.isascii() else ""
    return key if _KEY.fullmatch(key) else None


def values(kept: Mapping[str, tuple[str | None, int]]) -> dict[str, str]:
    """Return the present keys with their values, in the order of keys."""
    return {key: value for key, (value, _) in sorted(kept.items()) if value is not None}


def changed(kept: Kept, keys: Iterable[str], value: str | None, at: int) -> Kept:
    """Return the table after keys were set to the value, or removed."""
    return _bounded({**kept, **dict.fromkeys(keys, (value, at))})


def merge(a: Kept, b: Kept) -> Kept:
    """Merge two tables. Commutative, associative, and idempotent for up to KEYS present keys and TOMBSTONES others."""
    both = {key: max((side[key] for side in (a, b) if key in side), key=_written) for key in sorted({*a, *b})}
    return _bounded(both)


def _written(one: tuple[str | None, int]) -> tuple[int, bool, str]:
    """The later writing counts, and of two at the same time the value that every node chooses."""
    value, at = one
    return at, value is not None, value or ""


def _bounded(kept: Kept) -> Kept:
    present = sorted((key for key, one in kept.items() if one[0] is not None), key=lambda key: (kept[key][1], key))
    gone = sorted((key for key, one in kept.items() if one[0] is None), key=lambda key: (-kept[key][1], key))
    return {key: kept[key] for key in sorted((*present[:KEYS], *gone[:TOMBSTONES]))}
