"""Look after the groups mastered here, again and again: what no message causes.

Each group is looked at when a look is due (looks.py): its log is trimmed, gone origins are forgotten, commands that
are due are given, the backups are arranged, and a hand-off is considered. A group that is empty, has nothing worth
keeping and no followers any more is forgotten: the one way out of mastering that no other node has a part in.
"""

from __future__ import annotations

from ring.agenda import NEVER
from ring.durations import DOUBT_ENDS_S, LOOK_AFTER_S
from ring.ids import Incarnation
from ring.replication.backups import Backups
from ring.replication.fanout import Fanout
from ring.replication.handoff import Handoffs
from ring.replication.master import Masters
from ring.replication.mistakes import Mistakes
from ring.replication.progress import Master
from ring.replication.role_port import RolePort
from ring.replication.silent import SilentNodes
from ring.storage.journal import Journal

ASK_CHECKS = 12
"""Probe all followers once in this many checks, and when nodes come or go: a follower may have lost the group (P30)."""


class Maintenance:
    """Look after the groups mastered here."""

    def __init__(
        self,
        port: RolePort,
        journal: Journal,
        mistakes: Mistakes,
        fanout: Fanout,
        handoffs: Handoffs,
        masters: Masters,
        backups: Backups,
        silent: SilentNodes,
    ) -> None:
        self._port = port
        self._journal = journal
        self._mistakes = mistakes
        self._fanout = fanout
        self._handoffs = handoffs
        self._masters = masters
        self._backups = backups
        self._silent = silent
        self._groups = port.replicas.masters

    def look(self, m: Master) -> float:
        """Look after one group: see the head of the file. Returns the time of the next look, if nothing happens."""
        port, replica, soon = self._port, m.replica, self._port.now + LOOK_AFTER_S
        if m.serving:
            port.trim(replica)
        self._forget_origins(m)
        if not m.serving:
            return soon
        commands = self._mistakes.maintenance(m, self._is_gone)
        for command in commands:
            self._masters.command(m, command)
        is_doubtful = self._is_doubtful(m)
        spent = not replica.pending and replica.state.is_collectable(port.now_ms) and not m.watchers
        if spent and not m.followers:
            port.replicas.resign(replica.group)
            self._journal.forget(replica.group)
            return NEVER
        if port.now - m.asked_at > ASK_CHECKS * port.settings.check_every_s:
            m.asked_at = port.now
            for follower in m.followers.values():
                self._fanout.probe(m, follower)
        self._backups.arrange(m, spent=spent)
        self._handoffs.consider(m)
        return soon if commands or spent or is_doubtful or self._is_unsettled(m) else self._next_look(m)

    def _is_doubtful(self, m: Master) -> bool:
        """Tell whether the group believes that silent nodes may hold something lasting of the group, and end the doubt
        a while after no such nodes are silent any more: what they hold is offered within seconds (P51)."""
        port, replica = self._port, m.replica
        if replica.pending or replica.kind.doubts(replica.state, True) is None:
            return False
        heard = {port.me.key, *port.peers.others()}
        if m.doubted_at == 0.0 or self._silent.is_set_absent(replica.group, heard):
            m.doubted_at = port.now
        elif port.now - m.doubted_at > DOUBT_ENDS_S:
            self._masters.doubt(m, over=True)
        return True

    def _is_unsettled(self, m: Master) -> bool:
        """Tell whether something about the group waits for time to pass, or for other nodes."""
        port, replica = self._port, m.replica
        peers = port.peers
        if not m.serving or replica.pending or set(m.targets) != set(peers.holders(replica.group)):
            return True
        edges = (*replica.state.subscribers, *replica.client_logs)
        return peers.acting(replica.group) != port.me.key or not all(e == port.me or peers.is_current(e) for e in edges)

    def _next_look(self, m: Master) -> float:
        """Return when time alone changes something about a settled group."""
        port, replica = self._port, m.replica
        at = replica.log.next_trim(port.keep_s)
        if m.followers:
            at = min(at, m.asked_at + ASK_CHECKS * port.settings.check_every_s)
        change = replica.state.next_change(port.now_ms)
        return at if change is None else min(at, change / 1000)

    def _forget_origins(self, m: Master) -> None:
        """Forget the numbers of origins that ended long ago (P8)."""
        port, settings = self._port, self._port.settings
        keep_s = settings.origin_keep_s
        origins = [origin for origin in m.replica.client_logs if origin != port.me]
        m.replica.forget_origins([origin for origin in origins if port.peers.gone_for(origin, port.now) > keep_s])

    def _is_gone(self, edge: Incarnation) -> bool:
        port = self._port
        return edge != port.me and port.peers.gone_for(edge, port.now) > port.settings.grace_s
