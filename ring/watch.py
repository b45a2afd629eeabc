"""Show a group's view to nodes that have no member in the group (P15).

A watch is soft state: the watcher renews the watch, and the master forgets a watch after WATCH_LEASE_S. A watcher
acknowledges each view. Until then the master sends the view again, and the group has not settled (P33).
"""

from __future__ import annotations

from typing import Any

import msgspec

from ring.agenda import Agenda
from ring.durations import VIEW_REPEAT_S, WATCH_LEASE_S, WATCH_RENEW_S, WATCH_REPEAT_S
from ring.features import at_level
from ring.ids import NO_TERM, GroupId, Incarnation, Term
from ring.nothing import drop, own
from ring.replication.barrier import Barriers
from ring.replication.guarded import GroupBroken
from ring.replication.port import Port
from ring.replication.progress import Master
from ring.replication.replica import Replica
from ring.wire.codec import reencode
from ring.wire.group import Seen, View, Watch

WATCHERS = 1000
"""At most this many nodes watch one group."""


class Watched:
    """A group that this node watches: the position of the last view, and the time to renew the watch."""

    __slots__ = ("position", "renew_at")

    def __init__(self, renew_at: float) -> None:
        self.position: tuple[Term, int] = (NO_TERM, -1)
        self.renew_at = renew_at


