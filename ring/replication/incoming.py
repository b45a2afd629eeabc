"""An incoming hand-off: another master has installed its replica here, and may give this node the group (P24).

Theory of operation
===================

handoff.py has the four messages of a hand-off, and the old master's side. On the new master, a hand-off is:

    installed   the replica is here, with the term under which this node is to serve; this node waits for the last entry
                of the old term, `Handed` to this node, and does not serve before. Messages for the group are parked
    ended       that entry has come (`IncomingHandoff.is_ended_by`): `Roles.serve_handed` serves the replica under the
                new term
    void        the old master has met a higher term, this node has promised a higher term to another node, or the old
                master has not gone on with the hand-off for a while (`_goes_on`): that node may have yielded to a third
                node, and may live on for ever. Parked messages are handled anew

    installed -> installed   a later `Install` replaces replica, term and sender, and only the parked messages stay
    installed -> recovery    the old master dies: the installed replica is a replica like others in a recovery

Invariants
    This node never serves an installed replica before the last entry of the old term has come.
    The installed replica ends just before that entry, so the replica has all commits of the old term.

This file writes the table `incoming` and the records, but for `Replica.promised` (recovery.py). roles.py and broken.py
drop an installed replica when this node serves, or when a mistake stops the group.
"""

from __future__ import annotations

from collections import deque

from ring.durations import INSTALLED_KEEP_S, THAW_S
from ring.ids import GroupId, Incarnation
from ring.replication.replicas import PARKED, IncomingHandoff, Parkable
from ring.replication.restore import restore
from ring.replication.role_port import RolePort
from ring.wire.replication import Install, Installed


class IncomingHandoffs:
    """Keep the replicas that other masters have installed here."""

    def __init__(self, port: RolePort) -> None:
        self._port = port
        self._groups = port.replicas.incoming

    def install(self, sender: Incarnation, message: Install) -> None:
        """Keep the replica of an old master and answer Installed, unless the hand-off is to another life of this
        node."""
        port, group = self._port, message.group
        if message.term.key != port.me.key or message.term.incarnation != port.me.number or port.peers.me.leaving:
            return
        held = self._groups.get(group)
        if held is not None and held.sender != sender and self.awaits(group):
            return  # two masters hand the group over: this node takes the first hand-off first
        if held is None or held.term != message.term:
            replica = restore(group, port.kinds[group.kind], message.snapshot)
            if held is not None and replica.seq < held.replica.seq:
                return
            parked = held.parked if held is not None else deque()
            held = self._groups[group] = IncomingHandoff(replica, message.term, sender, port.now)
            held.parked = parked
        held.heard_at = port.now
        port.send(sender.key, Installed(group, held.term, held.replica.seq))

    def awaits(self, group: GroupId) -> bool:
        """Tell whether an installed replica waits here for an old master that is alive and goes on with the
        hand-off."""
        held = self._groups.get(group)
        return held is not None and self._is_alive(held) and self._goes_on(held)

    def _is_alive(self, held: IncomingHandoff) -> bool:
        old = held.replica.term
        return self._port.peers.is_current(Incarnation(old.key, old.incarnation))

    def _goes_on(self, held: IncomingHandoff) -> bool:
        """Tell whether the old master may be about to send `Handed`: an old master that has been answered waits for
        backups alone, and for none longer than for a death."""
        return self._port.now - held.heard_at <= THAW_S + self._port.settings.dead_after_s

    def park(self, group: GroupId, sender: Incarnation, message: Parkable) -> None:
        """Keep a message until the hand-off has ended."""
        held = self._groups.get(group)
        if held is not None and len(held.parked) < PARKED:
            held.parked.append((sender, message))

    def void(self, group: GroupId, sender: Incarnation) -> None:
        """End a hand-off: `Handed` will not come from this sender. Parked messages are handled anew."""
        held = self._groups.get(group)
        if held is not None and held.sender == sender:
            del self._groups[group]
            for parked_sender, message in held.parked:
                self._port.receive_again(parked_sender, message)

    def peers_changed(self) -> None:
        """Recover groups whose old master died and that this node owns, with the installed replica."""
        port = self._port
        for group, held in list(self._groups.items()):
            if not self.awaits(group) and port.peers.acting(group) == port.me.key:
                recovery = port.find(group)
                if recovery is not None:
                    recovery.parked.extend(held.parked)
                    held.parked.clear()

    def tick(self) -> None:
        """End waits that are over, and forget old installed replicas."""
        now = self._port.now
        for group, held in list(self._groups.items()):
            if now - held.since > INSTALLED_KEEP_S or (self._is_alive(held) and not self._goes_on(held)):
                self.void(group, held.sender)
