"""Hand-off: a master that finds a better owner, up and stable, gives the group to that owner (P24).

Theory of operation
===================

The old master and the new master exchange four messages:

    old -> new   Install     the whole replica, and the term under which the new master is to serve
    new -> old   Installed   the new master has the replica, and does not serve yet
    old -> new   Publish     the last entry of the old term: `Handed` to the new master
    new -> old   Installed   the new master serves, under the new term

`Handed` is the command, and then the entry, with the new master's term in the field `handed`. The old master repeats
each message every HAND_OFF_REPEAT_S until the answer comes; the new master answers each time.

The states of a hand-off on the old master (`Master.handoff`). `HandOff.step` names the states while the hand-off lasts;
INSTALLING stands for the first two:

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

Invariants
    Two nodes never serve by one hand-off: the new master serves only once `Handed` is committed, and after that commit
    the old master never thaws.
    A hand-off in state draining to committed is in `outgoing`, and there are at most AT_ONCE.
    The new master's replica ends just before `Handed`, so the replica has all commits of the old term.

incoming.py has the new master's side. This file alone writes `Master.handoff`, `Master.tried_handoff_at` and the fields
of `HandOff`.
"""

from __future__ import annotations

from collections import deque

from ring.durations import HAND_OFF_REPEAT_S, THAW_S
from ring.ids import GroupId, Incarnation, Term
from ring.replication.progress import HandOff, Master, Step
from ring.replication.raw import as_raw
from ring.replication.replicas import PARKED, Parkable
from ring.replication.role_port import RolePort
from ring.storage.journal import Journal
from ring.wire.log import Command
from ring.wire.replication import Install, Installed, Publish

AT_ONCE = 16
"""At most this many groups are handed over at a time: each group is frozen for its own hand-off, not for all."""


