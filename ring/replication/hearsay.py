"""Judge the words of other nodes about who masters a group: which are news, and when to wait instead.

A node that is asked for a group of another node names that node (`NotOwner`), and what waits here for the group's
master is sent there at once. But a node may be wrong, and two nodes that have different rosters may even name each
other: what waits would go to and fro as fast as the links allow. So a group is followed by hearsay at most TURNS times
in HEARSAY_REST_S; then everything waits for the next repeat, by which time the rosters are alike.
"""

from __future__ import annotations

from ring.durations import HEARSAY_REST_S
from ring.ids import GroupId
from ring.replication.port import Port

TURNS = 3

GROUPS = 10_000
"""At most this many groups are remembered; the oldest are forgotten first."""


class Turn:
    """Count how often a group was followed by hearsay since `since`, and to which node last."""

    __slots__ = ("count", "since", "target")

    def __init__(self, now: float) -> None:
        self.since = now
        self.target = ""  # ring key
        self.count = 0


class Hearsay:
    """Remember for a moment where groups were followed by hearsay. Invariant: no Turn counts above TURNS."""

    def __init__(self, port: Port) -> None:
        self._port = port
        self._turns: dict[GroupId, Turn] = {}

    def is_news(self, group: GroupId, target: str) -> bool:
        """Tell whether to send what waits for the group's master to this node now: the node is another than before, and
        the group has not gone to and fro too often."""
        now, turn = self._port.now, self._turns.get(group)
        if turn is None or now - turn.since > HEARSAY_REST_S:
            self._turns.pop(group, None)
            turn = self._turns[group] = Turn(now)
            if len(self._turns) > GROUPS:
                del self._turns[next(iter(self._turns))]
        if turn.target == target or turn.count >= TURNS:
            return False
        turn.target = target
        turn.count += 1
        return True
