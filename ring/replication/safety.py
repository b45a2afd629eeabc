"""Tell whether a command is on as many disks as its group needs, and whether the set of backups may shrink (P35).

A group with nothing to keep may become a group of this node alone, to be forgotten. For a command that gives the group
something to keep, such a group is as a group that does not exist yet: the same nodes have to be there (P37).
"""

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
        deaths do not shrink the set (P35, P37). Always true for a group that is not confirmed. O(nodes) for a group of
        fewer than `copies` nodes, O(1) otherwise."""
        replica = m.replica
        if not self._journal.is_confirmed(replica):
            return replica.safe >= command.seq or not self._journal.waits(replica, command)
        if replica.safe < command.seq:
            return False
        if _keeps(command) and self._keeps_nothing(m) and not self._is_whole(m):
            return False  # of too few disks, nobody would know when the group is begun again elsewhere (P37)
        return self._is_held(m)

    def is_refused(self, m: Master, command: Command) -> bool:
        """Tell whether a command of a group that is not confirmed is refused, as too few nodes are there to keep the
        change (P51). Such a command does not wait for the nodes: the talk of the group would wait, too."""
        replica, journal = m.replica, self._journal
        if not journal.waits(replica, command) or journal.is_confirmed(replica):
            return False
        if replica.kind.confirms(replica.state, command.command) != "whole":
            return False
        return not (self._is_whole(m) and self._is_held(m))

    def _is_held(self, m: Master) -> bool:
        """Tell whether all nodes of the set hold the group, and deaths have not shrunk the set (P35, P37)."""
        replica = m.replica
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
        if not any(key in lost or peers.is_lost(key) for key in m.replica.members):
            return True
        return self._keeps_nothing(m) and not any(map(_keeps, m.replica.pending))

    def _keeps_nothing(self, m: Master) -> bool:
        return m.replica.state.is_collectable(self._port.now_ms)

    def _is_whole(self, m: Master) -> bool:
        """Tell whether the set will be as large as the set of a group that begins now: `copies` nodes, or all nodes
        that there are while none is missing (P37)."""
        peers, group, count = self._port.peers, m.replica.group, len(m.targets)
        if count >= peers.settings.copies:
            return True
        return count >= len(peers.holders(group)) and not peers.lost() and not peers.unfit_for(group)


def _keeps(command: Command) -> bool:
    """Tell whether the command may give the group something to keep."""
    return command.command is not None or command.side is not None
