"""The master of a group: accept commands, commit, publish, and watch over the followers (P6, P7, P15, P16).

Theory of operation
===================

The master gives every command of a group one place in one order, exactly once. A command passes four stages:

    accepted   the number is the next number of the command's origin (`accept`). A lower number is a repeat, and is
               answered again once committed. A higher number is dropped; the origin repeats the missing numbers (P6)
    placed     the command has a position, and waits in `copy.pending` for all backups (`Backups.append`, P12)
    committed  every backup holds the command; the state machine has judged the command, and the entry is part of the
               copy (`commit`, P7)
    published  the entry goes to the followers, and the outcome goes to the origin (`commit`, in the same turn)

Without a backup, a pending command or a disk to wait for, a command passes all four stages in one call (`_take`).

A mastered group is serving, frozen or handed (`Master.serving`, `Master.is_handed`); handoff.py moves a group from
one state to the next. `lead` is the only way in. The ways out:

    another master has a higher term                    step_down (called by merge.py, which offers the log)
    this node was stopped, and may have been replaced   resign (recovery.py finds out who serves, P20)
    the hand-off is over                                Handoffs (P24)
    the group is empty, and has nothing worth keeping   _upkeep
    a mistake of the program has stopped the group      broken.py (P43)

A follower is unconfirmed at first: the master sends a probe (a `Publish` without entries), and the follower answers
with `Ack` or with `Resync`. Either answer makes the follower confirmed, and a confirmed follower is sent every new
entry. A follower that lags is probed again, with growing pauses. `Masters.lagging` names every group that has a live
follower behind the log; the set may name more groups, never fewer.

Invariants
    Nothing is published or answered before all backups hold the command (P7, P12).
    0 <= progress.acked <= copy.seq <= copy.head.
    A node never masters and follows one group at the same time.
    The term of a mastered group is this node's own, and does not change while the node masters the group.

progress.py says which part writes which field.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ring.features import LEVEL, fitting, unsupported
from ring.ids import GroupId, Incarnation
from ring.replication.copy import as_raw
from ring.replication.lineage import fork_point
from ring.replication.owed import holds
from ring.replication.progress import Master, Progress
from ring.replication.rounds import Rounds
from ring.wire.group import Answer, Submit
from ring.wire.log import Command, Entry, raw
from ring.wire.replication import Ack, Continue, Publish, Replace, Resync

if TYPE_CHECKING:
    from ring.engine import Engine

PROBE_S = 0.5
PROBE_MAX_S = 4.0
ASK_CHECKS = 12
"""Probe all followers once in this many checks, and when nodes come or go: a follower may have lost the group (P30)."""


class Masters:
    """Keep the groups that this node masters."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.groups = engine.replicas.masters
        self.lagging: dict[GroupId, None] = {}  # every group with a follower that has not acknowledged the whole log
        self.commits = 0  # entries committed since the node's start
        self._rounds = Rounds(lambda: self.groups.values())

    # Accept and commit ----------------------------------------------------------------------------------------------

    def on_submit(self, sender: Incarnation, message: Submit) -> None:
        """Accept a command of an edge, or park the command if this node does not serve the group."""
        engine = self.engine
        group = message.group
        mastered = self.groups.get(group)
        if mastered is None:
            engine.recoveries.park(group, sender, message)
        elif not mastered.serving:
            engine.handoffs.frozen(mastered, sender, message)
        else:
            command = engine.kinds[group.kind].read_command(message.command)
            self.accept(mastered, sender, message.number, message.floor, command)

    def accept(self, m: Master, origin: Incarnation, number: int, floor: int, command: Any) -> None:
        """Give the command a place in the group's order, exactly once (P6)."""
        expected = m.expected(origin, floor)
        if number > expected:  # an earlier command is still on the way: the origin repeats both
            return
        if number < expected:  # a repeat
            self._answer_again(m, origin, number)
            return
        try:
            first = m.copy.state.precommands(command, self._is_dead)
        except Exception as problem:
            first = []
            self.engine.note_bug("precommands", problem, m.copy.group)
        for before in first:
            self.command(m, before)
        self._take(m, origin, number, floor, command)

    def _take(self, m: Master, origin: Incarnation | None, number: int, floor: int, command: Any) -> None:
        """Give an accepted command to the backups, or commit the command at once if there is no backup."""
        if m.holders or m.copy.pending or self.engine.journal.is_confirmed(m.copy):
            self.engine.backups.append(m, Command(0, 0, origin, number, floor, command))
        else:  # no other node holds the group: the command is committed at once
            entry = m.copy.judge(origin, number, floor, command, self.engine.now_ms)
            if m.copy.bug is not None:
                entry = self.engine.stopped.judged(m.copy, entry)
            self.commit(m, entry)

    def _answer_again(self, m: Master, origin: Incarnation, number: int) -> None:
        """Answer a repeated command, if the command is committed and the outcome is still kept (P7)."""
        accepted = m.copy.client_logs.get(origin)
        answer = accepted.outcomes.get(number) if accepted is not None else None
        if answer is None:  # not committed yet (P7), or below the origin's floor: the origin has the answer
            return
        if origin == self.engine.me:
            seq, at, outcome = answer
            self.engine.complete(m.copy.group, number, outcome, m.copy.event_id(seq, at))
        else:
            self._send_answer(m, origin, number, *answer)

    def _send_answer(self, m: Master, origin: Incarnation, number: int, seq: int, at: int, outcome: Any) -> None:
        """Send an outcome to another node. `follows` lets the node wait for the position (P11)."""
        if origin.key == self.engine.me.key:  # an earlier life of this node wants no answers any more
            return
        copy, follows = m.copy, origin in m.copy.state.subscribers
        term = copy.term_at(seq)
        self.engine.send(origin.key, Answer(copy.group, number, term, seq, at, follows, raw(outcome)))

    def command(self, m: Master, command: Any) -> None:
        """Take a command that the master gives itself, such as upkeep, unless the network's level is too low (P42)."""
        level = self.engine.peers.level
        if level < LEVEL:
            if unsupported(command, level):
                return
            command = fitting(command, level)
        self._take(m, None, 0, 0, command)

    def commit(self, m: Master, entry: Entry) -> None:
        """Make an entry part of the copy, publish the entry, and answer the origin (P7, P12).

        All backups hold the entry's command. The order of the steps matters: the copy advances before the entry is
        shown here, and the entry is shown here before the local origin is answered (P11).
        """
        engine, copy, origin = self.engine, m.copy, entry.origin
        self.commits += 1
        follows = origin is None or origin == engine.me or origin in copy.state.subscribers
        change = engine.people.advance(copy, entry, unseen=m.unmerged is not None)
        if m.followers:
            self._publish(m, entry)
        if change.moved:
            self.refollow(m)
            engine.mastering(copy.group)
        if origin is not None and not follows and origin not in copy.state.subscribers:
            self._send_answer(m, origin, entry.number, entry.seq, entry.at, entry.outcome)
        engine.people.show(copy, entry, change)
        if m.watchers and entry.event is not None:
            engine.watches.refresh(m)
        if change.sat and not change.sits:
            engine.people.leave(copy)
        if m.unmerged is not None:
            self.reveal(m)
        if m.barriers:
            self.settle(m)
        if engine.merges.taking:
            engine.merges.committed(m)
        if engine.history.waiting:
            engine.history.committed(m)

    def reveal(self, m: Master) -> None:
        """Show people here the served copy, if that copy has all that people know of their side of a partition."""
        known, copy, engine = m.unmerged, m.copy, self.engine
        if known is None or not holds(copy, known):
            return
        engine.people.interrupt(known)
        m.unmerged = None
        if engine.people.reveal(known, copy):
            engine.people.leave(copy)
        engine.catch_up.caught_up(copy.group)

    def _publish(self, m: Master, entry: Entry) -> None:
        """Add an entry to the last Publish for each confirmed follower, or begin a Publish."""
        group, term = m.copy.group, m.copy.term
        self.lagging[group] = None
        for key, follower in m.followers.items():
            if not follower.confirmed:
                continue
            out = self.engine.outgoing(key)
            last = out[-1] if out else None
            if type(last) is Publish and last.group == group and last.term == term and last.head == entry.seq - 1:
                last.entries.append(raw(entry))  # type: ignore[arg-type]
                out[-1] = Publish(group, term, entry.seq, last.entries)
            else:
                out.append(Publish(group, term, entry.seq, as_raw([entry])))

    # Followers ------------------------------------------------------------------------------------------------------

    def lead(self, m: Master) -> None:
        """Begin to serve the group under a new term, and probe all nodes where members sit: these have to learn the
        term. `engine.mastering` hears of the group now, and after each change of the group's subscribers or of other
        data that the group gives out."""
        self.groups[m.copy.group] = m
        self.engine.recoveries.appeared(m.copy.group)
        if m.unmerged is None:
            self.engine.catch_up.caught_up(m.copy.group)
        m.copy.is_cold = False
        self.engine.journal.adopt(m.copy)
        m.asked_at = self.engine.now
        unfit = self.engine.peers.unfit_for(m.copy.group)
        for edge in m.copy.state.subscribers:
            if edge.key in unfit:
                continue
            known = m.followers.get(edge.key)
            if edge.key != self.engine.me.key and (known is None or known.edge.number < edge.number):
                m.followers[edge.key] = self.follower(edge, 0, confirmed=False)
                m.followers[edge.key].sits = True
        for follower in m.followers.values():
            self.probe(m, follower)
        self.lagging[m.copy.group] = None
        self.engine.backups.begin(m)
        self.engine.mastering(m.copy.group)

    def follower(self, edge: Incarnation, acked: int, *, confirmed: bool) -> Progress:
        now = self.engine.now
        return Progress(edge, acked, confirmed=confirmed, probe_at=now + PROBE_S, since=now)

    def refollow(self, m: Master) -> None:
        """Make the followers equal to the nodes where members sit, read from the state (P15)."""
        engine, copy = self.engine, m.copy
        subscribers, unfit = copy.state.subscribers, engine.peers.unfit_for(copy.group)
        for edge in subscribers:
            if edge.key == engine.me.key or edge.key in unfit:
                continue
            follower = m.followers.get(edge.key)
            if follower is not None and not follower.leaving and follower.edge.number >= edge.number:
                if follower.edge == edge:
                    follower.sits = True
                continue
            if copy.log and copy.log[-1].side is not None:  # a merge: the node may have the log of the other side
                m.followers[edge.key] = self.follower(edge, 0, confirmed=False)
                m.followers[edge.key].sits = True
                self.probe(m, m.followers[edge.key])
                self.lagging[copy.group] = None
                continue
            # The node's first member: the snapshot has this very entry, which the follower shows from the tail (P41).
            m.followers[edge.key] = self.follower(edge, copy.seq - 1, confirmed=True)
            m.followers[edge.key].sits = True
            engine.send(edge.key, Replace(copy.group, copy.snapshot(copy.seq - 1), copy.seq - 1))
            self.lagging[copy.group] = None
        for follower in m.followers.values():
            if follower.sits and follower.edge not in subscribers:
                follower.sits = False
                if not follower.holder:
                    self.part(m, follower)

    def part(self, m: Master, follower: Progress) -> None:
        """Let a follower go that has no part in the group any more: the entry published last tells the follower so."""
        follower.leaving = True
        if not follower.confirmed:  # the follower is sent no entries of this term: wait for no acknowledgement
            follower.acked = m.copy.seq

    def do_without(self, m: Master, node: Incarnation) -> None:
        """Do without a node on which a mistake has stopped the group: nothing waits for the node, and another backup
        takes the node's place (P43)."""
        follower = m.followers.pop(node.key, None)
        if follower is not None and follower.holder:
            m.holders.remove(follower)
            self.engine.backups.arrange(m)
        self.settle(m)

    def on_resync(self, sender: Incarnation, message: Resync) -> None:
        """Send a follower the missing entries. A node without members is sent the copy, which says so."""
        m = self.groups.get(message.group)
        if m is None:
            self.engine.recoveries.park(message.group, sender, message)
            return
        if m.is_handed:
            self.engine.bounce(sender.key, message.group, self.engine.target(message.group))
            return
        follower = m.followers.get(sender.key)
        if follower is None or follower.edge != sender:
            # No member sits on the sender. A sender that thinks otherwise learns so from the state.
            fork = fork_point(m.copy.lineage, m.copy.seq, message.lineage, message.seq)
            shown = m.copy.seq if fork == message.seq else fork
            self.engine.send(sender.key, Replace(message.group, m.copy.snapshot(shown), shown))
            return
        if not message.lineage and follower.leaving:
            follower.acked = m.copy.seq
            self.settle(m)
            return
        self._catch_up(m, follower, message)
        if follower.holder:
            self.engine.backups.send_pending(m, follower)

    def _catch_up(self, m: Master, follower: Progress, message: Resync) -> None:
        """Send the missing entries if the follower's log is a prefix of this log and this log reaches back so far.
        Otherwise send the whole copy (P16)."""
        copy, send = m.copy, self.engine.send
        entries = copy.after(message.seq) if copy.extends(message.lineage, message.seq) else None
        if entries is not None:
            send(follower.edge.key, Continue(copy.group, copy.lineage, copy.seq, as_raw(entries)))
        else:
            shown = fork_point(copy.lineage, copy.seq, message.lineage, message.seq) or follower.acked
            send(follower.edge.key, Replace(copy.group, copy.snapshot(shown), shown, follower.holder))
        follower.confirmed = True
        follower.probe_at = self.engine.now + PROBE_S

    def on_ack(self, sender: Incarnation, message: Ack) -> None:
        """Count acknowledgements of this term: settle, and commit where a backup holds more."""
        for group, term, seq, held in message.positions:
            m = self.groups.get(group)
            follower = m.followers.get(sender.key) if m is not None else None
            if m is None or follower is None or follower.edge != sender or term != m.copy.term:
                continue
            follower.probes = 0
            follower.confirmed = True
            if seq > follower.acked:
                follower.acked = min(seq, m.copy.seq)
                self.settle(m)
            if follower.holder and held > follower.held:
                follower.held = held
                self.engine.backups.advance(m)

    def settle(self, m: Master) -> None:
        """Forget followers that have left, and answer barriers: a follower has acknowledged more."""
        for key in [k for k, f in m.followers.items() if f.leaving and f.acked >= m.copy.seq]:
            del m.followers[key]
        if m.barriers:
            self.engine.barriers.advance(m)

    def probe(self, m: Master, follower: Progress) -> None:
        """Tell the follower how far the log goes: the follower acknowledges, or asks for the missing entries."""
        now = self.engine.now
        follower.probe_at = now + min(PROBE_S * 2**follower.probes, PROBE_MAX_S)
        follower.probes = min(follower.probes + 1, 8)
        self.engine.send(follower.edge.key, Publish(m.copy.group, m.copy.term, m.copy.seq, []))
        if follower.holder:
            self.engine.backups.send_pending(m, follower)

    # Timers ---------------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Probe followers that lag, in each tick, and look after a slice of all groups."""
        for group in list(self.lagging):
            m = self.groups.get(group)
            if m is None or not self._chase(m):
                del self.lagging[group]
        for m in self._rounds.some(self.engine.now):
            if self.groups.get(m.copy.group) is m:
                self._upkeep(m)

    def _chase(self, m: Master) -> bool:
        """Probe the followers that lag. Returns whether any live follower lags."""
        peers, lag = self.engine.peers, False
        for key, follower in list(m.followers.items()):
            if follower.acked >= m.copy.seq and (not follower.holder or follower.held >= m.copy.head):
                continue
            if not peers.is_current(follower.edge):
                if follower.leaving:
                    del m.followers[key]
                continue
            lag = True
            if self.engine.now >= follower.probe_at:
                self.probe(m, follower)
        return lag

    def _upkeep(self, m: Master) -> None:
        """Look after one group: trim the log, forget gone origins, give due commands, collect an empty group, probe
        all followers now and then, arrange the backups, and consider a hand-off."""
        engine, copy = self.engine, m.copy
        settings = engine.settings
        if m.serving:
            engine.trim(copy)
        copy.forget_origins(
            [
                o
                for o in copy.client_logs
                if o != engine.me
                and engine.peers.gone_for(o, engine.now) > settings.grace_s + 2 * settings.dead_after_s
            ]
        )
        if not m.serving:
            return
        for command in engine.stopped.maintenance(m, self._is_gone):
            self.command(m, command)
        spent = not copy.pending and copy.state.is_collectable(engine.now_ms) and not m.watchers
        if spent and not m.followers:
            del self.groups[copy.group]
            engine.journal.forget(copy.group)
            return
        if engine.now - m.asked_at > ASK_CHECKS * settings.check_every_s:
            m.asked_at = engine.now
            for follower in m.followers.values():
                self.probe(m, follower)
        engine.backups.arrange(m, spent=spent)
        engine.handoffs.consider(m)

    def _is_dead(self, edge: Incarnation) -> bool:
        return edge != self.engine.me and not self.engine.peers.is_current(edge)

    def _is_gone(self, edge: Incarnation) -> bool:
        return (
            edge != self.engine.me and self.engine.peers.gone_for(edge, self.engine.now) > self.engine.settings.grace_s
        )

    def peers_changed(self) -> None:
        """Count anew, after nodes died or came back, which followers lag, and replace dead backups."""
        for group, m in list(self.groups.items()):
            if m.followers:
                self.lagging[group] = None
                for follower in m.followers.values():
                    follower.probes = 0
                if m.holders and not all(self.engine.peers.is_current(h.edge) for h in m.holders):
                    self.engine.backups.arrange(m)
                self.settle(m)
            m.asked_at = 0.0
        self._rounds.again()

    def resign_all(self) -> None:
        """Resign all groups after a stop of this node: other nodes may serve the groups by now (P20)."""
        for m in list(self.groups.values()):
            self.resign(m)

    def resign(self, m: Master) -> None:
        """Stop serving the group, keep the copy, and find out whether another node serves the group: if none does,
        this node serves on under a new term. A group that was handed on stays as before."""
        engine, group = self.engine, m.copy.group
        if m.is_handed:
            return
        del self.groups[group]
        engine.merges.forget(group)
        engine.handoffs.stop(group)
        f = engine.followers.keep(m.copy, engine.me.key)
        f.holds = True
        if m.unmerged is not None:
            engine.merges.parted(f, m.unmerged)
        engine.recoveries.find(group)

    def step_down(self, m: Master) -> None:
        """Stop mastering the group: another node masters the group under a higher term (P22)."""
        group = m.copy.group
        del self.groups[group]
        self.engine.merges.forget(group)
        self.engine.handoffs.stop(group)
        self.engine.note("stepped_down", group, term=m.copy.term.number, seq=m.copy.seq)
