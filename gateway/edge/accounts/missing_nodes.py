"""Names of missing nodes, for answers to a client when the network cannot read or change an account now."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.edge.ports import EdgePort

NAMED = 5
"""Most nodes that one answer names."""


def with_absent(edge: EdgePort, text: str) -> str:
    """Insert the names of missing nodes before the first colon: accounts may wait for these nodes (P36, P37)."""
    names = [record.name for record in edge.network.missing()]
    if not names:
        return text
    few = ", ".join(names[:NAMED]) + (", ..." if len(names) > NAMED else "")
    return text.replace(":", f" (missing: {few}):", 1)
