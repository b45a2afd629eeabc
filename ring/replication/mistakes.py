"""Turn mistakes of state machines into answers, where the mistake changed nothing: the group goes on (P43).

A mistake while an entry is applied stops the group instead: see broken.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ring.ids import GroupId, Incarnation
from ring.replication.port import Port
from ring.replication.progress import Master
from ring.replication.replica import Replica
from ring.wire.log import Entry


class Mistakes:
    """Note the mistakes met while a master judges a command or looks for commands of its own."""

    def __init__(self, port: Port) -> None:
        self._port = port
        self._without_maintenance: set[GroupId] = set()  # groups whose upkeep met a mistake: noted once for each group

    def judged(self, replica: Replica, entry: Entry) -> Entry:
        """Return the entry of a command whose judging met a mistake: nothing changes, and the origin hears so.

        Builds of level 0 cannot read the outcome `UNJUDGED`: with such a node around the kind has its own words.
        """
        problem, replica.bug = replica.bug, None
        if problem is not None:
            self._port.note_bug("decide", problem, replica.group)
        if self._port.level < 1:
            entry.outcome = self._port.kinds[replica.group.kind].unjudged
        return entry

    def precommands(self, m: Master, command: Any, is_dead: Callable[[Incarnation], bool]) -> Sequence[Any]:
        """Return the commands that come before this command, or none where the state meets a mistake."""
        try:
            return m.replica.state.precommands(command, is_dead)
        except Exception as problem:
            self._port.note_bug("precommands", problem, m.replica.group)
            return ()

    def maintenance(self, m: Master, is_gone: Callable[[Incarnation], bool]) -> Sequence[Any]:
        """Return the commands that the master gives itself now, or none where the state meets a mistake. The state is
        asked every second, so the mistake is noted once."""
        replica = m.replica
        try:
            return replica.state.maintenance(self._port.now_ms, is_gone)
        except Exception as problem:
            if replica.group not in self._without_maintenance:
                self._without_maintenance.add(replica.group)
                self._port.note_bug("upkeep", problem, replica.group)
            return ()
