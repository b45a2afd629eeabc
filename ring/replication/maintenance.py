"""Look after the groups mastered here, again and again: what no message causes.

Each group is looked at about once a second (rounds.py): its log is trimmed, gone origins are forgotten, commands that
are due are given, the backups are arranged, and a hand-off is considered. A group that is empty, has nothing worth
keeping and no followers any more is forgotten: the one way out of mastering that no other node has a part in.
"""

from __future__ import annotations

from ring.ids import Incarnation
from ring.replication.backups import Backups
from ring.replication.fanout import Fanout
from ring.replication.handoff import Handoffs
from ring.replication.master import Masters
from ring.replication.mistakes import Mistakes
from ring.replication.progress import Master
from ring.replication.role_port import RolePort
from ring.replication.rounds import Rounds
from ring.storage.journal import Journal

ASK_CHECKS = 12
"""Probe all followers once in this many checks, and when nodes come or go: a follower may have lost the group (P30)."""


class Maintenance:
    """Look after a slice of the groups mastered here in each tick."""

    def __init__(
        self,
        port: RolePort,
        journal: Journal,
        mistakes: Mistakes,
        fanout: Fanout,
        handoffs: Handoffs,
        masters: Masters,
        backups: Backups,
    ) -> None:
        self._port = port
        self._journal = journal
        self._mistakes = mistakes
        self._fanout = fanout
        self._handoffs = handoffs
        self._masters = masters
        self._backups = backups
        self._groups = port.replicas.masters
        self._rounds = Rounds(lambda: self._groups.values())

    def tick(self) -> None:
        """Look after a slice of all groups."""
        for m in self._rounds.some(self._port.now):
            if self._groups.get(m.replica.group) is m:
                self._look_after(m)

    def again(self) -> None:
        """Look after all groups from the next tick on: nodes died or came back."""
        self._rounds.again()

    def _look_after(self, m: Master) -> None:
        """Look after one group: see the head of the file."""
        port, replica = self._port, m.replica
        if m.serving:
            port.trim(replica)
        self._forget_origins(m)
        if not m.serving:
            return
        for command in self._mistakes.maintenance(m, self._is_gone):
            self._masters.command(m, command)
        spent = not replica.pending and replica.state.is_collectable(port.now_ms) and not m.watchers
        if spent and not m.followers:
            del self._groups[replica.group]
            self._journal.forget(replica.group)
            return
        if port.now - m.asked_at > ASK_CHECKS * port.settings.check_every_s:
            m.asked_at = port.now
            for follower in m.followers.values():
                self._fanout.probe(m, follower)
        self._backups.arrange(m, spent=spent)
        self._handoffs.consider(m)

    def _forget_origins(self, m: Master) -> None:
        """Forget the numbers of origins that ended long ago (P8)."""
        port, settings = self._port, self._port.settings
        keep_s = settings.origin_keep_s
        origins = [origin for origin in m.replica.client_logs if origin != port.me]
        m.replica.forget_origins([origin for origin in origins if port.peers.gone_for(origin, port.now) > keep_s])

    def _is_gone(self, edge: Incarnation) -> bool:
        port = self._port
        return edge != port.me and port.peers.gone_for(edge, port.now) > port.settings.grace_s
