"""Hand-off: a master that finds a better owner, up and stable, gives the group to that owner (P24).

Theory of operation
===================

The old master and the new master exchange four messages:

    old -> new   Install     the whole copy, and the term under which the new master is to serve
    new -> old   Installed   the new master has the copy, and does not serve yet
    old -> new   Publish     the last entry of the old term: `Handed` to the new master
    new -> old   Installed   the new master serves, under the new term

`Handed` is the command, and then the entry, with the new master's term in the field `handed`. The old master repeats
each message every REPEAT_S until the answer comes; the new master answers each time.

The states of an outgoing hand-off (`Master.handoff`, a `HandOff`):

    draining     the group is frozen, and commands are pending: these are committed first
    installing   nothing is pending: Install is sent
    placed       `Handed` has a position, the last of this term, and waits for all backups
    committed    `Handed` is committed: the group belongs to the new master, and this node only says so
    retired      the new master serves, or is gone: this node masters the group no more
    thawed       given up: this node serves on

    draining, installing   -> thawed      after THAW_S, when the new master dies, or when there is a merge to do first
    placed                 -> thawed      only when the new master dies and the group is confirmed on disks (P35)
    committed              -> retired     Installed, a message under the new term (`concludes`), or the new master dies

While a group is frozen, messages of other nodes are parked here: after a thaw this node handles these messages, after
the commit the senders are sent on to the new master. This edge's own commands wait in the submit queue.

An incoming hand-off (`IncomingHandoff`) waits for the last entry of the old term, and then serves (`_serve`). The
hand-off is void if the old master meets a higher term, if this node promises a higher term to another node
(`is_ended_by`), or if the old master has not gone on with the hand-off for a while (`_goes_on`): that node may have
yielded to a master unknown here, and may live on for ever. If the old master dies, the installed copy is a copy like
others in a recovery.

Invariants
    Two nodes never serve by one hand-off: the new master serves only once `Handed` is committed, and after that commit
    the old master never thaws.
    An outgoing hand-off in state draining to committed is in `outgoing`, and there are at most AT_ONCE.
    The new master's copy ends just before `Handed`, so the copy has all commits of the old term.

This file alone writes `Master.handoff`, `Master.tried_handoff_at` and the fields of both records.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from ring.ids import GroupId, Incarnation, Term
from ring.replication.copy import as_raw, restore
from ring.replication.progress import HandOff, Master
from ring.replication.replicas import PARKED, IncomingHandoff, Parkable
from ring.wire.log import Command, Entry
from ring.wire.replication import Install, Installed, Publish

if TYPE_CHECKING:
    from ring.engine import Engine

REPEAT_S = 0.4
THAW_S = 2.0
AT_ONCE = 16
"""At most this many groups are handed over at a time: each group is frozen for its own hand-off, not for all."""

KEEP_S = 30.0
"""An installed copy is kept this long for a recovery, if the old master is dead."""


class Handoffs:
    """Keep the hand-offs from this node and to this node."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.outgoing: dict[GroupId, Master] = {}
        self.incoming = engine.replicas.incoming
        self._parked: dict[GroupId, deque[tuple[Incarnation, Parkable]]] = {}  # messages for groups that are frozen
        self._waiting: dict[GroupId, None] = {}  # groups to be handed over when other hand-offs have ended

    # From here ------------------------------------------------------------------------------------------------------

    def consider(self, m: Master) -> None:
        """Hand the group over if another node is responsible for the group, and is up and stable (Self-correction)."""
        engine = self.engine
        peers, now = engine.peers, engine.now
        key = peers.acting(m.copy.group)
        if key == engine.me.key or m.handoff is not None:
            return
        record = peers.roster.get(key)
        if record is None or record.leaving:
            return
        leaving = peers.me.leaving
        if not leaving and (
            peers.stable_for(key, now) < engine.settings.hand_off_after_s
            or now - m.tried_handoff_at < engine.settings.check_every_s
        ):
            return
        if len(self.outgoing) >= AT_ONCE:
            self._waiting[m.copy.group] = None
            return
        m.tried_handoff_at = now
        m.handoff = HandOff(record.id, Term(m.copy.term.number + 1, key, record.incarnation), now)
        self.outgoing[m.copy.group] = m
        self.drained(m)

    def _next(self) -> None:
        """Consider the groups that wait, as far as other hand-offs have ended."""
        while self._waiting and len(self.outgoing) < AT_ONCE:
            group = next(iter(self._waiting))
            del self._waiting[group]
            m = self.engine.replicas.masters.get(group)
            if m is not None:
                self.consider(m)

    def drained(self, m: Master) -> None:
        """Install a frozen group on the new master, once every accepted command is committed."""
        if m.handoff is not None and not m.handoff.placed and not m.copy.pending:
            self._install(m)

    def _install(self, m: Master) -> None:
        assert m.handoff is not None
        m.handoff.repeat_at = self.engine.now + REPEAT_S
        self.engine.send(m.handoff.to.key, Install(m.copy.group, m.handoff.term, m.copy.snapshot()))

    def frozen(self, m: Master, sender: Incarnation, message: Parkable) -> None:
        """Park a message for a frozen group, or send the sender on if the group belongs to the new master already."""
        if m.is_handed:
            self.engine.bounce(sender.key, m.copy.group, self.engine.target(m.copy.group))
            return
        parked = self._parked.setdefault(m.copy.group, deque())
        if len(parked) < PARKED:
            parked.append((sender, message))

    def on_installed(self, sender: Incarnation, message: Installed) -> None:
        """Go on with the hand-off: the new master has the copy (place `Handed`), or serves (retire)."""
        m = self.outgoing.get(message.group)
        handoff = m.handoff if m is not None else None
        if m is None or handoff is None or handoff.to != sender or message.term < handoff.term:
            return
        if not handoff.committed:
            if message.term == handoff.term and not handoff.placed:
                handoff.placed = True
                self.engine.backups.append(m, Command(0, 0, None, 0, 0, None, handoff.term))
        elif message.seq >= m.copy.seq:
            self._retire(m, handoff)

    def committed(self, m: Master) -> None:
        """Give the group to the new master: `Handed` is committed."""
        engine, copy, handoff = self.engine, m.copy, m.handoff
        assert handoff is not None
        handoff.committed = True
        handoff.repeat_at = engine.now + REPEAT_S
        self._tell(m, handoff)
        parked = self._parked.pop(copy.group, ())
        engine.note(
            "hand_off",
            copy.group,
            to=handoff.to.key,
            term=handoff.term.number,
            seq=copy.seq,
            followers=len(m.followers),
            parked=len(parked),
            frozen_ms=round((engine.now - handoff.since) * 1000, 1),
        )
        for sender, _ in parked:
            engine.bounce(sender.key, copy.group, handoff.to.key)
        for watcher in m.watchers:
            engine.bounce(watcher.key, copy.group, handoff.to.key)
        engine.resend(copy.group)

    def _tell(self, m: Master, handoff: HandOff) -> None:
        """Send the new master the last entry of this node's term: only then does the new master serve."""
        copy = m.copy
        self.engine.send(handoff.to.key, Publish(copy.group, copy.term, copy.seq, as_raw([copy.log[-1]])))

    def concludes(self, m: Master, term: Term) -> bool:
        """Tell whether a message under this term is the new master's. If so, that master serves: the hand-off ends."""
        handoff = m.handoff
        if handoff is None or not handoff.committed or handoff.term != term:
            return False
        self._retire(m, handoff)
        return True

    def _retire(self, m: Master, handoff: HandOff) -> None:
        """Stop mastering the group: the new master serves or is gone. Follow the new master if members sit here."""
        engine, group = self.engine, m.copy.group
        del self.outgoing[group]
        if engine.peers.me.leaving:  # in haste; else the next tick is soon enough, and people's words come in between
            engine.run(self._next)
        if engine.replicas.masters.get(group) is m:
            del engine.replicas.masters[group]
            engine.followers.take_over_copy(m.copy)
            followed = engine.replicas.followers.get(group)
            if followed is not None:
                followed.master = handoff.to.key
                engine.followers.resync(followed)
            engine.hint(group, handoff.to.key)
            engine.barriers.retry(group)

    def give_up(self, m: Master) -> None:
        """Give up a hand-off for a merge that has to come first. The next try need not wait."""
        m.tried_handoff_at = 0.0
        self._thaw(m)

    def _thaw(self, m: Master) -> None:
        """Give up the hand-off and serve on: `Handed` loses its meaning, and parked messages are handled."""
        group = m.copy.group
        m.handoff = None
        for command in m.copy.pending:
            command.handed = None
        del self.outgoing[group]
        self.engine.note("hand_off_failed", group, seq=m.copy.seq)
        for sender, message in self._parked.pop(group, ()):
            self.engine.receive_again(sender, message)
        self.engine.resend(group)

    # To here --------------------------------------------------------------------------------------------------------

    def on_install(self, sender: Incarnation, message: Install) -> None:
        """Keep the copy of an old master and answer Installed, unless this node masters the group already."""
        engine, group = self.engine, message.group
        mastered = engine.replicas.masters.get(group)
        if mastered is not None:
            if message.term == mastered.copy.term:  # repeated after this node began to serve
                engine.send(sender.key, Installed(group, message.term, mastered.copy.seq))
                return
            if not message.snapshot.lineage or message.snapshot.lineage[-1][0] < mastered.copy.term:
                # Two masters (P22). The term of this node is higher: the other master learns so and follows.
                engine.send(sender.key, Publish(group, mastered.copy.term, mastered.copy.seq, []))
                return
            engine.merges.yield_to(mastered, sender.key)
            return
        if message.term.key != engine.me.key or message.term.incarnation != engine.me.number or engine.peers.me.leaving:
            return
        held = self.incoming.get(group)
        if held is not None and held.sender != sender and self.holds(group):
            return  # two masters hand the group over: this node takes the first hand-off first
        if held is None or held.term != message.term:
            copy = restore(group, engine.kinds[group.kind], message.snapshot)
            if held is not None and copy.seq < held.copy.seq:
                return
            parked = held.parked if held is not None else deque()
            held = self.incoming[group] = IncomingHandoff(copy, message.term, sender, engine.now)
            held.parked = parked
        held.heard_at = engine.now
        engine.send(sender.key, Installed(group, held.term, held.copy.seq))

    def on_last_entry(self, sender: Incarnation, message: Publish) -> None:
        """Serve the group: the last entry of the old term, `Handed` to this node, has come."""
        engine, group = self.engine, message.group
        entry = message.entries[-1]
        held = self.incoming.get(group)
        if group not in engine.replicas.masters:
            if held is None or not held.is_ended_by(sender, entry):
                # The installed copy is lost, or a higher term is promised: the old master still has the group.
                self.drop(group)
                search = engine.recoveries.find(group)
                if held is not None and search is not None:
                    search.parked.extend(held.parked)
                return
            self._serve(group, held, entry.seq, entry.at)
        served = engine.replicas.masters[group].copy
        engine.send(sender.key, Installed(group, served.term, served.seq))

    def _serve(self, group: GroupId, held: IncomingHandoff, seq: int, at: int) -> None:
        """Add `Handed` to the installed copy, and master the group from there under the new term."""
        engine, copy = self.engine, held.copy
        followed = engine.replicas.followers.get(group)
        copy.advance(Entry(seq, at, None, 0, 0, None, None, held.term))
        if followed is not None and (followed.copy.term, followed.copy.seq) != (copy.term, copy.seq):
            if followed.copy.outweighs(copy):
                engine.merges.prevail(followed, copy, held.sender.key)
            else:
                engine.followers.install(copy, followed, engine.me.key, followed.copy.seq)
        if group not in engine.replicas.masters:
            engine.recoveries.serve_under(copy, held.term)
        took_ms = round((engine.now - held.since) * 1000, 1)
        engine.note(
            "hand_off_received", group, peer=held.sender.key, term=held.term.number, seq=copy.seq, took_ms=took_ms
        )
        for sender, message in held.parked:
            engine.receive_again(sender, message)

    def holds(self, group: GroupId) -> bool:
        """Tell whether an installed copy waits here for an old master that is alive and goes on with the hand-off."""
        held = self.incoming.get(group)
        return held is not None and self._is_alive(held) and self._goes_on(held)

    def _is_alive(self, held: IncomingHandoff) -> bool:
        old = held.copy.term
        return self.engine.peers.is_current(Incarnation(old.key, old.incarnation))

    def _goes_on(self, held: IncomingHandoff) -> bool:
        """Tell whether the old master may be about to send `Handed`: an old master that has been answered waits for
        backups alone, and for none longer than for a death."""
        return self.engine.now - held.heard_at <= THAW_S + self.engine.settings.dead_after_s

    def void(self, group: GroupId, sender: Incarnation) -> None:
        """End an incoming hand-off: `Handed` will not come from this sender. Parked messages are handled anew."""
        held = self.incoming.get(group)
        if held is not None and held.sender == sender:
            del self.incoming[group]
            for parked_sender, message in held.parked:
                self.engine.receive_again(parked_sender, message)

    def drop(self, group: GroupId) -> None:
        self.incoming.pop(group, None)

    def park_installed(self, group: GroupId, sender: Incarnation, message: Parkable) -> None:
        held = self.incoming.get(group)
        if held is not None and len(held.parked) < PARKED:
            held.parked.append((sender, message))

    # Timers ---------------------------------------------------------------------------------------------------------

    def peers_changed(self) -> None:
        """Thaw or retire hand-offs to nodes that died, and recover groups whose old master died."""
        engine = self.engine
        for m in list(self.outgoing.values()):
            handoff = m.handoff
            if handoff is None or engine.peers.is_current(handoff.to):
                continue
            if handoff.committed:
                # The new master died with the group: the copy here is as new as any, until the owner has recovered.
                self._retire(m, handoff)
            elif not handoff.placed or engine.journal.is_confirmed(m.copy):
                self._thaw(m)  # a confirmed `Handed` may wait long for backups, and the set cannot change meanwhile
        for group, held in list(self.incoming.items()):
            # The old master is gone, and this node is the owner: recover the group, with the copy here.
            if not self.holds(group) and engine.peers.acting(group) == engine.me.key:
                search = engine.recoveries.find(group)
                if search is not None:
                    search.parked.extend(held.parked)
                    held.parked.clear()

    def stop(self, group: GroupId) -> None:
        """End a hand-off from here: this node masters the group no more. Parked messages are handled anew."""
        self.outgoing.pop(group, None)
        for sender, message in self._parked.pop(group, ()):
            self.engine.receive_again(sender, message)

    def tick(self) -> None:
        """Repeat messages, thaw hand-offs that take too long, begin the next, and end waits that are over."""
        now = self.engine.now
        for m in list(self.outgoing.values()):
            handoff = m.handoff
            assert handoff is not None
            if now < handoff.repeat_at:
                continue
            if handoff.committed and not self.engine.peers.is_current(handoff.to):
                self._retire(m, handoff)
            elif handoff.committed:
                handoff.repeat_at = now + REPEAT_S
                self._tell(m, handoff)
            elif handoff.placed:
                continue
            elif now - handoff.since > THAW_S:
                self._thaw(m)
            else:
                self.drained(m)
        self._next()
        for group, held in list(self.incoming.items()):
            if now - held.since > KEEP_S or (self._is_alive(held) and not self._goes_on(held)):
                self.void(group, held.sender)
