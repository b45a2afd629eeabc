"""Tell whether a command is on as many disks as its group needs, and whether the set of backups may shrink (P35)."""

from __future__ import annotations

from ring.replication.port import Port
from ring.replication.progress import Master
from ring.storage.journal import Journal
from ring.wire.log import Command


class Safety:
    """Judge sets of backups by what disks hold. Changes nothing."""

    def __init__(self, port: Port, journal: Journal) -> None:
        self._port = port
        self._journal = journal

    def is_safe(self, m: Master, command: Command) -> bool:
        """Tell whether the command is on as many disks as the group needs: a confirmed command is on this disk, and
        deaths do not shrink the set (P35, P37). Always true for a group that is not confirmed."""
        replica = m.replica
        if not self._journal.is_confirmed(replica):
            return True
        if replica.safe < command.seq:
            return False
        targets, given_up = m.targets, self._port.peers.given_up
        holding = {self._port.me.key, *(backup.edge.key for backup in m.backups)}
        if {*holding, *given_up}.isdisjoint(replica.members):
            return False  # the members until now would not know, when they start again, which nodes to ask (P36)
        return holding.issuperset({*targets}.difference(given_up)) and (
            len(targets) >= len(replica.members) or self.may_shrink(m)
        )

    def may_shrink(self, m: Master) -> bool:
        """Tell whether the set may shrink: every member that is gone has left in order, or there is nothing to keep."""
        peers = self._port.peers
        lost = peers.unfit_for(m.replica.group)
        return m.replica.state.is_collectable(self._port.now_ms) or not any(
            key in lost or peers.is_lost(key) for key in m.replica.members
        )
