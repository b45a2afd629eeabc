"""Make a store that has grown too large smaller: drop the oldest lines, of any group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ring.storage.store import Store

ROOM: Final = 0.95
"""Shorten to this share of the limit, so that there is work only now and then."""

SLICES: Final = 32
"""Each pass drops the oldest part, of this many parts, of the time that the lines span."""

LEAST_MS: Final = 1000

EVERY_LINE: Final = 2**62


def shorten(store: Store, limit: int, kinds: Sequence[str], now_ms: int) -> Iterator[int]:
    """Drop the oldest lines of groups of these kinds until the store has room again. limit: bytes.

    In steps, as Store.prune. States of groups stay, whatever they take: without them nobody could log in.
    """
    if store.size() <= limit:
        return
    while store.size() > limit * ROOM:
        oldest = store.oldest()
        if oldest is None:
            return
        before = oldest + max(LEAST_MS, (now_ms - oldest) // SLICES)
        for kind in kinds:
            yield from store.prune(kind, before, EVERY_LINE)
