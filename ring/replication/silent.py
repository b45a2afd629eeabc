"""Tell whether nodes that are silent may have more of a group than the nodes heard so far (P14, P36, P37).

A recovery decides nothing while they may: the node waits, and asks again. For a group that need not be confirmed on
disks, nobody waits for silent nodes, unless this node has not met its network yet.
"""

from __future__ import annotations

from ring.ids import GroupId
from ring.replication.port import Port
from ring.replication.replica import Replica
from ring.replication.replicas import Recovery
from ring.storage.journal import Journal
from ring.wire.replication import Held


class SilentNodes:
    """Judge what silent nodes may hold. Changes nothing."""

    def __init__(self, port: Port, journal: Journal) -> None:
        self._port = port
        self._journal = journal

    def is_confirmed(self, group: GroupId) -> bool:
        """Tell whether the group's commands are confirmed on disks (P35)."""
        return self._journal.on and self._port.kinds[group.kind].durable == "confirmed"

    def may_have_more(self, group: GroupId, recovery: Recovery, mine: Replica | None) -> bool:
        """Tell whether a node that is silent may have more of the group than the nodes that have replied.

        Of the newest set of backups, one member has to be heard; if the newest replicas come from disks, all members.
        A node that was given up counts as heard. If no node has a replica, `may_be_held` decides. A node that does not
        know the network yet would think itself alone, and waits if there is no replica at all (P14).
        """
        exists = mine is not None or any(held.lineage for held in recovery.held.values())
        if recovery.stopped and not exists:
            return True  # the group exists: an empty start would split the group
        if not self._port.has_met and not exists:
            return True
        if not self.is_confirmed(group):
            return False
        peers, me = self._port.peers, self._port.me.key
        found = {key: held for key, held in recovery.held.items() if held.lineage}
        if mine is not None:
            found[me] = describe(mine, "copy")
        if not found:
            return self.may_be_held(group, {me, *recovery.held})
        newest = max(held.epoch for held in found.values())
        latest = [held for held in found.values() if held.epoch == newest]
        if any(not held.cold for held in latest):
            return {*found, *peers.given_up}.isdisjoint(latest[0].members)
        heard = {me, *recovery.held, *peers.given_up}
        return not all(heard.issuperset({*held.members, *held.coming}) for held in latest)

    def may_be_held(self, group: GroupId, heard: set[str]) -> bool:
        """Tell whether all replicas of the group may sit on nodes that have not replied (P37)."""
        peers = self._port.peers
        silent, copies = peers.unheard(heard), peers.settings.copies
        if not silent or silent.isdisjoint(peers.should_know(group)):
            return False
        if self._port.level < 1:
            return True  # nodes of level 0 do not say that sets are thin
        staying = len(peers.staying()) + (not peers.me.leaving)
        return len(silent) >= copies or staying < copies or not silent.isdisjoint(peers.thin)

    def is_doubtful(self, group: GroupId, recovery: Recovery, mine: Replica | None) -> bool:
        """Tell whether silent nodes may hold something lasting of a group that goes on without them (P51).

        A replica of a living process has all that was confirmed. Of other groups, the silent nodes may hold more only
        if a whole set is silent: at least `copies` nodes, or a node with thin sets.
        """
        kind = self._port.kinds[group.kind]
        if not self._journal.on or kind.durable == "confirmed":
            return False
        found = {key: held for key, held in recovery.held.items() if held.lineage}
        if mine is not None:
            found[self._port.me.key] = describe(mine, "copy")
        if any(not held.cold for held in found.values()):
            return False
        heard = {self._port.me.key, *(self._port.peers.others() if recovery.near else recovery.held)}
        if found:
            newest = max(held.epoch for held in found.values())
            latest = [held for held in found.values() if held.epoch == newest]
            known = {*heard, *self._port.peers.given_up}
            if all(known.issuperset({*held.members, *held.coming}) for held in latest):
                return False
        return self.is_set_absent(group, heard)

    def is_set_absent(self, group: GroupId, heard: set[str]) -> bool:
        """Tell whether nodes that are not heard may be all nodes of a set of the group. O(nodes)."""
        peers = self._port.peers
        silent = peers.unheard(heard)
        if not silent or silent.isdisjoint(peers.should_know(group)):
            return False
        return len(silent) >= peers.settings.copies or not silent.isdisjoint(peers.thin)

    @property
    def waiting(self) -> int:
        """Count the groups that are known to exist, and wait for nodes that may have more of the group (P36)."""
        replicas = self._port.replicas
        waiting = [(group, recovery) for group, recovery in replicas.recoveries.items() if recovery.waits]
        return sum(any(h.lineage for h in s.held.values()) or replicas.newest(g) is not None for g, s in waiting)


def describe(replica: Replica, role: str) -> Held:
    """Return what a node that recovers the group has to know of this node's replica."""
    more = (replica.is_cold, replica.members, replica.coming)
    return Held(replica.group, role, replica.lineage, replica.head, replica.epoch, replica.promised, *more)