class Handoffs:
    """Keep the hand-offs from this node."""

    def __init__(self, port: RolePort, journal: Journal) -> None:
        self._port = port
        self._journal = journal
        self.outgoing: dict[GroupId, Master] = {}
        self._parked: dict[GroupId, deque[tuple[Incarnation, Parkable]]] = {}  # messages for groups that are frozen
        self._waiting: dict[GroupId, None] = {}  # groups to be handed over when other hand-offs have ended

    def consider(self, m: Master) -> None:
        """Hand the group over if another node is responsible for the group, and is up and stable (Self-correction)."""
        port = self._port
        peers, now = port.peers, port.now
        key = peers.acting(m.replica.group)
        if key == port.me.key or m.handoff is not None:
            return
        record = peers.roster.get(key)
        if record is None or record.leaving:
            return
        leaving = peers.me.leaving
        if not leaving and (
            peers.stable_for(key, now) < port.settings.hand_off_after_s
            or now - m.tried_handoff_at < port.settings.check_every_s
        ):
            return
        if len(self.outgoing) >= AT_ONCE:
            self._waiting[m.replica.group] = None
            return
        m.tried_handoff_at = now
        m.handoff = HandOff(record.id, Term(m.replica.term.number + 1, key, record.incarnation), now)
        self.outgoing[m.replica.group] = m
        self.drained(m)

    def _next(self) -> None:
        """Consider the groups that wait, as far as other hand-offs have ended."""
        while self._waiting and len(self.outgoing) < AT_ONCE:
            group = next(iter(self._waiting))
            del self._waiting[group]
            m = self._port.replicas.masters.get(group)
            if m is not None:
                self.consider(m)

    def drained(self, m: Master) -> None:
        """Install a frozen group on the new master, once every accepted command is committed."""
        if m.handoff is not None and m.handoff.step is Step.INSTALLING and not m.replica.pending:
            self._install(m)

    def _install(self, m: Master) -> None:
        assert m.handoff is not None
        m.handoff.repeat_at = self._port.now + HAND_OFF_REPEAT_S
        self._port.send(m.handoff.to.key, Install(m.replica.group, m.handoff.term, m.replica.snapshot()))

    def frozen(self, m: Master, sender: Incarnation, message: Parkable) -> None:
        """Park a message for a frozen group, or send the sender on if the group belongs to the new master already."""
        if m.is_handed:
            self._port.bounce(sender.key, m.replica.group, self._port.target(m.replica.group))
            return
        parked = self._parked.setdefault(m.replica.group, deque())
        if len(parked) < PARKED:
            parked.append((sender, message))

    def on_installed(self, sender: Incarnation, message: Installed) -> None:
        """Go on with the hand-off: the new master has the replica (place `Handed`), or serves (retire). A new master
        that took over another log instead, under a higher term, serves too, though that log may be shorter."""
        m = self.outgoing.get(message.group)
        handoff = m.handoff if m is not None else None
        if m is None or handoff is None or handoff.to != sender or message.term < handoff.term:
            return
        if handoff.step < Step.COMMITTED:
            if message.term == handoff.term and handoff.step is Step.INSTALLING:
                handoff.step = Step.PLACED
                self._port.append(m, Command(0, 0, None, 0, 0, None, handoff.term))
        elif message.term > handoff.term or message.seq >= m.replica.seq:
            self._retire(m, handoff)

    def committed(self, m: Master) -> None:
        """Give the group to the new master: `Handed` is committed."""
        port, replica, handoff = self._port, m.replica, m.handoff
        assert handoff is not None
        handoff.step = Step.COMMITTED
        handoff.repeat_at = port.now + HAND_OFF_REPEAT_S
        self._tell(m, handoff)
        parked = self._parked.pop(replica.group, ())
        port.note(
            "hand_off",
            replica.group,
            to=handoff.to.key,
            term=handoff.term.number,
            seq=replica.seq,
            followers=len(m.followers),
            parked=len(parked),
            frozen_ms=round((port.now - handoff.since) * 1000, 1),
        )
        for sender, _ in parked:
            port.bounce(sender.key, replica.group, handoff.to.key)
        for watcher in m.watchers:
            port.bounce(watcher.key, replica.group, handoff.to.key)
        port.resend(replica.group)

    def _tell(self, m: Master, handoff: HandOff) -> None:
        """Send the new master the last entry of this node's term: only then does the new master serve."""
        replica = m.replica
        self._port.send(handoff.to.key, Publish(replica.group, replica.term, replica.seq, as_raw([replica.log[-1]])))

    def concludes(self, m: Master, term: Term) -> bool:
        """Tell whether a message under this term is the new master's. If so, that master serves: the hand-off ends."""
        handoff = m.handoff
        if handoff is None or handoff.step < Step.COMMITTED or handoff.term != term:
            return False
        self._retire(m, handoff)
        return True

    def _retire(self, m: Master, handoff: HandOff) -> None:
        """End the hand-off: the new master serves or is gone."""
        del self.outgoing[m.replica.group]
        if self._port.peers.me.leaving:  # in haste; else the next tick is soon enough, and people's words come first
            self._port.run(self._next)
        if self._port.replicas.masters.get(m.replica.group) is m:
            self._port.retire(m, handoff.to)

    def give_up(self, m: Master) -> None:
        """Give up a hand-off for a merge that has to come first. The next try need not wait."""
        m.tried_handoff_at = 0.0
        self._thaw(m)

    def _thaw(self, m: Master) -> None:
        """Give up the hand-off and serve on: `Handed` loses its meaning, and parked messages are handled."""
        group = m.replica.group
        m.handoff = None
        for command in m.replica.pending:
            command.handed = None
        del self.outgoing[group]
        self._port.note("hand_off_failed", group, seq=m.replica.seq)
        for sender, message in self._parked.pop(group, ()):
            self._port.receive_again(sender, message)
        self._port.resend(group)

    # Timers ---------------------------------------------------------------------------------------------------------

    def peers_changed(self) -> None:
        """Thaw or retire hand-offs to nodes that died."""
        port = self._port
        for m in list(self.outgoing.values()):
            handoff = m.handoff
            if handoff is None or port.peers.is_current(handoff.to):
                continue
            if handoff.step is Step.COMMITTED:
                # The new master died with the group: the replica here is as new as any, until the owner has recovered.
                self._retire(m, handoff)
            elif handoff.step is Step.INSTALLING or self._journal.is_lasting(m.replica):
                self._thaw(m)  # the `Handed` of such a group may wait long for backups, and the set cannot change

    def stop(self, group: GroupId) -> None:
        """End a hand-off from here: this node masters the group no more. Parked messages are handled anew."""
        self.outgoing.pop(group, None)
        for sender, message in self._parked.pop(group, ()):
            self._port.receive_again(sender, message)

    @property
    def is_busy(self) -> bool:
        return bool(self.outgoing or self._waiting)

    def tick(self) -> None:
        """Repeat messages, thaw hand-offs that take too long, and begin the next."""
        now = self._port.now
        for m in list(self.outgoing.values()):
            handoff = m.handoff
            assert handoff is not None
            if now < handoff.repeat_at:
                continue
            if handoff.step is Step.COMMITTED and not self._port.peers.is_current(handoff.to):
                self._retire(m, handoff)
            elif handoff.step is Step.COMMITTED:
                handoff.repeat_at = now + HAND_OFF_REPEAT_S
                self._tell(m, handoff)
            elif handoff.step is Step.PLACED:
                continue
            elif now - handoff.since > THAW_S:
                self._thaw(m)
            else:
                self.drained(m)
        self._next()
