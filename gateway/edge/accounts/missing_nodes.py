"""Who is missing, where something of an account cannot be said or done."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.edge.ports import EdgePort

NAMED = 5
"""So many nodes are named."""


def with_absent(edge: EdgePort, text: str) -> str:
    """The text with the names of missing nodes before its first colon: accounts may wait for these nodes (P36, P37)."""
    names = [record.name for record in edge.engine.peers.lost()]
    if not names:
        return text
    few = ", ".join(names[:NAMED]) + (", ..." if len(names) > NAMED else "")
    return text.replace(":", f" (missing: {few}):", 1)
