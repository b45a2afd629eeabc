"""The backups of a group: which nodes hold the group beside the master (P12, P13).

Theory of operation
===================

The master gives a command a position, and sends the command to all backups (`Append`). A backup keeps the command in
`replica.pending` and acknowledges. Once every backup has acknowledged, the master decides the command, commits,
publishes and answers (`Masters.advance`). A backup hears of the decision as a follower does, by `Publish`.

Three sets matter. While no change is under way, all three name the same nodes:

    replica.members   the committed set, part of the group's state: the nodes to ask after a crash (P36)
    m.targets      the set as the set will be once the pending commands are committed
    m.backups      the nodes that commits wait for, this master not counted: old and new backups during a change

A change of the set, step by step (`arrange`):

    1. A dead backup leaves `m.backups`: commits no longer wait for that backup. If the group is confirmed on disks,
       commits wait instead until a new backup is there (`Safety.is_safe`).
    2. A new backup is recruited: the node gets the whole replica unless the node follows the group already, and commits
       wait for the node from now on.
    3. The change is placed as a command with `members`. Old and new backups have to hold this command.
    4. The change is committed: nodes outside the new set leave `m.backups` (`Masters._let_backups_go`).

A backup counts as empty until the backup has acknowledged in this term: `Progress.held` is -1 at first.

Invariants
    No command is decided before every node in `m.backups` holds the command (P12).
    A confirmed group is committed on no fewer disks than before, unless nothing can be lost (`Safety.may_shrink`, P37).
    No command is placed while the set is about to become this node alone (`Master.closing`), but changes of the set.

This file and master.py alone write `Master.backups` and `Progress.is_backup`.
"""

from __future__ import annotations

from ring.ids import Incarnation
from ring.replication.fanout import Fanout
from ring.replication.master import Masters
from ring.replication.progress import Master, Step
from ring.replication.role_port import RolePort
from ring.replication.safety import Safety
from ring.storage.journal import Journal
from ring.wire.log import Command
from ring.wire.replication import Replace
from ring.work import in_turn


class Backups:
    """Choose the backups of the groups mastered here."""

    def __init__(self, port: RolePort, journal: Journal, safety: Safety, fanout: Fanout, masters: Masters) -> None:
        self._port = port
        self._journal = journal
        self._safety = safety
        self._fanout = fanout
        self._masters = masters

    def begin(self, m: Master) -> None:
        """Begin a term: every backup named by the state has to hold the whole log before anything is committed."""
        replica = m.replica
        replica.promised = max(replica.promised, replica.term)
        for command in replica.pending:
            command.handed = None  # not handed on after all: the node that was to have the group promised this term
            m.look_ahead(command)
        fresh = not replica.members and not replica.seq and not replica.pending
        if fresh:
            replica.members = self._port.peers.holders(replica.group)  # nothing can be lost yet: begin with all
        self._recruit(m, replica.members, empty=fresh)
        self.arrange(m)
        self._masters.advance(m)

    def arrange(self, m: Master, *, spent: bool = False) -> None:
        """Begin to change the set if other nodes should hold the group (see above).

        spent: the group may be forgotten, so the set becomes this node alone, and the backups forget the group first. A
        command that comes before this node has forgotten the group calls `arrange` again, and waits for the backups.
        """
        peers, me = self._port.peers, self._port.me.key
        if m.is_handed:
            return
        m.closing = spent
        wanted = (me,) if spent else peers.holders(m.replica.group)
        is_lasting = self._journal.is_lasting(m.replica)
        if is_lasting and len(wanted) < len(m.replica.members) and not self._safety.may_shrink(m):
            wanted = m.targets
        for backup in [h for h in m.backups if not peers.is_current(h.edge)]:
            m.backups.remove(backup)
            backup.is_backup = False
            if not backup.sits:
                del m.followers[backup.edge.key]
        if is_lasting:
            self._recruit(m, m.replica.members, empty=False)
        if m.handoff is not None and m.handoff.step >= Step.PLACED:
            self._masters.advance(m)  # `Handed` is the last command of this term: the new master arranges the set
            return
        self._recruit(m, wanted, empty=True)
        if set(wanted) != set(m.targets):
            self._masters.append(m, Command(0, 0, None, 0, 0, None, None, wanted))
        self._masters.advance(m)

    def _recruit(self, m: Master, keys: tuple[str, ...], *, empty: bool) -> None:
        """Make these nodes backups of the group, as far as the nodes are alive and fit.

        empty: the nodes are taken to have nothing of the group unless they follow the group, and are sent a snapshot.
        Otherwise the nodes are members of the set, and are probed first.
        """
        port, replica = self._port, m.replica
        unfit = port.peers.unfit_for(replica.group)
        for key in keys:
            record = port.peers.roster.get(key)
            if key == port.me.key or record is None or not port.peers.is_current(record.id):
                continue
            if key in unfit or any(backup.edge == record.id for backup in m.backups):
                continue
            follower = m.followers.get(key)
            if follower is None or follower.edge != record.id or follower.leaving:
                follower = m.followers[key] = self._fanout.progress(record.id, 0, confirmed=empty)
                if empty:
                    port.send(key, Replace(replica.group, replica.snapshot(pending=True), replica.seq, True))
                else:
                    self._fanout.probe(m, follower)
            follower.is_backup, follower.held = True, -1
            m.backups.append(follower)
            self._fanout.send_pending(m, follower)
            self._fanout.lagging[replica.group] = None

    def do_without(self, m: Master, node: Incarnation) -> None:
        """Do without a node on which a mistake has stopped the group: nothing waits for the node, and another backup
        takes the node's place (P43)."""
        follower = m.followers.pop(node.key, None)
        if follower is not None and follower.is_backup:
            m.backups.remove(follower)
            self.arrange(m)
        self._fanout.settle(m)

    def peers_changed(self) -> None:
        """Count anew, after nodes died or came back, which followers lag, and replace dead backups."""
        masters = list(self._port.replicas.masters.values())
        self._port.in_slices(in_turn(self._port, masters, self._count_anew))

    def _count_anew(self, m: Master) -> None:
        peers, group = self._port.peers, m.replica.group
        if self._port.replicas.masters.get(group) is not m:
            return
        if m.followers:
            self._fanout.lagging[group] = None
            for follower in m.followers.values():
                follower.probes = 0
            if m.backups and not all(peers.is_current(h.edge) for h in m.backups):
                self.arrange(m)
            self._fanout.settle(m)
        m.asked_at = 0.0
        self._port.replicas.looks.again(group)
