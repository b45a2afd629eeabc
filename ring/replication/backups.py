"""The backups of a group: which nodes hold the group beside the master, and when a command is committed (P12, P13).

Theory of operation
===================

The master gives a command a position, and sends the command to all backups (`Append`). A backup keeps the command in
`copy.pending` and acknowledges. Once every backup has acknowledged, the master decides the command, commits, publishes
and answers (`advance`). A backup hears of the decision as a follower does, by `Publish`.

Three sets matter. While no change is under way, all three name the same nodes:

    copy.members   the committed set, part of the group's state: the nodes to ask after a crash (P36)
    _targets       the set as the set will be once the pending commands are committed
    m.holders      the nodes that commits wait for, this master not counted: old and new backups during a change

A change of the set, step by step (`arrange`):

    1. A dead backup leaves `m.holders`: commits no longer wait for that backup. If the group is confirmed on disks,
       commits wait instead until a new backup is there (`_is_safe`).
    2. A new backup is recruited: the node gets the whole copy unless the node follows the group already, and commits
       wait for the node from now on.
    3. The change is placed as a command with `members`. Old and new backups have to hold this command.
    4. The change is committed: nodes outside the new set leave `m.holders` (`_changed`).

A backup counts as empty until the backup has acknowledged in this term: `Progress.held` is -1 at first.

Invariants
    No command is decided before every node in `m.holders` holds the command (P12).
    Commands are decided in the order of positions, each by the state after all earlier commands (P7).
    A confirmed group is committed on no fewer disks than before, unless nothing can be lost (`_may_shrink`, P37).
    A backup refuses commands of a term below the backup's own term and promise, with `StaleTerm` (P21).

This file alone writes `Master.holders` and `Progress.holder`, but for master.py, which removes a backup on which a
mistake has stopped the group (`Masters.do_without`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring.ids import NO_TERM, Incarnation
from ring.replication.copy import as_raw_commands, read_command
from ring.replication.progress import Master, Progress
from ring.wire.log import Command
from ring.wire.replication import Append, Replace, Resync, StaleTerm

if TYPE_CHECKING:
    from ring.engine import Engine


class Backups:
    """Keep both sides: backups of the groups mastered here, and groups that this node is a backup of."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    # The master's side ----------------------------------------------------------------------------------------------

    def begin(self, m: Master) -> None:
        """Begin a term: every backup named by the state has to hold the whole log before anything is committed."""
        copy = m.copy
        copy.promised = max(copy.promised, copy.term)
        for command in copy.pending:
            command.handed = None  # not handed on after all: the node that was to have the group promised this term
            m.look_ahead(command)
        fresh = not copy.members and not copy.seq and not copy.pending
        if fresh:
            copy.members = self.engine.peers.holders(copy.group)  # nothing can be lost yet: begin with the whole set
        self._recruit(m, copy.members, empty=fresh)
        self.arrange(m)
        self.advance(m)

    def append(self, m: Master, command: Command) -> None:
        """Give the command a position, and send the command to all backups. The commit follows once all hold it."""
        m.copy.place(command, self.engine.now_ms)
        m.look_ahead(command)
        self.engine.masters.lagging[m.copy.group] = None
        for holder in m.holders:
            self._send(m, holder, command)
        self.advance(m)

    def _send(self, m: Master, holder: Progress, command: Command) -> None:
        """Add a command to the last Append for this backup, or begin an Append: a turn needs one message."""
        group, term = m.copy.group, m.copy.term
        out = self.engine.outgoing(holder.edge.key)
        last = out[-1] if out else None
        if type(last) is Append and last.group == group and last.term == term:
            last.commands.append(*as_raw_commands([command]))
        else:
            out.append(Append(group, term, as_raw_commands([command])))

    def send_pending(self, m: Master, holder: Progress) -> None:
        """Send all pending commands to a backup, which leaves out the commands that the backup has already."""
        copy = m.copy
        self.engine.send(holder.edge.key, Append(copy.group, copy.term, as_raw_commands(copy.pending)))

    def advance(self, m: Master) -> None:
        """Decide and commit every pending command that all backups hold, in order."""
        copy = m.copy
        while copy.pending and self.engine.replicas.masters.get(copy.group) is m:
            command = copy.pending[0]
            if any(holder.held < command.seq for holder in m.holders) or not self._is_safe(m, command):
                return
            entry = copy.decide()
            if copy.bug is not None:
                entry = self.engine.stopped.judged(copy, entry)
            m.caught_up(command)
            self.engine.masters.commit(m, entry)
            if entry.members is not None:
                self._changed(m)
            if entry.handed is not None:
                self.engine.handoffs.committed(m)
        if m.handoff is not None and not copy.pending:
            self.engine.handoffs.drained(m)

    def _is_safe(self, m: Master, command: Command) -> bool:
        """Tell whether the command is on as many disks as the group needs: a confirmed command is on this disk, and
        deaths do not shrink the set (P35, P37). Always true for a group that is not confirmed."""
        copy = m.copy
        if not self.engine.journal.is_confirmed(copy):
            return True
        if copy.safe < command.seq:
            return False
        targets = self._targets(m)
        holding = {self.engine.me.key, *(holder.edge.key for holder in m.holders)}
        if holding.isdisjoint(copy.members):
            return False  # the members until now would not know, when they start again, which nodes to ask (P36)
        return holding.issuperset({*targets}.difference(self.engine.peers.given_up)) and (
            len(targets) >= len(copy.members) or self._may_shrink(m)
        )

    def _may_shrink(self, m: Master) -> bool:
        """Tell whether the set may shrink: every member that is gone has left in order, or there is nothing to keep."""
        peers = self.engine.peers
        lost = peers.unfit_for(m.copy.group)
        return m.copy.state.is_collectable(self.engine.now_ms) or not any(
            key in lost or peers.is_lost(key) for key in m.copy.members
        )

    def _targets(self, m: Master) -> tuple[str, ...]:
        """Return the set as the set will be once all pending commands are committed."""
        pending = (command.members for command in reversed(m.copy.pending) if command.members is not None)
        return next(pending, m.copy.members)

    def arrange(self, m: Master, *, spent: bool = False) -> None:
        """Begin to change the set if other nodes should hold the group (see above).

        spent: the group may be forgotten, so the set becomes this node alone, and the backups forget the group first.
        """
        peers, me = self.engine.peers, self.engine.me.key
        if m.is_handed:
            return
        wanted = (me,) if spent else peers.holders(m.copy.group)
        if self.engine.journal.is_confirmed(m.copy) and len(wanted) < len(m.copy.members) and not self._may_shrink(m):
            wanted = self._targets(m)
        for holder in [h for h in m.holders if not peers.is_current(h.edge)]:
            m.holders.remove(holder)
            holder.holder = False
            if not holder.sits:
                del m.followers[holder.edge.key]
        if self.engine.journal.is_confirmed(m.copy):
            self._recruit(m, m.copy.members, empty=False)
        if m.handoff is not None and m.handoff.placed:
            self.advance(m)  # `Handed` is the last command of this term: the new master arranges the set
            return
        self._recruit(m, wanted, empty=True)
        if set(wanted) != set(self._targets(m)):
            self.append(m, Command(0, 0, None, 0, 0, None, None, wanted))
        self.advance(m)

    def _recruit(self, m: Master, keys: tuple[str, ...], *, empty: bool) -> None:
        """Make these nodes backups of the group, as far as the nodes are alive and fit.

        empty: the nodes are taken to have nothing of the group unless they follow the group, and are sent a snapshot.
        Otherwise the nodes are members of the set, and are probed first.
        """
        engine, copy = self.engine, m.copy
        unfit = engine.peers.unfit_for(copy.group)
        for key in keys:
            record = engine.peers.roster.get(key)
            if key == engine.me.key or record is None or not engine.peers.is_current(record.id):
                continue
            if key in unfit or any(holder.edge == record.id for holder in m.holders):
                continue
            follower = m.followers.get(key)
            if follower is None or follower.edge != record.id or follower.leaving:
                follower = m.followers[key] = engine.masters.follower(record.id, 0, confirmed=empty)
                if empty:
                    engine.send(key, Replace(copy.group, copy.snapshot(pending=True), copy.seq, True))
                else:
                    engine.masters.probe(m, follower)
            follower.holder, follower.held = True, -1
            m.holders.append(follower)
            self.send_pending(m, follower)
            engine.masters.lagging[copy.group] = None

    def _changed(self, m: Master) -> None:
        """Let backups go that are in no set any more, committed or pending: a change of the set is committed."""
        keep = {*m.copy.members, *self._targets(m)}
        for holder in [h for h in m.holders if h.edge.key not in keep]:
            m.holders.remove(holder)
            holder.holder = False
            if not holder.sits:
                self.engine.masters.part(m, holder)

    # The holder's side ----------------------------------------------------------------------------------------------

    def on_append(self, sender: Incarnation, message: Append) -> None:
        """Keep the commands of a master whose term this node may listen to, and acknowledge (P12, P21).

        A copy of another term, or ahead of the state, cannot take the commands: the backup asks for the log first.
        """
        engine, group = self.engine, message.group
        mastered = engine.replicas.masters.get(group)
        if mastered is not None:
            if message.term <= mastered.copy.term:
                engine.send(sender.key, StaleTerm(group, mastered.copy.term))
                return
            if not engine.handoffs.concludes(mastered, message.term):
                engine.merges.yield_to(mastered, sender.key)
        f = engine.replicas.followers.get(group)
        if f is None:
            if not engine.handoffs.holds(group):
                engine.send(sender.key, Resync(group, (), 0))
            return
        if message.term < max(f.copy.promised, f.copy.term):
            engine.send(sender.key, StaleTerm(group, max(f.copy.promised, f.copy.term)))
            return
        f.holds, f.heard_at = True, engine.now
        if message.term != f.copy.term or f.copy.is_ahead:
            f.master = sender.key
            engine.followers.resync(f)
            return
        f.copy.hold(read_command(f.copy.kind, command) for command in message.commands)
        engine.followers.acknowledge(group)

    def on_stale_term(self, sender: Incarnation, message: StaleTerm) -> None:
        """Yield to a higher term that another node has promised (P21): the pending commands of this term are void."""
        m = self.engine.replicas.masters.get(message.group)
        if m is not None and message.term > m.copy.term and message.term != NO_TERM:
            self.engine.merges.yield_to(m, message.term.key)
