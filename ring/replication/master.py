"""The master of a group: accept commands, decide and commit these in order, publish, and answer (P6, P7, P12).

Theory of operation
===================

The master gives every command of a group one place in one order, exactly once. A command passes four stages:

    accepted   the number is the next number of the command's origin (`accept`). A lower number is a repeat, and is
               answered again once committed. A higher number is dropped; the origin repeats the missing numbers (P6)
    placed     the command has a position, and waits in `replica.pending` for all backups (`append`, P12)
    committed  every backup holds the command; the state machine has judged the command, and the entry is part of the
               replica (`advance`, `commit`, P7)
    published  the entry goes to the followers, and the outcome goes to the origin (`commit`, in the same turn)

Without a backup, a pending command or a disk to wait for, a command passes all four stages in one call (`_take`).

A mastered group is serving, frozen or handed (`Master.serving`, `Master.is_handed`); handoff.py moves a group from
one state to the next. The way in is `Roles.serve`, and the ways out are in roles.py, too, but for a group that is empty
and has nothing worth keeping (`Maintenance`).

The role of the master is cut by theme. Each file uses only files named before it:

    progress.py   the records: `Master`, `Progress`, `HandOff`
    safety.py     whether a command is on enough disks
    fanout.py     what other nodes are sent, and how far these nodes are
    handoff.py    hand-offs from here
    merge.py      other logs that are taken in
    master.py     this file: the way of a command
    backups.py    which nodes hold the group
    maintenance.py     what is looked at again and again

Invariants
    Nothing is published or answered before all backups hold the command (P7, P12).
    Commands are decided in the order of positions, each by the state after all earlier commands (P7).
    0 <= progress.acked <= replica.seq <= replica.head.
    A node never masters and follows one group at the same time.
    The term of a mastered group is this node's own, and does not change while the node masters the group.

progress.py says which part writes which field.
"""

from __future__ import annotations

from typing import Any

from ring.features import LEVEL, fitting, unsupported
from ring.history.query import HistoryQueries
from ring.ids import Incarnation
from ring.replication.fanout import Fanout
from ring.replication.handoff import Handoffs
from ring.replication.judging import decide, judge, refused
from ring.replication.merge import Merges
from ring.replication.mistakes import Mistakes
from ring.replication.people import People
from ring.replication.progress import Master
from ring.replication.returning import CatchUp
from ring.replication.role_port import RolePort
from ring.replication.safety import Safety
from ring.replication.shared import has_all_of
from ring.storage.journal import Journal
from ring.watch import Watches
from ring.wire.group import Answer, Submit
from ring.wire.log import Command, Entry, raw
from ring.wire.replication import Ack, Resync


