"""Tell news of nodes along, so that all nodes hear the news though no node tells all (P4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ring.placement import hash32

SMALL: Final = 16
"""In a network of at most so many other nodes, each node tells all."""


def told_along(me: str, others: Sequence[str]) -> list[str]:
    """Return the nodes to which this node tells news along: in the order of the hashes of the ring keys, the nodes 1,
    2, 4, 8, ... places after this node. Each node is so reached in as many steps as the number of nodes has bits.
    """
    if len(others) <= SMALL:
        return list(others)
    keys = sorted({*others, me}, key=lambda key: (hash32(key), key))
    here = keys.index(me)
    return [keys[(here + 2**step) % len(keys)] for step in range((len(keys) - 1).bit_length())]
