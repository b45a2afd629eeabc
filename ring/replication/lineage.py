"""Lineages: find the position at which two logs of one group part (P3, P22)."""

from __future__ import annotations

from itertools import zip_longest

from ring.wire.log import Lineage


def fork_point(ours: Lineage, our_seq: int, theirs: Lineage, their_seq: int) -> int:
    """Return the last position up to which two logs are equal, or 0. our_seq, their_seq: the ends of the logs.

    A log that ends at this position is a prefix of the other log. If both logs go on, the logs have forked.
    """
    common = 0
    for index, (mine, other) in enumerate(zip_longest(ours, theirs)):
        if mine is None or mine != other:
            break
        our_end = ours[index + 1][1] - 1 if index + 1 < len(ours) else our_seq
        their_end = theirs[index + 1][1] - 1 if index + 1 < len(theirs) else their_seq
        common = min(our_end, their_end, our_seq, their_seq)
        if our_end != their_end:
            break
    return common
