"""The order of ranks: which members may change a channel, and which members a member may not touch."""

from __future__ import annotations

from typing import Final

from gateway.irc.modes import CHANNEL_MODES

BY_ACCESS: Final = ("q", "a")
"""The ranks that only an access gives."""

OPERATORS: Final = (*BY_ACCESS, "o")
"""The highest ranks of members who may change everything."""

HELPERS: Final = (*OPERATORS, "h")
"""The highest ranks of members who may kick and invite."""


def is_above(rank: str, mine: str) -> bool:
    """Whether a member of the first rank is out of reach of a member of the second rank, who kicks or takes ranks.
    Operators are equals, and half-operators do not kick each other. rank, mine: the highest ranks, "" for none."""
    if mine == "h":
        return rank in HELPERS
    return rank in BY_ACCESS and CHANNEL_MODES.ranks.index(rank) < CHANNEL_MODES.ranks.index(mine or "v")
