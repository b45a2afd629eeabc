"""A nick as links carry it, and two such states made one after a partition (P26): the older claim keeps the nick."""

from __future__ import annotations

import msgspec

from gateway.state.people import Person
from gateway.state.times import latest, newest

PAST = 5
LEFT = 8
"""So many earlier holders are remembered for WHOWAS, and so many who gave the nick back for a merge."""

_encode = msgspec.msgpack.Encoder().encode


class Past(msgspec.Struct, frozen=True, array_like=True):
    person: Person
    until: int  # Unix ms


class Stored(msgspec.Struct, frozen=True, array_like=True):
    """left: uid -> when it gave the nick back, Unix ms."""

    holder: Person | None
    pending: bool
    shown: str
    past: tuple[Past, ...]
    left: dict[str, int]


def merge(a: Stored, b: Stored) -> Stored:
    """Commutative and idempotent. Who gave the nick back on one side does not hold it on the other.

    Associative, too, unless the oldest claim of three turns out to have been given back on the third: whoever lost to
    it in the first merge has been renamed by then, and no later news changes that.
    """
    left = newest(latest(a.left, b.left), LEFT)
    claims = [side for side in (a, b) if side.holder is not None and left.get(side.holder.uid, 0) < side.holder.since]
    claims.sort(key=_claim_order)
    past = sorted({(p.until, _encode(p)): p for p in (*a.past, *b.past)}.items(), reverse=True)
    kept = tuple(p for _, p in past[:PAST])
    if not claims:
        return Stored(None, False, min(a.shown, b.shown), kept, left)
    first = claims[0]
    return Stored(first.holder, first.pending, first.shown, kept, left)


def _claim_order(side: Stored) -> tuple[int, str, int, bool, bytes]:
    """Older claims first; of one user's, the newest facts, and settled before pending."""
    holder = side.holder
    assert holder is not None
    return (holder.since, holder.uid, -holder.version, side.pending, _encode(side))
