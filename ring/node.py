"""One node as its parts see the node: the parts, and what the ports let the parts use.

Theory of operation. The node owns no state of a group. Each part owns the state of a theme, and knows its node by
ring/replication/port.py:

- `roles`, `router` (ring/replication/roles.py, router.py): the roles of this node. A node masters a group, follows the
  group, recovers the group (first touch and takeover), or takes the group over from another master. A role knows its
  node by ring/replication/role_port.py, and no other role.
- `replicas`, `people` (ring/replication/): the tables of what this node is to each group, and the one place where an
  entry is applied and shown.
- `barriers`, `owed`, `stopped`, `thin`, `catch_up` (ring/replication/): barriers, lines that this node owes a master,
  groups stopped by a mistake, groups with too few holders, and the return after a stop.
- `peers`, `failure_detector` (ring/membership/): the nodes of the network, and the evidence of death.
- `submits`, `submitter`, `rpc`, `watches`, `duplex`, `levels`, `unreadable` (ring/submit.py, submitter.py, rpc.py,
  watch.py, duplex.py, levels.py, unreadable.py): commands of this edge, questions, watches, streams between two nodes,
  the feature level, and messages that cannot be read.
- `history`, `erasure`, `anti_entropy` (ring/history/) and `journal` (ring/storage/journal.py): past lines, and the
  node's disk.

What a part asks of its node is either done here (messages, notes, jobs, hints), or given to the part whose work it is.

Invariants. All work on groups runs in `run`, so a job never begins inside another job. Messages leave in
`Engine.drain` only, in the order in which the parts add them (`send`, `outgoing`).
"""

from __future__ import annotations

import random
import traceback
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from math import inf
from typing import Any

from ring.dispatch import handlers
from ring.duplex import Streams
from ring.durations import HINT_S
from ring.history.erasure import Erasure
from ring.history.query import HistoryQueries
from ring.history.repair import AntiEntropy
from ring.ids import UNREADABLE, GroupId, Incarnation, Term
from ring.late import LateMessages
from ring.levels import Levels
from ring.membership.failure_detector import FailureDetector, Hearing
from ring.membership.gossip import told_along
from ring.membership.peers import Peers
from ring.replication.application import Application, EventId, Note
from ring.replication.barrier import Barriers
from ring.replication.broken import StoppedGroups
from ring.replication.guarded import GroupBroken, GuardedApplication
from ring.replication.owed import OwedForks
from ring.replication.people import People
from ring.replication.progress import Master, Step
from ring.replication.replica import Replica
from ring.replication.replicas import Follower, Parkable, Recovery, Replicas
from ring.replication.returning import CatchUp
from ring.replication.role_port import RolePort
from ring.replication.roles import Roles
from ring.replication.router import Router
from ring.replication.state_machine import Kind
from ring.replication.thin import ThinGroups
from ring.roster import NodeRecord
from ring.rpc import Rpc
from ring.settings import Settings
from ring.storage.journal import Journal
from ring.storage.store import ReadStore, WorkStore, no_store
from ring.submit import QUEUE, SubmitQueues
from ring.submitter import Submitter
from ring.unreadable import UnreadableMessages
from ring.watch import Watches
from ring.wire.group import NotOwner
from ring.wire.log import Command
from ring.wire.messages import Message
from ring.wire.node import Records
from ring.work import Work


