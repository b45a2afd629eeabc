"""Run the groups of one node: route commands to masters, master groups, follow groups, and time all of this.

Theory of operation. The engine does no I/O. The shell calls `begin(now)`, then any inputs (`receive`, `linked`,
`heard`, `lost`, `learn`, `forget`, `tick`), then `drain()`, and sends the messages of each peer that `drain` returns.
The engine belongs to one thread, and never blocks.

The engine owns no state of a group. Each part owns the state of a theme, and knows its node by
ring/replication/port.py:

- `roles`, `router` (ring/replication/roles.py, router.py): the roles of this node. A node masters a group, follows the
  group, recovers the group (first touch and takeover), or takes the group over from another master. A role knows its
  node by ring/replication/role_port.py, and no other role.
- `replicas`, `people` (ring/replication/): the tables of what this node is to each group, and the one place where an
  entry is applied and shown.
- `barriers`, `owed`, `stopped`, `thin`, `catch_up` (ring/replication/): barriers, lines that this node owes a master,
  groups stopped by a mistake, groups with too few holders, and the return after a stop.
- `peers`, `failure_detector` (ring/membership/): the nodes of the network, and the evidence of death.
- `submits`, `rpc`, `watches`, `duplex`, `levels`, `unreadable` (ring/submit.py, rpc.py, watch.py, duplex.py, levels.py,
  unreadable.py): commands of this edge, questions, watches, streams between two nodes, the feature level, and messages
  that cannot be read.
- `history`, `erasure`, `anti_entropy` (ring/history/) and `journal` (ring/storage/journal.py): past lines, and the
  node's disk.

Invariants. All work on groups runs in `run`, so a job never begins inside another job. Messages leave in `drain` only,
in the order in which the parts add them (`send`, `outgoing`). `now` never goes back. The engine alone writes `now`,
`has_met`, the hints and the times at which peers were heard. The rules of ring/PROTOCOL.md are cited as P1 to P48.
"""

from __future__ import annotations

import random
import traceback
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from math import inf
from typing import Any

from ring.duplex import Streams
from ring.features import LEVEL, fitting, unsupported
from ring.history.cursor import reached
from ring.history.erasure import Erasure
from ring.history.local import Ahead, ahead, logged
from ring.history.query import HistoryQueries
from ring.history.repair import AntiEntropy
from ring.ids import UNREADABLE, Evidence, GroupId, Incarnation, Term
from ring.levels import Levels
from ring.membership.failure_detector import FailureDetector, Hearing
from ring.membership.peers import Peers
from ring.notes import Note
from ring.replication.acks import Hold
from ring.replication.application import FAILED, UNJUDGED, Application, EventId, Unsupported
from ring.replication.barrier import Barriers
from ring.replication.broken import StoppedGroups
from ring.replication.copy import Copy, msgid_prefix, read_optional
from ring.replication.guarded import GroupBroken, GuardedApplication
from ring.replication.owed import OwedForks
from ring.replication.people import People
from ring.replication.progress import Master
from ring.replication.replicas import Follower, Parkable, Recovery, Replicas
from ring.replication.returning import CatchUp
from ring.replication.role_port import RolePort
from ring.replication.roles import Roles
from ring.replication.router import Router
from ring.replication.state_machine import Kind, State
from ring.replication.thin import ThinGroups
from ring.roster import NodeRecord, Roster
from ring.rpc import Rpc
from ring.settings import Settings
from ring.storage.journal import Journal
from ring.storage.store import Line, ReadStore, WorkStore, no_store
from ring.submit import QUEUE, SubmitQueue, SubmitQueues
from ring.unreadable import UnreadableMessages
from ring.watch import Watches
from ring.wire.codec import decode
from ring.wire.group import Answer, Barrier, NotOwner, Question, Seen, Settled, Submit, View, Watch
from ring.wire.history import (
    Cursor,
    FetchDigest,
    FetchedDigest,
    FetchedLines,
    FetchLines,
    HistoryAnswer,
    HistoryQuery,
    Lines,
    Query,
    Read,
)
from ring.wire.log import Command, raw
from ring.wire.messages import Message
from ring.wire.node import Ask, Flow, PingReply, PingRequest, Records, Relay, Reply
from ring.wire.replication import (
    Ack,
    Append,
    Continue,
    Fetch,
    Fetched,
    Install,
    Installed,
    MergeDone,
    MergeOffer,
    Prepare,
    Promise,
    Publish,
    Replace,
    Resync,
    StaleTerm,
    Stopped,
)