class Watches:
    """The watches of this node, and the watchers of the groups that this node masters."""

    def __init__(self, port: Port, barriers: Barriers) -> None:
        self.port = port
        self._barriers = barriers
        self.groups: dict[GroupId, Watched] = {}
        self._renewals: Agenda[GroupId] = Agenda()
        self._unseen: dict[GroupId, None] = {}  # mastered groups with a view not acknowledged

    def watch(self, group: GroupId) -> None:
        """Begin to watch the group."""
        self.groups[group] = Watched(self.port.now + WATCH_REPEAT_S)
        self._renewals.plan(group, self.port.now + WATCH_REPEAT_S)
        self._renew(group)

    def unwatch(self, group: GroupId) -> None:
        """Stop watching the group."""
        if self.groups.pop(group, None) is None:
            return
        target = self.port.target(group)
        if target != self.port.me.key:
            self.port.send(target, Watch(group, False))
        elif (m := self.port.replicas.masters.get(group)) is not None:
            drop(m.watchers, self.port.me)
            self.port.replicas.looks.soon(group, self.port.now)  # the group may be forgotten

    def master_known(self, group: GroupId) -> None:
        """Put this node's own watch in force if this node masters the group now, or watch again at the next tick."""
        watched = self.groups.get(group)
        if watched is None:
            return
        if group in self.port.replicas.masters:
            self._renew(group)
        else:
            self._renew_soon(group, watched)

    def _renew_soon(self, group: GroupId, watched: Watched) -> None:
        watched.renew_at = 0.0
        self._renewals.plan(group, self.port.now)

    def _renew(self, group: GroupId) -> None:
        port = self.port
        target = port.target(group)
        if target != port.me.key:
            port.send(target, Watch(group, True))
            return
        m = port.replicas.masters.get(group)
        if m is None:
            port.find(group)
        elif m.serving:
            self._add(m, port.me)

    def on_watch(self, sender: Incarnation, message: Watch) -> None:
        """Begin or end a watch of the sender."""
        m = self.port.replicas.masters.get(message.group)
        if m is None:
            if message.on:
                self.port.park(message.group, sender, message)
        elif not m.serving:
            self.port.wait_for_handoff(m, sender, message)
        elif message.on:
            self._add(m, sender)
        else:
            drop(m.watchers, sender)
            self.port.replicas.looks.soon(message.group, self.port.now)  # the group may be forgotten
            self._has_seen(m, sender)

    def _add(self, m: Master, watcher: Incarnation) -> None:
        now = self.port.now
        for old in [w for w, until in m.watchers.items() if until < now]:
            drop(m.watchers, old)
            self._has_seen(m, old)
        if len(m.watchers) >= WATCHERS and watcher not in m.watchers:
            return
        if not m.watchers:
            m.view = _view_of(m.replica)
        watchers = m.watchers = own(m.watchers)
        watchers[watcher] = now + WATCH_LEASE_S
        self._tell(m, watcher, m.view)

    def refresh(self, m: Master) -> None:
        """Show the watchers the view if an applied event has changed the view."""
        view = _view_of(m.replica)
        if view == m.view:
            return
        m.view = view
        for watcher, until in list(m.watchers.items()):
            if until < self.port.now:
                drop(m.watchers, watcher)
                self._has_seen(m, watcher)
            else:
                self._tell(m, watcher, view)

    def _tell(self, m: Master, watcher: Incarnation, view: Any) -> None:
        if watcher != self.port.me:
            if self.port.level >= Seen.SINCE:
                unseen = m.unseen = own(m.unseen)
                unseen[watcher] = (m.replica.seq, self.port.now)
                self._unseen[m.replica.group] = None
            self.port.send(
                watcher.key,
                View(m.replica.group, m.replica.term, m.replica.seq, reencode(at_level(view, self.port.level))),
            )
        else:
            self._show(m.replica.group, (m.replica.term, m.replica.seq), view)

    def on_view(self, sender: Incarnation, message: View) -> None:
        """Show a view of the master, and acknowledge the view."""
        self._show(message.group, (message.term, message.seq), msgspec.msgpack.decode(message.data))
        self.port.send(sender.key, Seen(message.group, message.term, message.seq))

    def on_seen(self, sender: Incarnation, message: Seen) -> None:
        """Note that the watcher has shown the view, so that barriers go on (P33)."""
        m = self.port.replicas.masters.get(message.group)
        told = m.unseen.get(sender) if m is not None else None
        if m is not None and told is not None and message.term == m.replica.term and message.seq >= told[0]:
            self._has_seen(m, sender)

    def _has_seen(self, m: Master, watcher: Incarnation) -> None:
        if drop(m.unseen, watcher) is not None:
            self._barriers.advance(m)

    def _tell_again(self) -> None:
        now, peers = self.port.now, self.port.peers
        for group in list(self._unseen):
            m = self.port.replicas.masters.get(group)
            if m is None or not m.unseen:
                del self._unseen[group]
                continue
            for watcher, (_, told_at) in list(m.unseen.items()):
                if not peers.is_current(watcher) or m.watchers.get(watcher, 0.0) < now:
                    self._has_seen(m, watcher)
                elif now - told_at >= VIEW_REPEAT_S:
                    self._tell(m, watcher, m.view)

    def _show(self, group: GroupId, position: tuple[Term, int], view: Any) -> None:
        watched = self.groups.get(group)
        if watched is None:
            return
        watched.renew_at = self.port.now + WATCH_RENEW_S
        if position <= watched.position:  # a repeat, or overtaken
            return
        watched.position = position
        self.port.app.viewed(group, view)

    def peers_changed(self) -> None:
        for group, watched in self.groups.items():
            self._renew_soon(group, watched)

    def tick(self) -> None:
        """Show views without acknowledgement again, and renew this node's watches."""
        self._tell_again()
        now = self.port.now
        for group in self._renewals.due(now):
            watched = self.groups.get(group)
            if watched is None:
                continue
            if now >= watched.renew_at:
                watched.renew_at = now + WATCH_REPEAT_S
                self._renew(group)
            self._renewals.plan(group, watched.renew_at)

    @property
    def next_at(self) -> float:
        """When the next tick has something to do."""
        return 0.0 if self._unseen else self._renewals.next_at


def _view_of(replica: Replica) -> Any:
    """Return the view that watchers are shown of the group. Raises GroupBroken."""
    try:
        return replica.state.view()
    except Exception as problem:
        raise GroupBroken(replica.group) from problem
