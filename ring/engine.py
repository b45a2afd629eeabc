"""The engine of one node, as the shell and the gateway see the engine: turns, peers, and what is asked of groups.

Theory of operation. The engine does no I/O. The shell calls `begin(now)`, then any inputs (`receive`, `linked`,
`heard`, `lost`, `learn`, `forget`, `tick`), then `drain()`, and sends the messages of each peer that `drain` returns.
The engine belongs to one thread, and never blocks. node.py has the parts of which the engine is made.

Invariants. `now` never goes back. The engine alone writes `now`, `has_met` and the times at which peers were heard. The
rules of ring/PROTOCOL.md are cited as P1 to P49.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ring.duplex import Stream
from ring.durations import LEAVING_REPEAT_S
from ring.features import LEVEL, fitting, unsupported
from ring.history.cursor import has, reached
from ring.history.local import Ahead, ahead, logged
from ring.ids import UNREADABLE, Evidence, GroupId, Incarnation, Term
from ring.known_nodes import KnownNodes
from ring.looking import Looking
from ring.node import Node
from ring.replication.application import Application, Unsupported
from ring.replication.replica import Replica
from ring.replication.state_machine import Kind, State
from ring.rest import is_busy
from ring.roster import NodeRecord, Roster
from ring.settings import Settings
from ring.storage.store import Line
from ring.wire.codec import decode
from ring.wire.history import Cursor, Query
from ring.wire.messages import Message
from ring.wire.node import Records


class Engine(Node, KnownNodes):
    """Run one node: see the docstring of the module."""

    def __init__(
        self,
        me: NodeRecord,
        settings: Settings,
        kinds: Mapping[str, Kind],
        host: Application,
        rng: random.Random,
    ) -> None:
        super().__init__(me, settings, kinds, host, rng)
        self._stopped_after_s = settings.stopped_after_s
        self._heard_at: dict[str, tuple[int, float]] = {}  # ring key -> (last life heard directly, when)
        self._peers_seen = -1
        self._spread_at = 0.0
        self._looking = Looking(self)

    # For the shell ----------------------------------------------------------------------------------------------------

    def begin(self, now: float) -> None:
        """Begin a turn of the loop. now: Unix seconds; an earlier time than before counts as the time before."""
        before, self.now = self.now, max(now, self.now)
        if before and self.now - before > self._stopped_after_s:
            self._was_stopped(self.now - before)

    def _was_stopped(self, seconds: float) -> None:
        """Resign all groups after a long stop: this node first asks the nodes that may serve these groups now (P20)."""
        self.note("was_stopped", stopped_s=round(seconds, 1), groups=len(self.replicas.masters))
        self._heard_at = {key: (number, self.now) for key, (number, _) in self._heard_at.items()}
        self.peers.stood_still(self.now)
        self.submitter.expire()
        self.run(self.roles.resign_all)
        self.run(self.roles.followers.peers_changed)  # the groups that this node follows may have moved on
        self.run(self.catch_up.begin)

    def receive(self, sender: Incarnation, payload: bytes) -> None:
        """Handle a list of messages from a linked node. Messages that cannot be read are counted and noted."""
        if self.is_stale(sender) or (self.peers.too_old and self.peers.is_too_old(sender)):
            return
        self.heard(sender)
        try:
            messages = decode(payload)
        except UNREADABLE:
            messages = self.unreadable.payload(sender, payload)
        now = self.late.take(sender, messages)
        self.run(lambda: self.dispatch(sender, now))

    @property
    def work_waits(self) -> bool:
        """Tell whether `carry_on` has something to do."""
        return self.work.waits

    def carry_on(self, steps: int) -> None:
        """Do so many steps of the long work. To be called before `drain` while `work_waits`, as often as the turn may
        last."""
        self.run(lambda: self.work.go_on(steps))

    def tick(self) -> None:
        """Run the timers. Call several times a second."""
        self.run(self._tick)

    def _tick(self) -> None:
        if self.peers.version != self._peers_seen:
            self._peers_seen = self.peers.version
            self.roles.followers.peers_changed()
            self.roles.recoveries.peers_changed()
            self.roles.backups.peers_changed()
            self.watches.peers_changed()
            self.roles.handoffs.peers_changed()
            self.roles.incoming.peers_changed()
            self.submitter.peers_changed()
        self._spread_leaving()
        self.submitter.tick()
        self.roles.tick()
        self._looking.tick()
        self.people.tick()
        self.roles.forks.tick()
        self.owed.tick()
        self.barriers.tick()
        self.rpc.tick()
        self.history.tick()
        self.erasure.tick()
        self.anti_entropy.tick()
        self.watches.tick()
        self.failure_detector.tick()
        self.thin.tick()
        self.catch_up.tick()
        self.duplex.tick()
        self.levels.tick()

    @property
    def is_busy(self) -> bool:
        """Tell whether something is under way that the next tick goes on with. If not, a tick in REST_S will do."""
        return is_busy(self, self._peers_seen)

    def drain(self) -> dict[str, list[Message]]:
        """Return the messages to send now, by ring key, and end the turn.

        Acknowledgements and collected questions join the messages here.
        """
        self.run(self.app.flush)
        self.duplex.flush()
        self.roles.acks.send()
        self.roles.recoveries.send_prepares()
        out, self._outbox = self._outbox, {}
        if self.peers.level < LEVEL or self.peers.me.level < LEVEL:
            out = self.levels.written(out)
        if self.failure_detector.suspects:
            self.failure_detector.reroute(out)
        return out

    # Peers, for the shell ---------------------------------------------------------------------------------------------

    def linked(self, record: NodeRecord) -> None:
        """Note that a link to the peer is up."""
        self.learn([record])
        self.heard(record.id)
        if self.peers.me.leaving:
            self.send(record.key, Records([self.peers.me]))
        self.thin.linked(record.key)

    def heard(self, peer: Incarnation) -> None:
        """Note bytes of the peer on the peer's own link. Such bytes prove that the peer lives (P18).

        The link may have been up during all the time of the suspicion or death.
        """
        key = peer.key
        if self._heard_at.get(key, (0, 0.0))[0] > peer.number:
            return  # the last bytes of an earlier life
        self._heard_at[key] = (peer.number, self.now)
        if key not in self.failure_detector.suspects and key not in self.peers.dead:
            return
        record = self.peers.roster.get(key)
        if record is None or record.incarnation != peer.number:
            return
        self.failure_detector.clear(key)
        if self.peers.heard(key, self.now):
            self.note("node_alive", peer=key, incarnation=peer.number)

    def heard_ago(self, peer: Incarnation) -> float:
        """Return the seconds since this life of the peer was heard directly; infinity if never."""
        number, at = self._heard_at.get(peer.key, (peer.number, float("-inf")))
        return self.now - at if number == peer.number else float("inf")

    def lost(self, key: str, incarnation: int, evidence: Evidence) -> None:
        """Note that a link is down or could not be made, and act on the evidence of death (P18)."""
        node = Incarnation(key, incarnation)
        if evidence == "refused" and self.peers.is_current(node):
            self.failure_detector.clear(key)
            self.died(node)
        elif evidence == "silent":
            self.run(lambda: self.failure_detector.suspect(node))

    def died(self, node: Incarnation) -> None:
        """Count this life of the node as dead; call only without doubt (P18, P19)."""
        if self.peers.is_current(node) and self.peers.died(node.key, self.now):
            record = self.peers.roster.get(node.key)
            leaving = record is not None and record.leaving
            self.note("node_dead", peer=node.key, incarnation=node.number, leaving=leaving)

    def learn(self, records: Iterable[NodeRecord]) -> list[NodeRecord]:
        """Learn node records of directories, of the saved roster or of a peer. Returns the records that were news."""
        records = list(records)
        before = {record.key: self.peers.last_life(record.key) for record in records}
        news = self.peers.learn(records, self.now)
        for record in news:
            life = before[record.key]
            if life is not None and life < record.incarnation and not record.leaving:
                self.note("node_returned", peer=record.key, incarnation=record.incarnation)
        return news

    def met(self) -> None:
        """Note that this node knows the network, as far as the sources go: groups on disk may be served from now on."""
        if not self.has_met:
            self.has_met = True
            self.run(self.roles.followers.peers_changed)

    def forget(self, key: str, incarnation: int, *, departed: bool = True) -> None:
        """Forget a node that the directories list no more and no link hears. departed: the node said goodbye."""
        if key in self.failure_detector.suspects:  # another node may hear the node: the witnesses decide (P18)
            return
        self._heard_at.pop(key, None)
        was_alive = self.peers.is_alive(key)
        if self.peers.forget(key, incarnation, self.now, departed=departed) and was_alive and departed:
            self.note("node_left", peer=key, incarnation=incarnation)

    def give_up(self, key: str) -> bool:
        """Stop waiting for a dead node that, an operator says, will not return (P36). Returns whether the node was
        known."""
        return self.peers.give_up(key, self.now)

    def leave(self, record: NodeRecord) -> None:
        """Begin to leave, as `record` says. The following ticks hand the groups over (P4, P24)."""
        self.peers.leave(record)
        self._spread_at = 0.0
        self._spread_leaving()

    def _spread_leaving(self) -> None:
        """Tell all nodes of the leaving until the process ends: nodes without the news would hand groups back (P4)."""
        if self.peers.me.leaving and self.now >= self._spread_at:
            self._spread_at = self.now + LEAVING_REPEAT_S
            for key in self.peers.others():
                self.send(key, Records([self.peers.me]))

    # For the gateway --------------------------------------------------------------------------------------------------

    @property
    def roster(self) -> Roster:
        return self.peers.roster

    def live(self) -> list[NodeRecord]:
        """Return the nodes that are not known dead, this node included."""
        return [record for record in self.peers.roster.records() if record.key not in self.peers.dead]

    def submit(self, group: GroupId, command: Any, token: object = None, because: GroupId | None = None) -> None:
        """Submit a command; `Application.answered` comes exactly once.

        because: the group with the event that caused this command. The event is acknowledged only once the command is
        settled (P33). A command that is newer than the acting level is not sent, and has the outcome `Unsupported`. A
        field that is newer than the level gets the field's default.
        """
        if self.peers.level < LEVEL:
            if unsupported(command, self.peers.level):
                refusal = Unsupported(type(command).SINCE, self.peers.lowest().name)
                self.run(lambda: self.app.answered(group, token, refusal, None))
                return
            command = fitting(command, self.peers.level)
        hold = self.roles.acks.hold(because) if because is not None else None
        self.run(lambda: self.submitter.submit(group, command, token, hold))

    def state(self, group: GroupId) -> State | None:
        """Return the local state of a group that this node masters, or follows for local members."""
        mastered = self.replicas.masters.get(group)
        if mastered is not None:
            return mastered.shown.state
        followed = self.replicas.followers.get(group)
        if followed is None or not self.roles.followed.sits(followed.shown):
            return None  # a replica held as a backup may be behind the members' view
        return followed.shown.state

    def applied_to(self, group: GroupId) -> Cursor:
        """Return the cursor up to which local people saw the group; seq 0 if the group is not shown here."""
        replica = self.replicas.shown(group)
        return reached(replica) if replica is not None else Cursor(0, 0)

    def has_shown(self, group: GroupId, msgid: str) -> bool:
        """Tell whether local people were shown the group up to the event of this id."""
        replica = self.replicas.shown(group)
        return replica is not None and has(replica, reached(replica))(msgid)

    def recent(self, group: GroupId, query: Query) -> list[Line]:
        """Return the part of the answer that the shown replica's log has. The query's marks and limit are not
        applied."""
        replica = self.replicas.shown(group)
        return logged(replica, query) if replica is not None else []

    def is_shown(self, line: Line) -> bool:
        """Tell whether the shown log has the line at the line's position, or ends before the line.

        False for a line of another side of a partition while the merge is under way: local people are not shown the
        line yet (P25).
        """
        replica = self.replicas.shown(line.group)
        return replica is not None and (line.seq > replica.seq or line.term == replica.term_at(line.seq))

    def replica_served(self, group: GroupId) -> Replica | None:
        """Return the replica, for reading, of a group that this node masters and is not handing over."""
        m = self.replicas.masters.get(group)
        return m.replica if m is not None and m.serving else None

    def ahead(self, group: GroupId, cursor: Cursor, wanted: str, limit: int) -> Ahead | None:
        """Return the group's messages after the cursor; None unless this node serves the group."""
        m = self.replicas.masters.get(group)
        return ahead(m.replica, cursor, wanted, limit) if m is not None and m.serving else None

    def ask(self, group: GroupId, question: Any, done: Callable[[Any], None]) -> None:
        """Ask the group's master a read-only question. done(None): no answer in time, or the answer was None."""
        self.run(lambda: self.rpc.ask_group(group, question, done))

    def recall(self, group: GroupId, query: Query, done: Callable[[list[Line] | None], None]) -> None:
        """Fetch lines of the group's history, oldest first, alike on every node.

        done(None): no node could answer in time, or the query names an unknown msgid.
        """
        self.run(lambda: self.history.recall(group, query, done))

    def ask_node(self, key: str, body: Any, done: Callable[[Any], None]) -> None:
        """Ask one node; the node's application answers. done(None): no answer in time, or None was the answer."""
        self.run(lambda: self.rpc.ask_node(key, body, done))

    def open_stream(self, node: Incarnation, first: bytes) -> Stream:
        """Open a stream to the node. first: the part that says what the stream is for."""
        return self.duplex.open(node, first)

    def watch(self, group: GroupId) -> None:
        """Show this node the group's view from now on, by `Application.viewed` (P15)."""
        self.run(lambda: self.watches.watch(group))

    def unwatch(self, group: GroupId) -> None:
        self.run(lambda: self.watches.unwatch(group))

    def settle(self, groups: Iterable[GroupId], done: Callable[[], None]) -> None:
        """Call done() once every command of this edge to the groups so far is settled or has failed (P34)."""
        wanted = list(groups)
        self.run(lambda: self.barriers.settle(wanted, done))

    def mastered(self, kind: str) -> list[tuple[GroupId, State, Term]]:
        """Return the groups of the kind that this node serves as master, with state and term."""
        serving = [m.replica for m in self.replicas.mastered(kind) if m.serving]
        return [(replica.group, replica.state, replica.term) for replica in serving]

    @property
    def changes(self) -> int:
        """Grows with each change of a group here and of the peers, and with each command of this edge: who has looked
        at all groups need not look again before."""
        return self.replicas.looks.changes + self.peers.version + self.submits.highest

    def serves(self, group: GroupId) -> tuple[State, Term] | None:
        """Return the group's state and term if this node serves the group as master."""
        m = self.replicas.masters.get(group)
        return (m.replica.state, m.replica.term) if m is not None and m.serving else None

    def groups(self) -> list[GroupId]:
        """Return the groups that this node masters. Copying the table is quick."""
        return list(self.replicas.masters)

    def role(self, group: GroupId) -> tuple[str, int, int] | None:
        """Return the node's role in the group, with the number of the term and the last position; None without a
        role."""
        m, followed = self.replicas.masters.get(group), self.replicas.followers.get(group)
        if m is not None:
            return "master", m.replica.term.number, m.replica.seq
        if followed is not None and (followed.is_backup or self.roles.followed.sits(followed.replica)):
            role = "backup" if followed.is_backup else "follower"
            return role, followed.replica.term.number, followed.replica.seq
        return None
