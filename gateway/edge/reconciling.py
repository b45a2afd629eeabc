"""Compares the people here with the groups from time to time, because news may be lost on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.edge import slices
from gateway.edge.slices import Slices
from gateway.edge.users import nick_ownership
from gateway.edge.views import seats

if TYPE_CHECKING:
    from gateway.edge.ports import EdgePort

EVERY_S = 30.0


class Reconciling:
    """Compares every EVERY_S, in slices, unless nothing has happened since the last time."""

    def __init__(self, edge: EdgePort) -> None:
        self._edge = edge
        self._at = 0.0
        self._compares = False  # a comparison is under way
        self._changes = -1  # `Network.changes` before the people were compared last

    def tick(self, now: float) -> None:
        if now < self._at:
            return
        self._at = now + EVERY_S
        changes = self._edge.network.changes
        if self._changes != changes and not self._compares:
            self._compares = True
            slices.do(self._edge, self._compare(changes))

    def _compare(self, changes: int) -> Slices[None]:
        """Compare all. changes: before the comparison; what the comparison has submitted is a change, too."""
        yield from seats.reconcile(self._edge)
        yield from nick_ownership.check_all(self._edge)
        yield from self._edge.conversations.reconcile()
        self._changes, self._compares = changes, False