class Node(RolePort, Hearing):
    """Make the parts of one node, and be their port: see the docstring of the module."""

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
        self.submitter = Submitter(self, self.roles, self.barriers)
        self.stopped = StoppedGroups(self, self.roles, self.journal, self.owed, self.barriers, self.submitter)
        self.mastering: Callable[[GroupId], None] = lambda group: None  # the gateway's
        self.notes: list[Note] = []  # for the log: news for the operator
        self.counters: Counter[str] = Counter()
        self.noted: Counter[str] = Counter()  # event -> how many notes since the start
        self.read_store: ReadStore = no_store  # set by the shell, as is the next field
        self.work_store: WorkStore = no_store
        self._outbox: dict[str, list[Message]] = {}
        self._jobs: deque[Callable[[], None]] = deque()
        self.work = Work()
        self.late = LateMessages(self._dispatch_late, self.work.add)
        self._busy = False
        self._hints: dict[GroupId, tuple[str, float]] = {}
        self._handlers = handlers(
            self.roles,
            self.router,
            self.submitter,
            self.barriers,
            self.watches,
            self.rpc,
            self.stopped,
            self.failure_detector,
            self.duplex,
            self.history,
            self.anti_entropy,
            self._on_records,
        )

    # Jobs and messages ------------------------------------------------------------------------------------------------

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
                    self.stopped.stop(broken.group, broken.mistake)
                if not self._jobs:
                    return
                job = self._jobs.popleft()
        finally:
            self._busy = False

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
                self.stopped.stop(broken.group, broken.mistake)

    def _dispatch_late(self, sender: Incarnation, message: Message) -> None:
        """Handle a message that has waited for a slice, unless the sender's life is over."""
        if not self.is_stale(sender):
            self.run(lambda: self.dispatch(sender, [message]))

    def in_slices(self, job: Iterator[None]) -> None:
        """Do long work step by step, some steps in each turn. A step is a job of its own (`run`)."""
        self.work.add(job)

    def receive_again(self, sender: Incarnation, message: Message) -> None:
        """Handle a message that was parked until this node knew the node's role in the group."""
        self.run(lambda: self.dispatch(sender, [message]))

    def is_stale(self, sender: Incarnation) -> bool:
        """Tell whether a later life of the sender is known."""
        record = self.peers.roster.get(sender.key)
        stale = record is not None and record.incarnation > sender.number
        self.counters["stale_incarnation"] += stale
        return stale

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

    # Notes ------------------------------------------------------------------------------------------------------------

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

    # Where a group is -------------------------------------------------------------------------------------------------

    def trim(self, replica: Replica) -> None:
        """Trim a log, and keep all that a silent node which is not given up may lack (P16)."""
        replica.log.trim(self.now, self.keep_s)

    @property
    def keep_s(self) -> float:
        """The age at which entries of logs are forgotten. A dead node may return with a log to compare (P25)."""
        return inf if self.peers.dead else self.settings.log_keep_s

    def oldest(self, group: GroupId) -> int | None:
        """Return the Unix ms before which the group's lines are to be forgotten; None: no line is."""
        keep_s = self.settings.keep_own_s.get(group, self.settings.keep_s)
        return self.now_ms - int(keep_s * 1000) if keep_s else None

    def target(self, group: GroupId) -> str:
        """Return the node to send to: the followed master, else the last hint, else the acting master of the ring."""
        if group in self.replicas.masters:
            handoff = self.replicas.masters[group].handoff
            return handoff.to.key if handoff is not None and handoff.step is Step.COMMITTED else self.me.key
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

    # Given to the part whose work it is -------------------------------------------------------------------------------

    def find(self, group: GroupId, *, curious: bool = False) -> Recovery | None:
        """Begin to find out who holds the group (P14)."""
        return self.roles.find(group, curious=curious)

    def readable(self, group: GroupId) -> Replica | None:
        """Return the replica that may be read while the group is not served (P36)."""
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

    def held_to(self, replica: Replica) -> int:
        """Return the highest seq that this node may acknowledge (P33)."""
        return self.roles.acks.held_to(replica)

    def after_catch_up(self, job: Callable[[], None]) -> None:
        """Do the job once this node has caught up after a stop (P20)."""
        self.catch_up.settle_after(job)

    def resync(self, follower: Follower) -> None:
        """Ask the group's master for what the follower lacks (P16)."""
        self.roles.followers.resync(follower)

    def take_in(self, m: Master, theirs: Replica) -> None:
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

    def arrange(self, m: Master) -> None:
        """Give a group mastered here the backups that the group should have."""
        self.roles.backups.arrange(m)

    def holds_back(self, group: GroupId, master: str, sender: Incarnation, message: Parkable) -> bool:
        """Tell whether another edge's message waits here until the master's log is known to have this node's lines."""
        return self.roles.holds_back(group, master, sender, message)

    def send_on(self, group: GroupId, master: str) -> None:
        """Go on with another node that masters or recovers the group, instead of recovering the group here."""
        self.roles.send_on(group, master)

    def retire(self, m: Master, to: Incarnation) -> None:
        """Master the group no more: the group is handed over to that node (P24)."""
        self.roles.retire(m, to)

    def prevail(self, f: Follower, theirs: Replica, master: str) -> None:
        """Master the group with the followed replica, which outweighs the master's replica (P22)."""
        self.roles.prevail(f, theirs, master)

    def install(self, replica: Replica) -> None:
        """Follow this replica instead of the replica followed so far, if any: this node is about to serve the
        replica."""
        self.roles.install(replica)

    def serve(self, replica: Replica, term: Term) -> None:
        """Master the group from this replica on, under this term."""
        self.roles.serve(replica, term)

    def stored(self, replica: Replica) -> None:
        """Go on with what waited for the replica: the master commits, or a backup acknowledges (P35)."""
        mastered = self.replicas.masters.get(replica.group)
        if mastered is not None and mastered.replica is replica:
            self.run(lambda: self.roles.masters.advance(mastered))
        else:
            self.roles.acks.acknowledge(replica.group)

    def loaded(self, replica: Replica) -> None:
        """Hold a group by a replica that an earlier life of this node has written, and ask who masters it (P36)."""
        self.roles.keep(replica, replica.term.key)

    def resend(self, group: GroupId) -> None:
        """Send all unanswered commands of this edge to the group's master, in order. Name the master to other edges."""
        self.submitter.resend(group)
        self.roles.send_back(group)

    def complete(self, group: GroupId, number: int, outcome: Any, event_id: EventId | None) -> None:
        """Give the answer of a local command to the application."""
        self.submitter.complete(group, number, outcome, event_id)

    def unpark_answers(self, group: GroupId, seq: int) -> None:
        """Complete the answers that waited until the replica reached `seq`."""
        self.submitter.unpark(group, seq)

    def _on_records(self, sender: Incarnation, message: Records) -> None:
        news = self.learn(message.records)
        if message.thin is not None:
            self.thin.heard(sender, message.thin)
        for record in news:
            if record.leaving:
                self.note("node_leaving", peer=record.key, incarnation=record.incarnation)
        if news:
            for key in told_along(self.me.key, self.peers.others()):
                if key != sender.key:
                    self.send(key, Records(news))
