"""The group engine of one node: routes commands to masters, masters groups, follows groups.

Sans-I/O. The shell calls `begin(now)`, then any inputs, then `drain()` and sends what comes out, one list a peer. The
parts: leading.py (master), backing.py (who else holds a group), following.py (follower), finding.py (first touch and
takeover), handing.py (hand-off), settling.py (barriers), asking.py (questions), watching.py (watches). Rules:
PROTOCOL.md, cited as P1 to P48.
"""

from __future__ import annotations

import random
import traceback
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from math import inf
from typing import Any, NamedTuple

from ring.duplex import Streams
from ring.features import LEVEL, fitting, unsupported
from ring.history.cursor import reached
from ring.history.erasure import Retaining
from ring.history.local import Ahead, ahead, logged
from ring.history.query import Recalling
from ring.history.repair import Refilling
from ring.ids import UNREADABLE, Evidence, GroupId, Incarnation, Term
from ring.levels import Levels
from ring.membership.failure_detector import Witnesses
from ring.membership.peers import Peers, RingSettings
from ring.notes import Note
from ring.replication.application import FAILED, UNJUDGED, Host, Stamp, Unsupported
from ring.replication.backups import Backing
from ring.replication.barrier import Settling
from ring.replication.broken import Broken
from ring.replication.copy import Copy, msgid_prefix, read_optional
from ring.replication.follower import Following
from ring.replication.guarded import GroupBroken, GuardedHost
from ring.replication.handoff import Handing
from ring.replication.master import Leading
from ring.replication.merge import Merging
from ring.replication.owed import Owing
from ring.replication.recovery import Finding
from ring.replication.returning import Returning
from ring.replication.state_machine import Kind, State
from ring.replication.thin import Thin
from ring.roster import NodeRecord, Roster
from ring.rpc import Asking
from ring.storage.journal import Journal
from ring.storage.store import Line, ReadStore, WorkStore, no_store
from ring.submit import QUEUE, Outbound, Submits
from ring.unreadable import Unreadable
from ring.watch import Watching
from ring.wire.codec import decode
from ring.wire.history import Place, Query
from ring.wire.log import raw
from ring.wire.messages import (
    Ack,
    Answer,
    Append,
    Ask,
    Barrier,
    Carried,
    Carry,
    Collect,
    Collected,
    Continue,
    Elsewhere,
    Fetch,
    Fetched,
    Flow,
    Hear,
    Heard,
    Install,
    Installed,
    Lines,
    Message,
    Offer,
    Publish,
    Question,
    Read,
    Recall,
    Recalled,
    Records,
    Relay,
    Replace,
    Reply,
    Resync,
    Seen,
    Settled,
    Stopped,
    Submit,
    Superseded,
    Survey,
    Surveyed,
    Taken,
    View,
    Watch,
)


class Settings(NamedTuple):
    """Times in seconds. dead_after_s: silence that is death. grace_s: how long a dead edge's members may return.
    keep_s: what was said longer ago is shown to nobody; 0: there is no such limit. keep_own_s: of groups with
    a limit of their own."""

    ring: RingSettings = RingSettings()
    dead_after_s: float = 5.0
    grace_s: float = 30.0
    heartbeat_s: float = 1.0
    settle_max_s: float = 10.0
    hand_off_after_s: float = 1.0
    check_every_s: float = 5.0
    keep_s: float = 0.0
    keep_own_s: Mapping[GroupId, float] = {}


SPREAD_S = 0.5

HINT_S = 3.0
"""How long a node believes another's word on who masters a group before it looks at the ring again."""


