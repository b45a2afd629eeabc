"""Account groups that fewer than `copies` nodes hold, and who has such groups (P37).

A group's set is smaller than `copies` only where it was made, or shrank in order, while the whole network was smaller.
Once there are enough nodes the sets grow within seconds. A node tells its peers whether it holds such thin groups: what
it alone may hold is registered by nobody else, should the node be gone before its sets have grown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring.ids import Incarnation
from ring.replication.copy import Copy
from ring.wire.messages import Records

if TYPE_CHECKING:
    from ring.engine import Engine

LOOK_S = 1.0
"""Said again that often while it is so: messages may be lost."""


class ThinGroups:
    """Whether this node holds thin groups, and which other nodes have said so of themselves."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._said = False
        self._look_at = 0.0

    def is_so(self) -> bool:
        """Whether this node holds a confirmed group that fewer than `copies` nodes hold. O(groups)."""
        engine = self.engine
        if not engine.journal.on:
            return False
        held = [f.copy for f in engine.followers.groups.values() if f.holds]
        return any(self._is_thin(copy) for copy in [*held, *(m.copy for m in engine.masters.groups.values())])

    def _is_thin(self, copy: Copy) -> bool:
        engine = self.engine
        if copy.kind.durable != "confirmed" or len(copy.members) >= engine.peers.settings.copies:
            return False
        return bool(copy.pending) or not copy.state.is_collectable(engine.now_ms)

    def linked(self, key: str) -> None:
        """Another node is there: it hears whether that is so before anything else. It may know of an earlier life."""
        thin = self.is_so()
        self._said = self._said or thin
        self.engine.send(key, self._news(thin))

    def _news(self, thin: bool) -> Records:
        return Records([self.engine.peers.me], thin)

    def heard(self, sender: Incarnation, thin: bool) -> None:
        self.engine.peers.says_thin(sender.key, thin)

    def tick(self) -> None:
        """While it is so, and once when it is over."""
        engine = self.engine
        if not self._said or engine.now < self._look_at:
            return
        self._look_at = engine.now + LOOK_S
        self._said = self.is_so()
        for key in engine.peers.others():
            engine.send(key, self._news(self._said))
