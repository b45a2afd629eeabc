"""Procedures of operators, carried out on a node of a simulated network."""

from __future__ import annotations

from typing import Any

from gateway.admin.procedures import Procedure, run
from tests.sim.net import Net


def ask(net: Net, node: str, procedure: Procedure[Any], within_s: float = 60.0) -> Any:
    """The result, or the Problem."""
    results: list[Any] = []
    there = net.nodes[node]
    net.turn(there, lambda: run(there.core.edge, procedure, results.append))
    assert net.until(lambda: bool(results), within_s)
    net.run(1)
    assert len(results) == 1
    return results[0]