class Engine:
    """One node's part in every group: see the module's text."""

    def __init__(
        self,
        me: NodeRecord,
        settings: Settings,
        kinds: Mapping[str, Kind],
        host: Host,
        rng: random.Random,
    ) -> None:
        self.me: Incarnation = me.id
        self.settings = settings
        self.kinds = kinds
        self.host: Host = GuardedHost(host)
        self.rng = rng
        self.now = 0.0
        self.has_met = False
        self.peers = Peers(me, settings.ring)
        self.submits = Submits()
        self.leading = Leading(self)
        self.backing = Backing(self)
        self.journal = Journal(self)
        self.following = Following(self)
        self.finding = Finding(self)
        self.handing = Handing(self)
        self.merging = Merging(self)
        self.owing = Owing(self)
        self.settling = Settling(self)
        self.asking = Asking(self)
        self.watching = Watching(self)
        self.recalling = Recalling(self)
        self.retaining = Retaining(self)
        self.refilling = Refilling(self)
        self.witnesses = Witnesses(self)
        self.streams = Streams(self)
        self.levels = Levels(self)
        self.unreadable = Unreadable(self)
        self.broken = Broken(self)
        self.thin = Thin(self)
        self.returning = Returning(self)
        self.mastering: Callable[[GroupId], None] = lambda group: None  # see `leading.lead`; the gateway's
        self.notes: list[Note] = []  # what an operator should know, for the log
        self.counters: Counter[str] = Counter()
        self.noted: Counter[str] = Counter()  # how often each note was made, since the start
        self.read_store: ReadStore = no_store  # the shell's, and so is
        self.work_store: WorkStore = no_store
        self._outbox: dict[str, list[Message]] = {}
        self._jobs: deque[Callable[[], None]] = deque()
        self._busy = False
        self._heard_at: dict[str, tuple[int, float]] = {}  # ring key -> the life that was last heard itself, and when
        self._hints: dict[GroupId, tuple[str, float]] = {}
        self._peers_seen = -1
        self._spread_at = 0.0
        self._handlers: dict[type, Callable[[Incarnation, Any], None]] = {
            Submit: self.leading.on_submit,
            Resync: self.leading.on_resync,
            Ack: self.leading.on_ack,
            Barrier: self.settling.on_barrier,
            Settled: self.settling.on_settled,
            Answer: self._on_answer,
            Elsewhere: self._on_elsewhere,
            Publish: self.following.on_publish,
            Continue: self.following.on_continue,
            Replace: self.following.on_replace,
            Watch: self.watching.on_watch,
            View: self.watching.on_view,
            Seen: self.watching.on_seen,
            Question: self.asking.on_question,
            Ask: self.asking.on_ask,
            Reply: self.asking.on_reply,
            Collect: self.finding.on_collect,
            Collected: self.finding.on_collected,
            Fetch: self.finding.on_fetch,
            Fetched: self.finding.on_fetched,
            Install: self.handing.on_install,
            Installed: self.handing.on_installed,
            Records: self._on_records,
            Append: self.backing.on_append,
            Superseded: self.backing.on_superseded,
            Stopped: self.broken.on_stopped,
            Offer: self.merging.on_offer,
            Taken: self.merging.on_taken,
            Hear: self.witnesses.on_hear,
            Heard: self.witnesses.on_heard,
            Relay: self.witnesses.on_relay,
            Flow: self.streams.on_flow,
            Recall: self.recalling.on_recall,
            Recalled: self.recalling.on_recalled,
            Read: self.recalling.on_read,
            Lines: self.recalling.on_lines,
            Survey: self.refilling.on_survey,
            Surveyed: self.refilling.on_surveyed,
            Carry: self.refilling.on_carry,
            Carried: self.refilling.on_carried,
        }

    # For the shell --------------------------------------------------------------------------------------------------

    def begin(self, now: float) -> None:
        """A loop turn begins. now: Unix seconds, never less than before."""
        before, self.now = self.now, max(now, self.now)
        if before and self.now - before > self.settings.dead_after_s - 2 * self.settings.heartbeat_s:
            self._was_stopped(self.now - before)

    def _was_stopped(self, seconds: float) -> None:
        """This node was thought dead, or nearly: whoever serves its groups now is asked before it does (P20)."""
        self.note("was_stopped", stopped_s=round(seconds, 1), groups=len(self.leading.groups))
        self._heard_at = {key: (number, self.now) for key, (number, _) in self._heard_at.items()}
        for group, stream in list(self.submits.streams.items()):
            self._expire(group, stream)
        self.run(self.leading.resign_all)
        self.run(self.following.peers_changed)  # and what it follows may have gone on without it
        self.run(self.returning.begin)

    def receive(self, sender: Incarnation, payload: bytes) -> None:
        """A list of messages from a linked node. What cannot be read is counted and noted."""
        if self.is_stale(sender) or self.peers.is_too_old(sender):
            return
        self.heard(sender)
        try:
            messages = decode(payload)
        except UNREADABLE:
            messages = self.unreadable.payload(sender, payload)
        self.run(lambda: self.dispatch(sender, messages))

    def is_stale(self, sender: Incarnation) -> bool:
        """Whether the node is known to have begun anew since."""
        record = self.peers.roster.get(sender.key)
        stale = record is not None and record.incarnation > sender.number
        self.counters["stale_incarnation"] += stale
        return stale

    def dispatch(self, sender: Incarnation, messages: list[Message]) -> None:
        for message in messages:
            group = getattr(message, "group", None)
            if group is not None and group.kind not in self.kinds:
                self.unreadable.message(sender, message, group)
                continue
            if group is not None and group in self.broken.groups:
                self.broken.refuse(sender, message, group)
                continue
            try:
                self._handlers[type(message)](sender, message)
            except UNREADABLE:
                self.unreadable.message(sender, message, group)
            except GroupBroken as broken:
                self.broken.stop(broken.group, broken.__cause__ or broken)

    def receive_again(self, sender: Incarnation, message: Message) -> None:
        """A message that was parked until this node knew what it is to the group."""
        self.run(lambda: self.dispatch(sender, [message]))

    def tick(self) -> None:
        """Timers. Call a few times a second."""
        self.run(self._tick)

    def _tick(self) -> None:
        if self.peers.version != self._peers_seen:
            self._peers_seen = self.peers.version
            self.following.peers_changed()
            self.finding.peers_changed()
            self.leading.peers_changed()
            self.watching.peers_changed()
            self.handing.peers_changed()
            for stream in self.submits.streams.values():
                stream.repeat_at = 0.0
        self._spread_leaving()
        self._repeat_submits()
        self.leading.tick()
        self.following.tick()
        self.finding.tick()
        self.handing.tick()
        self.merging.tick()
        self.owing.tick()
        self.settling.tick()
        self.asking.tick()
        self.recalling.tick()
        self.retaining.tick()
        self.refilling.tick()
        self.watching.tick()
        self.witnesses.tick()
        self.thin.tick()
        self.returning.tick()
        self.streams.tick()
        self.levels.tick()

    def drain(self) -> dict[str, list[Message]]:
        """What to send now, by ring key. Also ends the turn: acknowledgements and collected questions go out here."""
        self.run(self.host.flush)
        self.streams.flush()
        self.following.send_acks()
        self.finding.send_collects()
        out, self._outbox = self._outbox, {}
        if self.peers.level < LEVEL or self.peers.me.level < LEVEL:
            out = self.levels.written(out)
        if self.witnesses.suspects:
            self.witnesses.reroute(out)
        return out

    def linked(self, record: NodeRecord) -> None:
        """A link to this node is up."""
        self.learn([record])
        self.heard(record.id)
        if self.peers.me.leaving:
            self.send(record.key, Records([self.peers.me]))
        self.thin.linked(record.key)

    def heard(self, peer: Incarnation) -> None:
        """Bytes have come from the node itself over its link: it lives, whatever was thought before (P18).

        A link may have been up all the time that this node was suspected, or thought dead.
        """
        key = peer.key
        if self._heard_at.get(key, (0, 0.0))[0] > peer.number:
            return  # the last words of a life that is over
        self._heard_at[key] = (peer.number, self.now)
        if key not in self.witnesses.suspects and key not in self.peers.dead:
            return
        record = self.peers.roster.get(key)
        if record is None or record.incarnation != peer.number:
            return
        self.witnesses.clear(key)
        if self.peers.heard(key, self.now):
            self.note("node_alive", peer=key, incarnation=peer.number)

    def heard_ago(self, peer: Incarnation) -> float:
        """Seconds since bytes came from this life of the node itself."""
        number, at = self._heard_at.get(peer.key, (peer.number, float("-inf")))
        return self.now - at if number == peer.number else float("inf")

    def lost(self, key: str, incarnation: int, evidence: Evidence) -> None:
        """A link is down, or could not be made (P18)."""
        node = Incarnation(key, incarnation)
        if evidence == "refused" and self.peers.is_current(node):
            self.witnesses.clear(key)
            self.died(node)
        elif evidence == "silent":
            self.run(lambda: self.witnesses.suspect(node))

    def died(self, node: Incarnation) -> None:
        """There is no doubt left (P18, P19)."""
        if self.peers.is_current(node) and self.peers.died(node.key, self.now):
            record = self.peers.roster.get(node.key)
            leaving = record is not None and record.leaving
            self.note("node_dead", peer=node.key, incarnation=node.number, leaving=leaving)

    def learn(self, records: Iterable[NodeRecord]) -> list[NodeRecord]:
        """The directories, the saved roster or a peer know these nodes. Returns the records that were news."""
        records = list(records)
        before = {record.key: self.peers.last_life(record.key) for record in records}
        news = self.peers.learn(records, self.now)
        for record in news:
            life = before[record.key]
            if life is not None and life < record.incarnation and not record.leaving:
                self.note("node_returned", peer=record.key, incarnation=record.incarnation)
        return news

    def met(self) -> None:
        """This node knows the network, as far as anybody tells it: what it has on disk may be served from now on."""
        if not self.has_met:
            self.has_met = True
            self.run(self.following.peers_changed)

    def forget(self, key: str, incarnation: int, *, departed: bool = True) -> None:
        """The directories list the node no more, and no link hears the node. departed: the node said that it left."""
        if key in self.witnesses.suspects:  # another may hear it: the witnesses decide (P18)
            return
        self._heard_at.pop(key, None)
        was_alive = self.peers.is_alive(key)
        if self.peers.forget(key, incarnation, self.now, departed=departed) and was_alive and departed:
            self.note("node_left", peer=key, incarnation=incarnation)

    def give_up(self, key: str) -> bool:
        """An operator says that a dead node will not come back: nobody waits for it (P36). Whether it was known."""
        return self.peers.give_up(key, self.now)

    def leave(self, record: NodeRecord) -> None:
        """This node is leaving: `record` says so. Its groups are handed over by the following ticks (P4, P24)."""
        self.peers.leave(record)
        self._spread_at = 0.0
        self._spread_leaving()

    def _spread_leaving(self) -> None:
        """Everybody has to know, or groups would be handed back (P4): said again until this node is gone."""
        if self.peers.me.leaving and self.now >= self._spread_at:
            self._spread_at = self.now + SPREAD_S
            for key in self.peers.others():
                self.send(key, Records([self.peers.me]))

    # For the gateway ------------------------------------------------------------------------------------------------

    @property
    def roster(self) -> Roster:
        return self.peers.roster

    @property
    def level(self) -> int:
        """The feature level at which the network acts (P42)."""
        return self.peers.level

    def live(self) -> list[NodeRecord]:
        """The nodes not known dead, this one included."""
        return [record for record in self.peers.roster.records() if record.key not in self.peers.dead]

    def submit(self, group: GroupId, command: Any, token: object = None, because: GroupId | None = None) -> None:
        """Submit a command; `Host.answered` comes exactly once. because: the group whose event this command follows
        from: that event is acknowledged only once the command is settled (P33).

        A command that is newer than the acting level is not sent: its outcome is `Unsupported`. A field that is newer
        has its default.
        """
        if self.peers.level < LEVEL:
            if unsupported(command, self.peers.level):
                refusal = Unsupported(type(command).SINCE, self.peers.lowest().name)
                self.run(lambda: self.host.answered(group, token, refusal, None))
                return
            command = fitting(command, self.peers.level)
        hold = self.following.hold(because) if because is not None else None
        self.run(lambda: self._submit(group, command, token, hold))

    def state(self, group: GroupId) -> State | None:
        """The local copy of a group that this node masters or follows."""
        mastered = self.leading.groups.get(group)
        if mastered is not None:
            return mastered.copy.state
        followed = self.following.groups.get(group)
        if followed is None or not self.following.sits(followed.shown):
            return None  # what is only held for its master may be behind what people elsewhere have seen
        return followed.shown.state

    def applied_to(self, group: GroupId) -> Place:
        """Up to where people here have been shown the group; its seq is 0 if it is not shown here."""
        copy = self._shown(group)
        return reached(copy) if copy is not None else Place(0, 0)

    def recent(self, group: GroupId, query: Query) -> list[Line]:
        """What the log of the copy that people here are shown has of the answer; but for marks in the query."""
        copy = self._shown(group)
        return logged(copy, query) if copy is not None else []

    def is_shown(self, line: Line) -> bool:
        """Whether the line stands where it does in the log that people here are shown, too, or comes after it.

        Not while another side of a partition is being taken in, and its people are not shown that yet (P25).
        """
        copy = self._shown(line.group)
        return copy is not None and (line.seq > copy.seq or line.term == copy.term_at(line.seq))

    def copy_served(self, group: GroupId) -> Copy | None:
        """The copy, to be read, of a group that this node masters and is not about to hand over."""
        m = self.leading.groups.get(group)
        return m.copy if m is not None and m.serving else None

    def ahead(self, group: GroupId, place: Place, wanted: str, limit: int) -> Ahead | None:
        """The messages of the group after the place; None unless this node serves the group."""
        m = self.leading.groups.get(group)
        return ahead(m.copy, place, wanted, limit) if m is not None and m.serving else None

    def _shown(self, group: GroupId) -> Copy | None:
        mastered, followed = self.leading.groups.get(group), self.following.groups.get(group)
        return mastered.copy if mastered is not None else followed.shown if followed is not None else None

    def ask(self, group: GroupId, question: Any, done: Callable[[Any], None]) -> None:
        """A read-only question to the group's master. done(None): no answer in time, or None was the answer."""
        self.run(lambda: self.asking.ask_group(group, question, done))

    def recall(self, group: GroupId, query: Query, done: Callable[[list[Line] | None], None]) -> None:
        """Lines of the group's history, oldest first, alike on every node. done(None): nobody could answer in time, or
        the query names a msgid that is not known."""
        self.run(lambda: self.recalling.recall(group, query, done))

    def ask_node(self, key: str, body: Any, done: Callable[[Any], None]) -> None:
        self.run(lambda: self.asking.ask_node(key, body, done))

    def watch(self, group: GroupId) -> None:
        self.run(lambda: self.watching.watch(group))

    def unwatch(self, group: GroupId) -> None:
        self.run(lambda: self.watching.unwatch(group))

    def settle(self, groups: Iterable[GroupId], done: Callable[[], None]) -> None:
        """done() once all that this edge has submitted to the groups so far is settled, or has failed (P34)."""
        wanted = list(groups)
        self.run(lambda: self.settling.settle(wanted, done))

    def mastered(self, kind: str) -> list[tuple[GroupId, State, Term]]:
        return [(g, m.copy.state, m.copy.term) for g, m in self.leading.groups.items() if g.kind == kind and m.serving]

    def serves(self, group: GroupId) -> tuple[State, Term] | None:
        """The group's state and term, if this node masters it."""
        m = self.leading.groups.get(group)
        return (m.copy.state, m.copy.term) if m is not None and m.serving else None

    # For the parts --------------------------------------------------------------------------------------------------

    def run(self, job: Callable[[], None]) -> None:
        """Do a job now or, from within another, right after it: so a callback never changes what is under way."""
        if self._busy:
            self._jobs.append(job)
            return
        self._busy = True
        try:
            while True:
                try:
                    job()
                except GroupBroken as broken:
                    self.broken.stop(broken.group, broken.__cause__ or broken)
                if not self._jobs:
                    return
                job = self._jobs.popleft()
        finally:
            self._busy = False

    def send(self, key: str, message: Message) -> None:
        self._outbox.setdefault(key, []).append(message)

    def answer(self, asker: Incarnation, message: Message) -> None:
        """Send to whoever asked, unless it has begun anew since: the number of its question is another's now."""
        if not self.is_stale(asker):
            self.send(asker.key, message)

    def outgoing(self, key: str) -> list[Message]:
        return self._outbox.setdefault(key, [])

    def note(self, event: str, group: GroupId | None = None, **facts: Any) -> None:
        self.notes.append(Note(event, group, facts))
        self.noted[event] += 1

    def note_bug(
        self, where: str, problem: BaseException, group: GroupId | None = None, event: str = "bug", **facts: Any
    ) -> None:
        """A mistake of the program that does not end the process, for the log: the kind of exception and where it was
        raised, without its words, which may be a secret or what somebody said."""
        trace = "".join(traceback.format_tb(problem.__traceback__))
        self.note(event, group, where=where, problem=type(problem).__name__, traceback=trace, **facts)

    def trim(self, copy: Copy) -> None:
        """Keep as much of a log as one who was silent, and is not given up yet, may lack (P16)."""
        keep_s = self.settings.dead_after_s + self.settings.grace_s
        if self.peers.dead:
            keep_s = inf  # who is away may come back with a log of its own, to be compared with this (P25)
        copy.log.trim(self.now, keep_s)

    @property
    def now_ms(self) -> int:
        return int(self.now * 1000)

    def oldest(self, group: GroupId) -> int | None:
        """Unix ms; what was said in the group before is to be forgotten. None: nothing is."""
        keep_s = self.settings.keep_own_s.get(group, self.settings.keep_s)
        return self.now_ms - int(keep_s * 1000) if keep_s else None

    def target(self, group: GroupId) -> str:
        """Who to send to: the master this node follows, then what it was told, then what the ring says."""
        if group in self.leading.groups:
            handoff = self.leading.groups[group].handoff
            return handoff.to.key if handoff is not None and handoff.committed else self.me.key
        followed = self.following.groups.get(group)
        if followed is not None and not self.following.is_orphan(followed):
            return followed.master
        hint = self._hints.get(group)
        if hint is not None:
            if hint[1] > self.now and self.peers.is_alive(hint[0]):
                return hint[0]
            del self._hints[group]
        return self.peers.acting(group)

    def hint(self, group: GroupId, master: str) -> None:
        self._hints[group] = (master, self.now + HINT_S)
        if len(self._hints) > QUEUE:
            self._hints.pop(next(iter(self._hints)))

    def bounce(self, key: str, group: GroupId, master: str) -> None:
        """Tell a node that the group is elsewhere, with the records behind that view."""
        record = self.peers.roster.get(master)
        self.send(key, Elsewhere(group, master, (record,) if record else ()))

    def resend(self, group: GroupId) -> None:
        """Send all that waits for this group's answers, in order."""
        stream = self.submits.streams.get(group)
        target = self.target(group)
        if stream is None or not stream.pending or self.following.holds_back(group, target):
            return
        self.submits.sent(stream, target, self.now)
        if target == self.me.key:
            mastered = self.leading.groups.get(group)
            if mastered is None:
                self.finding.find(group)
            elif mastered.serving:
                for pending in list(stream.pending):
                    self.leading.accept(mastered, self.me, pending.number, stream.floor, pending.command)
            return
        for pending in stream.pending:
            self.send(target, Submit(group, pending.number, stream.floor, raw(pending.command)))

    # Answers --------------------------------------------------------------------------------------------------------

    def _submit(self, group: GroupId, command: Any, token: object, hold: tuple[GroupId, int] | None) -> None:
        stream = self.submits.streams.get(group)
        if stream is not None and len(stream.pending) >= QUEUE:
            self.following.release(hold)
            self.host.answered(group, token, FAILED, None)
            return
        if self.broken.groups and group in self.broken.groups:
            self.following.release(hold)
            self.host.answered(group, token, self.broken.failure(group), None)
            return
        pending = self.submits.add(group, command, token, self.now, hold)
        if stream is None:
            stream = self.submits.streams[group]
        mastered = self.leading.groups.get(group)
        if mastered is not None and mastered.serving:
            stream.sent_at, stream.sent_to = self.now, self.me.key
            self.leading.accept(mastered, self.me, pending.number, stream.floor, command)
            return
        target = self.target(group)
        if self.following.holds_back(group, target):
            return
        if target == self.me.key:
            if mastered is None:
                self.finding.find(group)
            return
        if target != stream.sent_to and len(stream.pending) > 1:
            self.resend(group)  # a new master needs the earlier ones, too
            return
        stream.sent_at, stream.sent_to = self.now, target
        self.send(target, Submit(group, pending.number, stream.floor, raw(command)))

    def complete(self, group: GroupId, number: int, outcome: Any, stamp: Stamp | None) -> None:
        """The answer to our command is due: the copy, if there is one, has reached its position (P11)."""
        pending = self.submits.take(group, number)
        if pending is None:
            return
        self.host.answered(group, pending.token, FAILED if outcome is UNJUDGED else outcome, stamp)
        if pending.hold is not None:
            hold = pending.hold
            self.run(lambda: self.settling.settle([group], lambda: self.following.release(hold)))

    def _on_answer(self, sender: Incarnation, message: Answer) -> None:
        kind = self.kinds[message.group.kind]
        stamp = Stamp(f"{msgid_prefix(message.group, message.term)}{message.seq:x}", message.at)
        outcome = read_optional(kind.read_outcome, message.outcome)
        followed = self.following.groups.get(message.group)
        if message.follows and (followed is None or followed.copy.seq < message.seq):
            stream = self.submits.streams.get(message.group)
            if stream is not None and stream.waits_for(message.number):
                stream.parked[message.number] = (message.seq, outcome, stamp)
            return
        self.complete(message.group, message.number, outcome, stamp)

    def unpark_answers(self, group: GroupId, seq: int) -> None:
        """The copy has reached `seq`: answers that waited for that are due."""
        stream = self.submits.streams.get(group)
        if stream is None or not stream.parked:
            return
        for number in sorted(n for n, (position, _, _) in stream.parked.items() if position <= seq):
            _, outcome, stamp = stream.parked[number]
            self.complete(group, number, outcome, stamp)

    def _on_elsewhere(self, sender: Incarnation, message: Elsewhere) -> None:
        self.learn(message.records)
        if message.master == sender.key:
            return
        self.hint(message.group, message.master)
        followed = self.following.groups.get(message.group)
        if followed is not None:
            self.following.redirect(followed, message.master, sender.key)
        stream = self.submits.streams.get(message.group)
        if stream is not None and self.submits.turn(stream, self.target(message.group)):
            self.resend(message.group)
        self.asking.redirected(message.group)
        self.recalling.redirected(message.group)
        self.watching.redirected(message.group)

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

    def _expire(self, group: GroupId, stream: Outbound) -> None:
        limit = self.now - self.settings.settle_max_s
        while stream.pending and stream.pending[0].since < limit:
            self.note("submit_failed", group, age_s=round(self.now - stream.pending[0].since, 1))
            self.complete(group, stream.pending[0].number, self.broken.failure(group), None)
