"""Who holds a group beside its master, and what they must have before anything is committed (P12, P13).

The master gives a command its place and sends it to all who hold the group; when they have it, it is decided, published
and answered. The set of holders is part of the group's state: a change to it is a command like any other, and commits
wait for old and new holders alike. A holder that is dead is replaced; the set shrinks only when nobody else is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring.ids import NO_TERM, Incarnation
from ring.replication.copy import as_raw_commands, read_command
from ring.replication.progress import Master, Progress
from ring.wire.log import Command
from ring.wire.messages import Append, Replace, Resync, StaleTerm

if TYPE_CHECKING:
    from ring.engine import Engine


class Backups:
    """Both sides: the groups mastered here that others hold, and those held here for other masters."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    # The master's side ----------------------------------------------------------------------------------------------

    def begin(self, m: Master) -> None:
        """A new term: whoever holds the group by its state has to have all of it before anything is committed."""
        copy = m.copy
        copy.promised = max(copy.promised, copy.term)
        for command in copy.pending:
            command.handed = None  # not handed on after all: who was to have the group has promised this term
            m.look_ahead(command)
        fresh = not copy.members and not copy.seq and not copy.pending
        if fresh:
            copy.members = self.engine.peers.holders(copy.group)  # nothing to be lost yet: it starts with its set
        self._recruit(m, copy.members, empty=fresh)
        self.arrange(m)
        self.advance(m)

    def append(self, m: Master, command: Command) -> None:
        """Give the command its place; it is committed once all who hold the group have it."""
        m.copy.place(command, self.engine.now_ms)
        m.look_ahead(command)
        self.engine.masters.lagging[m.copy.group] = None
        for holder in m.holders:
            self._send(m, holder, command)
        self.advance(m)

    def _send(self, m: Master, holder: Progress, command: Command) -> None:
        group, term = m.copy.group, m.copy.term
        out = self.engine.outgoing(holder.edge.key)
        last = out[-1] if out else None
        if type(last) is Append and last.group == group and last.term == term:
            last.commands.append(*as_raw_commands([command]))
        else:
            out.append(Append(group, term, as_raw_commands([command])))

    def send_pending(self, m: Master, holder: Progress) -> None:
        """All that waits: what the holder has of it already, it leaves out."""
        copy = m.copy
        self.engine.send(holder.edge.key, Append(copy.group, copy.term, as_raw_commands(copy.pending)))

    def advance(self, m: Master) -> None:
        """Holders have acknowledged more: decide and publish what all of them have."""
        copy = m.copy
        while copy.pending and self.engine.masters.groups.get(copy.group) is m:
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
        """What is confirmed is on disk here, too, and on as many as before: deaths do not shrink the set (P35, P37)."""
        copy = m.copy
        if not self.engine.journal.is_confirmed(copy):
            return True
        if copy.safe < command.seq:
            return False
        targets = self._targets(m)
        holding = {self.engine.me.key, *(holder.edge.key for holder in m.holders)}
        if holding.isdisjoint(copy.members):
            return False  # those who held it until now would not know, when they start again, whom to ask (P36)
        return holding.issuperset({*targets}.difference(self.engine.peers.given_up)) and (
            len(targets) >= len(copy.members) or self._may_shrink(m)
        )

    def _may_shrink(self, m: Master) -> bool:
        """Nobody who has a part in it is lost: who is gone has left in order, or there is nothing to keep."""
        peers = self.engine.peers
        lost = peers.unfit_for(m.copy.group)
        return m.copy.state.is_collectable(self.engine.now_ms) or not any(
            key in lost or peers.is_lost(key) for key in m.copy.members
        )

    def _targets(self, m: Master) -> tuple[str, ...]:
        """The set as it will be once all that is pending is committed."""
        pending = (command.members for command in reversed(m.copy.pending) if command.members is not None)
        return next(pending, m.copy.members)

    def arrange(self, m: Master, *, spent: bool = False) -> None:
        """Does the right set hold the group? If not, begin to change it. spent: it may be forgotten, so by all."""
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
            self.advance(m)  # `Handed` is to be the last: who gets the group holds it too, and arranges its set
            return
        self._recruit(m, wanted, empty=True)
        if set(wanted) != set(self._targets(m)):
            self.append(m, Command(0, 0, None, 0, 0, None, None, wanted))
        self.advance(m)

    def _recruit(self, m: Master, keys: tuple[str, ...], *, empty: bool) -> None:
        """empty: they have nothing of the group yet, unless they follow it."""
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
        """A change of the set is committed: those who are out of it, now and in what is pending, hold it no longer."""
        keep = {*m.copy.members, *self._targets(m)}
        for holder in [h for h in m.holders if h.edge.key not in keep]:
            m.holders.remove(holder)
            holder.holder = False
            if not holder.sits:
                self.engine.masters.part(m, holder)

    # The holder's side ----------------------------------------------------------------------------------------------

    def on_append(self, sender: Incarnation, message: Append) -> None:
        engine, group = self.engine, message.group
        mastered = engine.masters.groups.get(group)
        if mastered is not None:
            if message.term <= mastered.copy.term:
                engine.send(sender.key, StaleTerm(group, mastered.copy.term))
                return
            if not engine.handoffs.concludes(mastered, message.term):
                engine.merges.yield_to(mastered, sender.key)
        f = engine.followers.groups.get(group)
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
        """Somebody has promised a higher term (P21): this term is over, and what it had not committed with it."""
        m = self.engine.masters.groups.get(message.group)
        if m is not None and message.term > m.copy.term and message.term != NO_TERM:
            self.engine.merges.yield_to(m, message.term.key)
