"""Remember for a moment which groups nobody holds, so that questions about them need no recovery each."""

from __future__ import annotations

from ring.durations import ABSENT_S
from ring.ids import GroupId
from ring.replication.port import Port
from ring.replication.replica import Replica

ABSENT = 10_000
"""At most this many absent groups are remembered; the oldest are forgotten first."""


class AbsentGroups:
    """Keep the groups that nobody holds. Questions about such a group are answered as of an empty group."""

    def __init__(self, port: Port) -> None:
        self._port = port
        self._until: dict[GroupId, float] = {}  # until when this is believed

    def add(self, group: GroupId) -> None:
        """Believe for ABSENT_S that nobody holds the group."""
        now, until = self._port.now, self._until
        until.pop(group, None)
        until[group] = now + ABSENT_S
        while len(until) > ABSENT or until[next(iter(until))] <= now:  # the oldest come first
            del until[next(iter(until))]

    def appeared(self, group: GroupId) -> None:
        """Forget that the group was absent: the group is served here now."""
        self._until.pop(group, None)

    def clear(self) -> None:
        """Forget all: nodes came or went, and may have brought replicas."""
        self._until.clear()

    def replica(self, group: GroupId) -> Replica | None:
        """Return an empty replica to read, if nobody holds the group and this node would serve it."""
        port = self._port
        if self._until.get(group, 0.0) <= port.now or port.target(group) != port.me.key:
            return None
        kind = port.kinds[group.kind]
        return Replica(group, kind, kind.initial(group.name), ())

    def __len__(self) -> int:
        return len(self._until)
