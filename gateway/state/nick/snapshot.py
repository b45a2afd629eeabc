"""A nick's snapshot on links, and the merge of two snapshots after a partition (P26): the older claim keeps the
nick."""

from __future__ import annotations

import msgspec

from gateway.state.people import Person
from gateway.state.times import latest, newest

PAST = 5
LEFT = 8
"""The most earlier holders for WHOWAS (PAST), and the most users that gave the nick back, for a merge (LEFT)."""

_encode = msgspec.msgpack.Encoder().encode


class Past(msgspec.Struct, frozen=True, array_like=True):
    person: Person
    until: int  # Unix ms


class Stored(msgspec.Struct, frozen=True, array_like=True):
    """left: uid -> when the user gave the nick back, Unix ms."""

    holder: Person | None
    pending: bool
    shown: str
    past: tuple[Past, ...]
    left: dict[str, int]


def merge(a: Stored, b: Stored) -> Stored:
    """Merge two states. A user that gave the nick back on either side does not hold the nick.

    Commutative and idempotent. Associative, too, but for a single case: the oldest claim of three sides was given back
    on the third side. A user that lost to this claim in the first merge has another nick by then, and keeps the other
    nick.
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
    """Sort older claims first; claims of the same user by newest profile, then settled claims before pending claims."""
    holder = side.holder
    assert holder is not None
    return (holder.since, holder.uid, -holder.version, side.pending, _encode(side))
