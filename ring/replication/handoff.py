"""Hand-off (P24): a master that finds a better owner, up and stable, gives it the group.

Install -> Installed -> `Handed`, the last entry of the old term -> the new master serves. Until `Handed` is committed
the old master may thaw; afterwards it only says where the group is, until the new one has the entry.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from ring.ids import GroupId, Incarnation, Term
from ring.replication.copy import Copy, as_raw, restore
from ring.replication.progress import HandOff, Master
from ring.replication.recovery import PARKED, Parkable
from ring.wire.log import Command, Entry
from ring.wire.messages import Install, Installed, Publish

if TYPE_CHECKING:
    from ring.engine import Engine

REPEAT_S = 0.4
THAW_S = 2.0
AT_ONCE = 16
"""So many groups are on their way at a time: each is frozen for as long as it takes, not for as long as all take."""

KEEP_S = 30.0
"""An installed copy whose hand-off never ended is forgotten after this."""


class IncomingHandoff:
    """A copy that another master installed here and may let us serve."""

    __slots__ = ("copy", "parked", "sender", "since", "term")

    def __init__(self, copy: Copy, term: Term, sender: Incarnation, now: float) -> None:
        self.copy = copy
        self.term = term
        self.sender = sender
        self.since = now
        self.parked: deque[tuple[Incarnation, Parkable]] = deque()

    @property
    def is_promised(self) -> bool:
        """Whether this node has given its word to a higher term than the one it was to serve (P21)."""
        return self.copy.promised > self.term


class Handoffs:
    """Hand-offs from here and to here."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.outgoing: dict[GroupId, Master] = {}
        self.incoming: dict[GroupId, IncomingHandoff] = {}
        self._parked: dict[GroupId, deque[tuple[Incarnation, Parkable]]] = {}
        self._waiting: dict[GroupId, None] = {}  # to be handed over when others are done

    # From here ------------------------------------------------------------------------------------------------------

    def consider(self, m: Master) -> None:
        """Is this node the responsible one? If not, hand over (Self-correction)."""
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
        """Others have ended, perhaps."""
        while self._waiting and len(self.outgoing) < AT_ONCE:
            group = next(iter(self._waiting))
            del self._waiting[group]
            m = self.engine.masters.groups.get(group)
            if m is not None:
                self.consider(m)

    def drained(self, m: Master) -> None:
        """The group is frozen: once all that was accepted is committed, it can be installed elsewhere."""
        if m.handoff is not None and not m.handoff.placed and not m.copy.pending:
            self._install(m)

    def _install(self, m: Master) -> None:
        assert m.handoff is not None
        m.handoff.repeat_at = self.engine.now + REPEAT_S
        self.engine.send(m.handoff.to.key, Install(m.copy.group, m.handoff.term, m.copy.snapshot()))

    def frozen(self, m: Master, sender: Incarnation, message: Parkable) -> None:
        """The group is frozen, or another's."""
        if m.is_handed:
            self.engine.bounce(sender.key, m.copy.group, self.engine.target(m.copy.group))
            return
        parked = self._parked.setdefault(m.copy.group, deque())
        if len(parked) < PARKED:
            parked.append((sender, message))

    def on_installed(self, sender: Incarnation, message: Installed) -> None:
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
        """`Handed` is committed: the group is the other's."""
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
        """The new master needs the last entry of our term before it serves."""
        copy = m.copy
        self.engine.send(handoff.to.key, Publish(copy.group, copy.term, copy.seq, as_raw([copy.log[-1]])))

    def concludes(self, m: Master, term: Term) -> bool:
        """Whether who speaks under the term is who the group was handed to: it serves, so this is over."""
        handoff = m.handoff
        if handoff is None or not handoff.committed or handoff.term != term:
            return False
        self._retire(m, handoff)
        return True

    def _retire(self, m: Master, handoff: HandOff) -> None:
        engine, group = self.engine, m.copy.group
        del self.outgoing[group]
        if engine.peers.me.leaving:  # in haste; else the next tick is soon enough, and people's words come in between
            engine.run(self._next)
        if engine.masters.groups.get(group) is m:
            del engine.masters.groups[group]
            engine.followers.take_over_copy(m.copy)
            followed = engine.followers.groups.get(group)
            if followed is not None:
                followed.master = handoff.to.key
                engine.followers.resync(followed)
            engine.hint(group, handoff.to.key)
            engine.barriers.retry(group)

    def give_up(self, m: Master) -> None:
        """There is something to do first."""
        m.tried_handoff_at = 0.0
        self._thaw(m)

    def _thaw(self, m: Master) -> None:
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
        engine, group = self.engine, message.group
        mastered = engine.masters.groups.get(group)
        if mastered is not None:
            if message.term == mastered.copy.term:  # repeated after we began to serve
                engine.send(sender.key, Installed(group, message.term, mastered.copy.seq))
                return
            if not message.snapshot.lineage or message.snapshot.lineage[-1][0] < mastered.copy.term:
                # Two masters (P22). Ours is the higher term: the other learns so and follows.
                engine.send(sender.key, Publish(group, mastered.copy.term, mastered.copy.seq, []))
                return
            engine.merges.yield_to(mastered, sender.key)
            return
        if message.term.key != engine.me.key or message.term.incarnation != engine.me.number or engine.peers.me.leaving:
            return
        held = self.incoming.get(group)
        if held is not None and held.sender != sender and self.holds(group):
            return  # two hand the group over: one after the other
        if held is None or held.term != message.term:
            copy = restore(group, engine.kinds[group.kind], message.snapshot)
            if held is not None and copy.seq < held.copy.seq:
                return
            parked = held.parked if held is not None else deque()
            held = self.incoming[group] = IncomingHandoff(copy, message.term, sender, engine.now)
            held.parked = parked
        engine.send(sender.key, Installed(group, held.term, held.copy.seq))

    def on_last_entry(self, sender: Incarnation, message: Publish) -> None:
        """The old term's last entry, `Handed` to this node, has come: serve."""
        engine, group = self.engine, message.group
        entry = message.entries[-1]
        held = self.incoming.get(group)
        if group not in engine.masters.groups:
            if held is None or entry.handed != held.term or entry.seq != held.copy.seq + 1 or held.is_promised:
                # What was installed is lost, or its term is superseded: the old master still has it.
                self.drop(group)
                search = engine.recoveries.find(group)
                if held is not None and search is not None:
                    search.parked.extend(held.parked)
                return
            self._serve(group, held, entry.seq, entry.at)
        served = engine.masters.groups[group].copy
        engine.send(sender.key, Installed(group, served.term, served.seq))

    def _serve(self, group: GroupId, held: IncomingHandoff, seq: int, at: int) -> None:
        engine, copy = self.engine, held.copy
        followed = engine.followers.groups.get(group)
        copy.advance(Entry(seq, at, None, 0, 0, None, None, held.term))
        if followed is not None and (followed.copy.term, followed.copy.seq) != (copy.term, copy.seq):
            if followed.copy.outweighs(copy):
                engine.merges.prevail(followed, copy, held.sender.key)
            else:
                engine.followers.install(copy, followed, engine.me.key, followed.copy.seq)
        if group not in engine.masters.groups:
            engine.recoveries.serve_under(copy, held.term)
        took_ms = round((engine.now - held.since) * 1000, 1)
        engine.note(
            "hand_off_received", group, peer=held.sender.key, term=held.term.number, seq=copy.seq, took_ms=took_ms
        )
        for sender, message in held.parked:
            engine.receive_again(sender, message)

    def holds(self, group: GroupId) -> bool:
        """Whether a copy waits here for a master, alive, to let us serve it."""
        held = self.incoming.get(group)
        if held is None:
            return False
        old = held.copy.term
        return self.engine.peers.is_current(Incarnation(old.key, old.incarnation))

    def copy(self, group: GroupId) -> Copy | None:
        held = self.incoming.get(group)
        return held.copy if held is not None else None

    def void(self, group: GroupId, sender: Incarnation) -> None:
        """Who was handing the group over has met a higher term meanwhile: it will not say that it is handed."""
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
        engine = self.engine
        for m in list(self.outgoing.values()):
            handoff = m.handoff
            if handoff is None or engine.peers.is_current(handoff.to):
                continue
            if handoff.committed:
                # It died with the group in hand: our copy is as new as any, until the owner has found out.
                self._retire(m, handoff)
            elif not handoff.placed or engine.journal.is_confirmed(m.copy):
                self._thaw(m)  # what is confirmed may wait long for its last event, and the set cannot change meanwhile
        for group, held in list(self.incoming.items()):
            # The old master is gone: whoever is responsible now finds out, our copy included.
            if not self.holds(group) and engine.peers.acting(group) == engine.me.key:
                search = engine.recoveries.find(group)
                if search is not None:
                    search.parked.extend(held.parked)
                    held.parked.clear()

    def stop(self, group: GroupId) -> None:
        """Another masters the group under a higher term: whatever was under way is over."""
        self.outgoing.pop(group, None)
        for sender, message in self._parked.pop(group, ()):
            self.engine.receive_again(sender, message)

    def tick(self) -> None:
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
        for group in [g for g, held in self.incoming.items() if now - held.since > KEEP_S]:
            del self.incoming[group]
