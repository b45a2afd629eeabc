"""Tables of name -> Unix ms, as merges after a partition compare them (P26)."""

from __future__ import annotations

from collections.abc import Mapping


def latest(a: Mapping[str, int], b: Mapping[str, int]) -> dict[str, int]:
    """Merge two tables: each name gets the later time."""
    return {name: max(a.get(name, 0), b.get(name, 0)) for name in sorted({*a, *b})}


def newest(times: Mapping[str, int], count: int) -> dict[str, int]:
    """Keep the `count` latest times, in the same order on all replicas."""
    kept = sorted(times.items(), key=lambda item: (-item[1], item[0]))[:count]
    return dict(sorted(kept))