SPREAD_S = 0.5

HINT_S = 3.0
"""How long a node believes another node's word about a group's master before the node looks at the ring again."""


class Engine(RolePort, Hearing):
    """Tie the parts of one node together: see the docstring of the module."""

    def __init__(
        self,
        me: NodeRecord,
        settings: Settings,
        kinds: Mapping[str, Kind],
        host: Application,
        rng: random.Random,
    ) -> None:
        self.me: Incarnation = me.id
        self.settings = settings
        self.kinds = kinds
        self.app: Application = GuardedApplication(host)
        self.rng = rng
        self.now = 0.0
        self.has_met = False
        self.peers = Peers(me, settings.ring)
        self.submits = SubmitQueues()
        self.replicas = Replicas()
        self.journal = Journal(self)
        self.people = People(self)
        self.owed = OwedForks(self)
        self.barriers = Barriers(self)
        self.rpc = Rpc(self)
        self.watches = Watches(self, self.barriers)
        self.history = HistoryQueries(self, self.journal)
        self.erasure = Erasure(self, self.journal)
        self.anti_entropy = AntiEntropy(self, self.journal, self.history)
        self.failure_detector = FailureDetector(self)
        self.duplex = Streams(self)
        self.levels = Levels(self)
        self.unreadable = UnreadableMessages(self)
        self.thin = ThinGroups(self, self.journal)
        self.catch_up = CatchUp(self)
        self.roles = Roles(
            self,
            self.people,
            self.journal,
            self.barriers,
            self.watches,
            self.rpc,
            self.history,
            self.owed,
            self.catch_up,
        )
        self.router = Router(self, self.roles)
        self.stopped = StoppedGroups(self, self.roles, self.journal, self.owed, self.barriers, self.rpc, self.history)
        self.mastering: Callable[[GroupId], None] = lambda group: None  # the gateway's
        self.notes: list[Note] = []  # for the log: news for the operator
        self.counters: Counter[str] = Counter()
        self.noted: Counter[str] = Counter()  # event -> how many notes since the start
        self.read_store: ReadStore = no_store  # set by the shell, as is the next field
        self.work_store: WorkStore = no_store
        self._outbox: dict[str, list[Message]] = {}
        self._jobs: deque[Callable[[], None]] = deque()
        self._busy = False
        self._heard_at: dict[str, tuple[int, float]] = {}  # ring key -> (last life heard directly, when)
        self._hints: dict[GroupId, tuple[str, float]] = {}
        self._peers_seen = -1
        self._spread_at = 0.0
        roles = self.roles
        self._handlers: dict[type, Callable[[Incarnation, Any], None]] = {
            Submit: roles.masters.on_submit,
            Resync: roles.masters.on_resync,
            Ack: roles.masters.on_ack,
            Barrier: self.barriers.on_barrier,
            Settled: self.barriers.on_settled,
            Answer: self._on_answer,
            NotOwner: self._on_not_owner,
            Publish: self.router.on_publish,
            Continue: roles.followers.on_continue,
            Replace: roles.followers.on_replace,
            Watch: self.watches.on_watch,
            View: self.watches.on_view,
            Seen: self.watches.on_seen,
            Question: self.rpc.on_question,
            Ask: self.rpc.on_ask,
            Reply: self.rpc.on_reply,
            Prepare: roles.recoveries.on_prepare,
            Promise: roles.recoveries.on_promise,
            Fetch: roles.recoveries.on_fetch,
            Fetched: roles.recoveries.on_fetched,
            Install: self.router.on_install,
            Installed: roles.handoffs.on_installed,
            Records: self._on_records,
            Append: self.router.on_append,
            StaleTerm: self.router.on_stale_term,
            Stopped: self.stopped.on_stopped,
            MergeOffer: self.router.on_merge_offer,
            MergeDone: roles.forks.on_merge_done,
            PingRequest: self.failure_detector.on_ping_request,
            PingReply: self.failure_detector.on_ping_reply,
            Relay: self.failure_detector.on_relay,
            Flow: self.duplex.on_flow,
            HistoryQuery: self.history.on_query,
            HistoryAnswer: self.history.on_answer,
            Read: self.history.on_read,
            Lines: self.history.on_lines,
            FetchDigest: self.anti_entropy.on_fetch_digest,
            FetchedDigest: self.anti_entropy.on_fetched_digest,
            FetchLines: self.anti_entropy.on_fetch_lines,
            FetchedLines: self.anti_entropy.on_fetched_lines,
        }

    # For the shell --------------------------------------------------------------------------------------------------

    def begin(self, now: float) -> None:
        """Begin a turn of the loop. now: Unix seconds; an earlier time than before counts as the time before."""
        before, self.now = self.now, max(now, self.now)
        if before and self.now - before > self.settings.dead_after_s - 2 * self.settings.heartbeat_s:
            self._was_stopped(self.now - before)

    def _was_stopped(self, seconds: float) -> None:
        """Resign all groups after a long stop: this node first asks the nodes that may serve these groups now (P20)."""
        self.note("was_stopped", stopped_s=round(seconds, 1), groups=len(self.replicas.masters))
        self._heard_at = {key: (number, self.now) for key, (number, _) in self._heard_at.items()}
        for group, stream in list(self.submits.queues.items()):
            self._expire(group, stream)
        self.run(self.roles.resign_all)
        self.run(self.roles.followers.peers_changed)  # the groups that this node follows may have moved on
        self.run(self.catch_up.begin)

    def receive(self, sender: Incarnation, payload: bytes) -> None:
        """Handle a list of messages from a linked node. Messages that cannot be read are counted and noted."""
        if self.is_stale(sender) or self.peers.is_too_old(sender):
            return
        self.heard(sender)
        try:
            messages = decode(payload)
        except UNREADABLE:
            messages = self.unreadable.payload(sender, payload)
        self.run(lambda: self.dispatch(sender, messages))

    def is_stale(self, sender: Incarnation) -> bool:
        """Tell whether a later life of the sender is known."""
        record = self.peers.roster.get(sender.key)
        stale = record is not None and record.incarnation > sender.number
        self.counters["stale_incarnation"] += stale
        return stale

    def dispatch(self, sender: Incarnation, messages: list[Message]) -> None:
        """Give each message to the handler of the message's type. A message that cannot be read, or breaks a group,
        stops no other message."""
        for message in messages:
            group = getattr(message, "group", None)
            if group is not None and group.kind not in self.kinds:
                self.unreadable.message(sender, message, group)
                continue
            if group is not None and group in self.stopped.groups:
                self.stopped.refuse(sender, message, group)
                continue
            try:
                self._handlers[type(message)](sender, message)
            except UNREADABLE:
                self.unreadable.message(sender, message, group)
            except GroupBroken as broken:
                self.stopped.stop(broken.group, broken.__cause__ or broken)

    def receive_again(self, sender: Incarnation, message: Message) -> None:
        """Handle a message that was parked until this node knew the node's role in the group."""
        self.run(lambda: self.dispatch(sender, [message]))

    def tick(self) -> None:
        """Run the timers. Call several times a second."""
        self.run(self._tick)

    def _tick(self) -> None:
        if self.peers.version != self._peers_seen:
            self._peers_seen = self.peers.version
            self.roles.followers.peers_changed()
            self.roles.recoveries.peers_changed()
            self.roles.backups.peers_changed()
            self.roles.upkeep.again()
            self.watches.peers_changed()
            self.roles.handoffs.peers_changed()
            self.roles.incoming.peers_changed()
            for stream in self.submits.queues.values():
                stream.repeat_at = 0.0
        self._spread_leaving()
        self._repeat_submits()
        self.roles.tick()
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
            self._spread_at = self.now + SPREAD_S
            for key in self.peers.others():
                self.send(key, Records([self.peers.me]))

    # For the gateway ------------------------------------------------------------------------------------------------

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
        self.run(lambda: self._submit(group, command, token, hold))

    def state(self, group: GroupId) -> State | None:
        """Return the local state of a group that this node masters, or follows for local members."""
        mastered = self.replicas.masters.get(group)
        if mastered is not None:
            return mastered.shown.state
        followed = self.replicas.followers.get(group)
        if followed is None or not self.roles.followed.sits(followed.shown):
            return None  # a copy held as a backup may be behind the members' view
        return followed.shown.state

    def applied_to(self, group: GroupId) -> Cursor:
        """Return the cursor up to which local people saw the group; seq 0 if the group is not shown here."""
        copy = self.replicas.shown(group)
        return reached(copy) if copy is not None else Cursor(0, 0)

    def recent(self, group: GroupId, query: Query) -> list[Line]:
        """Return the part of the answer that the shown copy's log has. The query's marks and limit are not applied."""
        copy = self.replicas.shown(group)
        return logged(copy, query) if copy is not None else []

    def is_shown(self, line: Line) -> bool:
        """Tell whether the shown log has the line at the line's position, or ends before the line.

        False for a line of another side of a partition while the merge is under way: local people are not shown the
        line yet (P25).
        """
        copy = self.replicas.shown(line.group)
        return copy is not None and (line.seq > copy.seq or line.term == copy.term_at(line.seq))

    def copy_served(self, group: GroupId) -> Copy | None:
        """Return the copy, for reading, of a group that this node masters and is not handing over."""
        m = self.replicas.masters.get(group)
        return m.copy if m is not None and m.serving else None

    def ahead(self, group: GroupId, place: Cursor, wanted: str, limit: int) -> Ahead | None:
        """Return the group's messages after the place; None unless this node serves the group."""
        m = self.replicas.masters.get(group)
        return ahead(m.copy, place, wanted, limit) if m is not None and m.serving else None

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
        return [
            (g, m.copy.state, m.copy.term) for g, m in self.replicas.masters.items() if g.kind == kind and m.serving
        ]

    def serves(self, group: GroupId) -> tuple[State, Term] | None:
        """Return the group's state and term if this node serves the group as master."""
        m = self.replicas.masters.get(group)
        return (m.copy.state, m.copy.term) if m is not None and m.serving else None

    # For the parts --------------------------------------------------------------------------------------------------

    def run(self, job: Callable[[], None]) -> None:
        """Do a job now, or right after the job under way: so a callback never changes a job's data in the middle."""
        if self._busy:
            self._jobs.append(job)
            return
        self._busy = True
        try:
            while True:
                try:
                    job()
                except GroupBroken as broken:
                    self.stopped.stop(broken.group, broken.__cause__ or broken)
                if not self._jobs:
                    return
                job = self._jobs.popleft()
        finally:
            self._busy = False

    def send(self, key: str, message: Message) -> None:
        """Queue a message for a node; `drain` returns the message."""
        self._outbox.setdefault(key, []).append(message)

    def answer(self, asker: Incarnation, message: Message) -> None:
        """Answer a question, unless a later life of the asker is known: there the number names another question."""
        if not self.is_stale(asker):
            self.send(asker.key, message)

    def outgoing(self, key: str) -> list[Message]:
        """Return the queue of messages for a node."""
        return self._outbox.setdefault(key, [])

    def note(self, event: str, group: GroupId | None = None, **facts: Any) -> None:
        """Note news for the operator's log. facts: units last in the names."""
        self.notes.append(Note(event, group, facts))
        self.noted[event] += 1

    def note_bug(
        self, where: str, problem: BaseException, group: GroupId | None = None, event: str = "bug", **facts: Any
    ) -> None:
        """Note a mistake of the program that does not end the process.

        The note has the kind of the exception and the place, but not the exception's words: the words may hold a secret
        or a person's text.
        """
        trace = "".join(traceback.format_tb(problem.__traceback__))
        self.note(event, group, where=where, problem=type(problem).__name__, traceback=trace, **facts)

    def trim(self, copy: Copy) -> None:
        """Trim a log, and keep all that a silent node which is not given up may lack (P16)."""
        keep_s = self.settings.dead_after_s + self.settings.grace_s
        if self.peers.dead:
            keep_s = inf  # a dead node may return with a log to compare (P25)
        copy.log.trim(self.now, keep_s)

    def oldest(self, group: GroupId) -> int | None:
        """Return the Unix ms before which the group's lines are to be forgotten; None: no line is."""
        keep_s = self.settings.keep_own_s.get(group, self.settings.keep_s)
        return self.now_ms - int(keep_s * 1000) if keep_s else None

    def target(self, group: GroupId) -> str:
        """Return the node to send to: the followed master, else the last hint, else the acting master of the ring."""
        if group in self.replicas.masters:
            handoff = self.replicas.masters[group].handoff
            return handoff.to.key if handoff is not None and handoff.committed else self.me.key
        followed = self.replicas.followers.get(group)
        if followed is not None and not self.roles.followers.is_orphan(followed):
            return followed.master
        hint = self._hints.get(group)
        if hint is not None:
            if hint[1] > self.now and self.peers.is_alive(hint[0]):
                return hint[0]
            del self._hints[group]
        return self.peers.acting(group)

    def hint(self, group: GroupId, master: str) -> None:
        """Remember a master that another node named, for HINT_S."""
        self._hints[group] = (master, self.now + HINT_S)
        if len(self._hints) > QUEUE:
            self._hints.pop(next(iter(self._hints)))

    def bounce(self, key: str, group: GroupId, master: str) -> None:
        """Name the group's master to a node that asked the wrong node, with the record behind this view."""
        record = self.peers.roster.get(master)
        self.send(key, NotOwner(group, master, (record,) if record else ()))

    def resend(self, group: GroupId) -> None:
        """Send all unanswered commands of this edge to the group's master, in order."""
        stream = self.submits.queues.get(group)
        target = self.target(group)
        if stream is None or not stream.pending or self.roles.followers.holds_back(group, target):
            return
        self.submits.sent(stream, target, self.now)
        if target == self.me.key:
            mastered = self.replicas.masters.get(group)
            if mastered is None:
                self.roles.find(group)
            elif mastered.serving:
                for pending in list(stream.pending):
                    self.roles.masters.accept(mastered, self.me, pending.number, stream.floor, pending.command)
            return
        for pending in stream.pending:
            self.send(target, Submit(group, pending.number, stream.floor, raw(pending.command)))

    def find(self, group: GroupId, *, curious: bool = False) -> Recovery | None:
        """Begin to find out who holds the group (P14)."""
        return self.roles.find(group, curious=curious)

    def readable(self, group: GroupId) -> Copy | None:
        """Return the copy that may be read while the group is not served (P36)."""
        return self.roles.recoveries.readable(group)

    def park(self, group: GroupId, sender: Incarnation, message: Parkable) -> None:
        """Keep a message until this node knows what it is to the group."""
        self.roles.park(group, sender, message)

    def wait_for_handoff(self, m: Master, sender: Incarnation, message: Parkable) -> None:
        """Keep a message to a group that is frozen for a hand-off (P24)."""
        self.roles.handoffs.frozen(m, sender, message)

    def command(self, m: Master, command: Any) -> None:
        """Give a group mastered here a command of the master's own."""
        self.roles.masters.command(m, command)

    def held_to(self, copy: Copy) -> int:
        """Return the highest seq that this node may acknowledge (P33)."""
        return self.roles.acks.held_to(copy)

    def after_catch_up(self, job: Callable[[], None]) -> None:
        """Do the job once this node has caught up after a stop (P20)."""
        self.catch_up.settle_after(job)

    def resync(self, follower: Follower) -> None:
        """Ask the group's master for what the follower lacks (P16)."""
        self.roles.followers.resync(follower)

    def take_in(self, m: Master, theirs: Copy) -> None:
        """Append what another log of the group has, and merge the states (P22, P25, P26)."""
        self.roles.merges.take_in(m, theirs)

    def say_stopped(self, key: str, group: GroupId) -> None:
        """Tell a node that a mistake of the program has stopped the group here (P43)."""
        self.stopped.say(key, group)

    def stop_unread(self, group: GroupId, sender: Incarnation) -> None:
        """Stop the group here: this build cannot read what another build writes (P43)."""
        self.stopped.stop_unread(group, sender)

    def append(self, m: Master, command: Command) -> None:
        """Give a command a position in the log of a group mastered here."""
        self.roles.masters.append(m, command)

    def send_on(self, group: GroupId, master: str) -> None:
        """Go on with another node that masters or recovers the group, instead of recovering the group here."""
        self.roles.send_on(group, master)

    def retire(self, m: Master, to: Incarnation) -> None:
        """Master the group no more: the group is handed over to that node (P24)."""
        self.roles.retire(m, to)

    def prevail(self, f: Follower, theirs: Copy, master: str) -> None:
        """Master the group with the followed copy, which outweighs the master's copy (P22)."""
        self.roles.prevail(f, theirs, master)

    def install(self, copy: Copy) -> None:
        """Follow this copy instead of the copy followed so far, if any: this node is about to serve the copy."""
        self.roles.install(copy)

    def serve(self, copy: Copy, term: Term) -> None:
        """Master the group from this copy on, under this term."""
        self.roles.serve(copy, term)

    def stored(self, copy: Copy) -> None:
        """Go on with what waited for the copy: the master commits, or a backup acknowledges (P35)."""
        mastered = self.replicas.masters.get(copy.group)
        if mastered is not None and mastered.copy is copy:
            self.run(lambda: self.roles.masters.advance(mastered))
        else:
            self.roles.acks.acknowledge(copy.group)

    def loaded(self, copy: Copy) -> None:
        """Hold a group by a copy that an earlier life of this node has written, and ask who masters it (P36)."""
        self.roles.keep(copy, copy.term.key)

    # Answers --------------------------------------------------------------------------------------------------------

    def _submit(self, group: GroupId, command: Any, token: object, hold: Hold | None) -> None:
        stream = self.submits.queues.get(group)
        if stream is not None and len(stream.pending) >= QUEUE:
            self._release(hold)
            self.app.answered(group, token, FAILED, None)
            return
        if self.stopped.groups and group in self.stopped.groups:
            self._release(hold)
            self.app.answered(group, token, self.stopped.failure(group), None)
            return
        pending = self.submits.add(group, command, token, self.now, hold)
        if stream is None:
            stream = self.submits.queues[group]
        mastered = self.replicas.masters.get(group)
        if mastered is not None and mastered.serving:
            stream.sent_at, stream.sent_to = self.now, self.me.key
            self.roles.masters.accept(mastered, self.me, pending.number, stream.floor, command)
            return
        target = self.target(group)
        if self.roles.followers.holds_back(group, target):
            return
        if target == self.me.key:
            if mastered is None:
                self.roles.find(group)
            return
        if target != stream.sent_to and len(stream.pending) > 1:
            self.resend(group)  # a new master needs the earlier commands, too
            return
        stream.sent_at, stream.sent_to = self.now, target
        self.send(target, Submit(group, pending.number, stream.floor, raw(command)))

    def _release(self, hold: Hold | None) -> None:
        """End a hold, so that the event may be acknowledged: to the master, or by this node as the master (P33)."""
        if hold is not None:
            self.roles.acks.release(hold)
            m = self.replicas.masters.get(hold[0])
            if m is not None:
                self.roles.fanout.settle(m)

    def complete(self, group: GroupId, number: int, outcome: Any, event_id: EventId | None) -> None:
        """Give the answer of a local command to the application. The local copy, if any, has the answer's position
        (P11)."""
        pending = self.submits.take(group, number)
        if pending is None:
            return
        self.app.answered(group, pending.token, FAILED if outcome is UNJUDGED else outcome, event_id)
        if pending.hold is not None:
            hold = pending.hold
            self.run(lambda: self.barriers.settle([group], lambda: self._release(hold)))

    def _on_answer(self, sender: Incarnation, message: Answer) -> None:
        kind = self.kinds[message.group.kind]
        event_id = EventId(f"{msgid_prefix(message.group, message.term)}{message.seq:x}", message.at)
        outcome = read_optional(kind.read_outcome, message.outcome)
        followed = self.replicas.followers.get(message.group)
        if message.follows and (followed is None or followed.copy.seq < message.seq):
            stream = self.submits.queues.get(message.group)
            if stream is not None and stream.waits_for(message.number):
                stream.parked[message.number] = (message.seq, outcome, event_id)
            return
        self.complete(message.group, message.number, outcome, event_id)

    def unpark_answers(self, group: GroupId, seq: int) -> None:
        """Complete the answers that waited until the copy reached `seq`."""
        stream = self.submits.queues.get(group)
        if stream is None or not stream.parked:
            return
        for number in sorted(n for n, (position, _, _) in stream.parked.items() if position <= seq):
            _, outcome, event_id = stream.parked[number]
            self.complete(group, number, outcome, event_id)

    def _on_not_owner(self, sender: Incarnation, message: NotOwner) -> None:
        self.learn(message.records)
        if message.master == sender.key:
            return
        self.hint(message.group, message.master)
        followed = self.replicas.followers.get(message.group)
        if followed is not None:
            self.roles.followers.redirect(followed, message.master, sender.key)
        stream = self.submits.queues.get(message.group)
        if stream is not None and self.submits.turn(stream, self.target(message.group)):
            self.resend(message.group)
        self.rpc.redirected(message.group)
        self.history.redirected(message.group)
        self.watches.redirected(message.group)

    def _on_records(self, sender: Incarnation, message: Records) -> None:
        news = self.learn(message.records)
        if message.thin is not None:
            self.thin.heard(sender, message.thin)
        for record in news:
            if record.leaving:
                self.note("node_leaving", peer=record.key, incarnation=record.incarnation)
        if news:
            for key in self.peers.others():
                if key != sender.key:
                    self.send(key, Records(news))

    def _repeat_submits(self) -> None:
        for group, stream in list(self.submits.due(self.now)):
            self._expire(group, stream)
            self.resend(group)

    def _expire(self, group: GroupId, stream: SubmitQueue) -> None:
        limit = self.now - self.settings.settle_max_s
        while stream.pending and stream.pending[0].since < limit:
            self.note("submit_failed", group, age_s=round(self.now - stream.pending[0].since, 1))
            self.complete(group, stream.pending[0].number, self.stopped.failure(group), None)