class Masters:
    """Give the commands of the groups mastered here their places, and commit them."""

    def __init__(
        self,
        port: RolePort,
        people: People,
        journal: Journal,
        watches: Watches,
        history: HistoryQueries,
        catch_up: CatchUp,
        mistakes: Mistakes,
        safety: Safety,
        fanout: Fanout,
        handoffs: Handoffs,
        merges: Merges,
    ) -> None:
        self._port = port
        self._people = people
        self._journal = journal
        self._watches = watches
        self._history = history
        self._catch_up = catch_up
        self._mistakes = mistakes
        self._safety = safety
        self._fanout = fanout
        self._handoffs = handoffs
        self._merges = merges
        self._groups = port.replicas.masters
        self.commits = 0  # entries committed since the node's start

    # Accept ---------------------------------------------------------------------------------------------------------

    def on_submit(self, sender: Incarnation, message: Submit) -> None:
        """Accept a command of an edge, or park the command if this node does not serve the group."""
        port, group = self._port, message.group
        m = self._groups.get(group)
        if m is None:
            port.park(group, sender, message)
        elif not m.serving:
            self._handoffs.frozen(m, sender, message)
        else:
            command = port.kinds[group.kind].read_command(message.command)
            self.accept(m, sender, message.number, message.floor, command)

    def accept(self, m: Master, origin: Incarnation, number: int, floor: int, command: Any) -> None:
        """Give the command a place in the group's order, exactly once (P6)."""
        expected = m.expected(origin, floor)
        if number > expected:  # an earlier command is still on the way: the origin repeats both
            return
        if number < expected:  # a repeat
            self._answer_again(m, origin, number)
            return
        for before in self._mistakes.precommands(m, command, self._is_dead):
            self.command(m, before)
        self._take(m, origin, number, floor, command)

    def _is_dead(self, edge: Incarnation) -> bool:
        return edge != self._port.me and not self._port.peers.is_current(edge)

    def command(self, m: Master, command: Any) -> None:
        """Take a command that the master gives itself, such as upkeep, unless the network's level is too low (P42)."""
        level = self._port.peers.level
        if level < LEVEL:
            if unsupported(command, level):
                return
            command = fitting(command, level)
        self._take(m, None, 0, 0, command)

    def doubt(self, m: Master, *, over: bool) -> bool:
        """Let the group know that silent nodes may hold something lasting of the group, or no longer may (P51). Returns
        whether the group did not know."""
        command = m.replica.kind.doubts(m.replica.state, over)
        if command is not None:
            self.command(m, command)
        return command is not None

    def _take(self, m: Master, origin: Incarnation | None, number: int, floor: int, command: Any) -> None:
        """Give an accepted command to the backups, or commit the command at once if there is no backup."""
        if m.closing:
            self._port.arrange(m)
        placed = Command(0, 0, origin, number, floor, command)
        if m.backups or m.replica.pending or self._journal.waits(m.replica, placed):
            self.append(m, placed)
        else:  # no other node holds the group: the command is committed at once
            entry = judge(m.replica, origin, number, floor, command, self._port.now_ms)
            if m.replica.bug is not None:
                entry = self._mistakes.judged(m.replica, entry)
            self.commit(m, entry)

    # Answer ---------------------------------------------------------------------------------------------------------

    def _answer_again(self, m: Master, origin: Incarnation, number: int) -> None:
        """Answer a repeated command, if the command is committed and the outcome is still kept (P7)."""
        accepted = m.replica.client_logs.get(origin)
        answer = accepted.outcomes.get(number) if accepted is not None else None
        if answer is None:  # not committed yet (P7), or below the origin's floor: the origin has the answer
            return
        if origin == self._port.me:
            seq, at, outcome = answer
            self._port.complete(m.replica.group, number, outcome, m.replica.event_id(seq, at))
        else:
            self._send_answer(m, origin, number, *answer)

    def _send_answer(self, m: Master, origin: Incarnation, number: int, seq: int, at: int, outcome: Any) -> None:
        """Send an outcome to another node. `follows` lets the node wait for the position (P11)."""
        if origin.key == self._port.me.key:  # an earlier life of this node wants no answers any more
            return
        replica, follows = m.replica, origin in m.replica.state.subscribers
        term = replica.term_at(seq)
        self._port.send(origin.key, Answer(replica.group, number, term, seq, at, follows, raw(outcome)))

    # Commit ---------------------------------------------------------------------------------------------------------

    def append(self, m: Master, command: Command) -> None:
        """Give the command a position, and send the command to all backups. The commit follows once all hold it.

        A group that is about to be forgotten has let its backups go, and gets backups again first (P13).
        """
        if m.closing and command.members is None:
            self._port.arrange(m)
        m.replica.place(command, self._port.now_ms)
        m.look_ahead(command)
        self._fanout.append(m, command)
        self.advance(m)

    def advance(self, m: Master) -> None:
        """Decide and commit every pending command that all backups hold, in order."""
        replica = m.replica
        while replica.pending and self._groups.get(replica.group) is m:
            command = replica.pending[0]
            for backup in m.backups:
                if backup.held < command.seq:
                    return
            is_refused = False
            if self._journal.waits(replica, command):  # talk mostly waits for no disk
                is_refused = self._safety.is_refused(m, command)
                if not is_refused and not self._safety.is_safe(m, command):
                    return
            entry = refused(replica) if is_refused else decide(replica)
            if replica.bug is not None:
                entry = self._mistakes.judged(replica, entry)
            m.caught_up(command)
            self.commit(m, entry)
            if entry.members is not None:
                self._let_backups_go(m)
            if entry.handed is not None:
                self._handoffs.committed(m)
        if m.handoff is not None and not replica.pending:
            self._handoffs.drained(m)

    def commit(self, m: Master, entry: Entry) -> None:
        """Make an entry part of the replica, publish the entry, and answer the origin (P7, P12).

        All backups hold the entry's command. The order of the steps matters: the replica advances before the entry is
        shown here, and the entry is shown here before the local origin is answered (P11).
        """
        port, replica, origin = self._port, m.replica, entry.origin
        self.commits += 1
        port.replicas.looks.soon(replica.group, port.now)
        follows = origin is None or origin == port.me or origin in replica.state.subscribers
        change = self._people.advance(replica, entry, unseen=m.unmerged is not None)
        if m.followers:
            self._fanout.publish(m, entry)
        if change.moved:
            self._fanout.refollow(m)
            port.mastering(replica.group)
        if origin is not None and not follows and origin not in replica.state.subscribers:
            self._send_answer(m, origin, entry.number, entry.seq, entry.at, entry.outcome)
        self._people.show(replica, entry, change)
        if m.watchers and entry.event is not None:
            self._watches.refresh(m)
        if change.sat and not change.sits:
            self._people.leave(replica)
        if m.unmerged is not None:
            self.reveal(m)
        if m.barriers:
            self._fanout.settle(m)
        if self._merges.taking:
            self._merges.committed(m)
        if self._history.waiting:
            self._history.committed(m)

    def reveal(self, m: Master) -> None:
        """Show people here the served replica, if the served replica has every line of their side of a partition."""
        known, replica = m.unmerged, m.replica
        if known is None or not has_all_of(replica, known):
            return
        self._people.interrupt(known, parted=True)
        m.unmerged = None
        if self._people.reveal(known, replica):
            self._people.leave(replica)
        self._catch_up.caught_up(replica.group)

    def _let_backups_go(self, m: Master) -> None:
        """Let backups go that are in no set any more, committed or pending: a change of the set is committed."""
        keep = {*m.replica.members, *m.targets}
        for backup in [h for h in m.backups if h.edge.key not in keep]:
            m.backups.remove(backup)
            backup.is_backup = False
            if not backup.sits:
                self._fanout.part(m, backup)

    # What followers and backups say ---------------------------------------------------------------------------------

    def on_ack(self, sender: Incarnation, message: Ack) -> None:
        """Count acknowledgements of this term: settle, and commit where a backup holds more."""
        for group, term, seq, held in message.positions:
            m = self._groups.get(group)
            follower = m.followers.get(sender.key) if m is not None else None
            if m is None or follower is None or follower.edge != sender or term != m.replica.term:
                continue
            follower.probes = 0
            follower.confirmed = True
            if seq > follower.acked:
                follower.acked = min(seq, m.replica.seq)
                self._fanout.settle(m)
            if follower.is_backup and held > follower.held:
                follower.held = held
                self.advance(m)

    def on_resync(self, sender: Incarnation, message: Resync) -> None:
        """Send a follower the missing entries, or send the follower on if this node masters the group no more."""
        port, group = self._port, message.group
        m = self._groups.get(group)
        if m is None:
            port.park(group, sender, message)
        elif m.is_handed:
            port.bounce(sender.key, group, port.target(group))
        else:
            self._fanout.answer(m, sender, message)
