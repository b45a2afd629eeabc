"""Send this edge's commands to the masters of their groups, again until each is answered (P6, P11).

Theory of operation. `SubmitQueues` (submit.py) numbers the commands of each group and keeps each until its answer. A
command goes to the node that `way` names (way.py): at once, and again with growing pauses (`tick`); a new master is
sent the whole queue (`resend`). A command of a group mastered here goes no further than the master role of this node.

An answer may come before the entry that the answer names: it is parked until the replica here has the position, so that
no client sees its own line before an earlier line (`unpark`). A command without an answer fails after settle_max_s.

Invariants
    `Application.answered` is called exactly once for each command.
    A command's hold (P33) is released once the command has settled, or has failed at once.
    Commands leave in the order of their numbers, and none leaves while `Followers.holds_back` says so (P25).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ring.ids import GroupId, Incarnation
from ring.replication.acks import Hold
from ring.replication.application import FAILED, UNJUDGED, EventId, Halted
from ring.replication.barrier import Barriers
from ring.replication.raw import read_optional
from ring.replication.replica import msgid_prefix
from ring.replication.role_port import RolePort
from ring.replication.roles import Roles
from ring.replication.way import way
from ring.submit import QUEUE, Answered, SubmitQueue
from ring.wire.group import Answer, Submit
from ring.wire.log import raw
from ring.work import in_turn

RESEND_AT_ONCE = 20
"""A tick sends at most so many queues again at once; more queues wait for slices."""


class Submitter:
    """Keep the commands of this edge on their way."""

    def __init__(self, port: RolePort, roles: Roles, barriers: Barriers) -> None:
        self._port = port
        self._roles = roles
        self._barriers = barriers
        self._submits = port.submits
        self._in_slices = False  # whether queues that are due wait for slices

    def submit(self, group: GroupId, command: Any, token: object, hold: Hold | None) -> None:
        """Number a command, and send the command to the group's master. A group that has stopped, or that already has
        too many commands waiting, fails the command at once."""
        stream = self._submits.queues.get(group)
        if stream is not None and len(stream.pending) >= QUEUE:
            self.release(hold)
            self._port.app.answered(group, token, FAILED, None)
            return
        if group in self._port.replicas.stopped:
            self.release(hold)
            self._port.app.answered(group, token, self.failure(group), None)
            return
        pending = self._submits.add(group, command, token, self._port.now, hold)
        if stream is None:
            stream = self._submits.queues[group]
        mastered = self._port.replicas.masters.get(group)
        if mastered is not None and mastered.serving:
            stream.sent_at, stream.sent_to = self._port.now, self._port.me.key
            self._roles.masters.accept(mastered, self._port.me, pending.number, stream.floor, command)
            return
        target = way(self._port, group)
        if self._roles.followers.holds_back(group, target):
            return
        if target == self._port.me.key:
            if mastered is None:
                self._roles.find(group)
            return
        if target != stream.sent_to and len(stream.pending) > 1:
            self.resend(group)  # a new master needs the earlier commands, too
            return
        stream.sent_at, stream.sent_to = self._port.now, target
        self._port.send(target, Submit(group, pending.number, stream.floor, raw(command)))

    def resend(self, group: GroupId) -> None:
        """Send all unanswered commands of this edge to the group's master, in order."""
        stream = self._submits.queues.get(group)
        if stream is not None and group in self._port.replicas.masters:
            stream.answered = None  # the lines that other masters have answered are part of the log here, or are owed
        if stream is None or not stream.pending:
            return
        target = way(self._port, group)
        if self._roles.followers.holds_back(group, target):
            self._submits.held_back(stream, self._port.now)
            return
        self._submits.sent(stream, target, self._port.now)
        if target == self._port.me.key:
            mastered = self._port.replicas.masters.get(group)
            if mastered is None:
                self._roles.find(group)
            elif mastered.serving:
                for pending in list(stream.pending):
                    self._roles.masters.accept(mastered, self._port.me, pending.number, stream.floor, pending.command)
            return
        for pending in stream.pending:
            self._port.send(target, Submit(group, pending.number, stream.floor, raw(pending.command)))

    # Answers ----------------------------------------------------------------------------------------------------------

    def on_answer(self, sender: Incarnation, message: Answer) -> None:
        """Take the answer of another node: complete the command, or park the answer until the replica is as far
        (P11)."""
        kind = self._port.kinds[message.group.kind]
        self._submits.answered(message.group, Answered(sender, message.term, message.seq))
        event_id = EventId(f"{msgid_prefix(message.group, message.term)}{message.seq:x}", message.at)
        outcome = read_optional(kind.read_outcome, message.outcome)
        followed = self._port.replicas.followers.get(message.group)
        if message.follows and (followed is None or followed.replica.seq < message.seq):
            stream = self._submits.queues.get(message.group)
            if stream is not None and stream.waits_for(message.number):
                stream.parked[message.number] = (message.seq, outcome, event_id)
            return
        self.complete(message.group, message.number, outcome, event_id)

    def unpark(self, group: GroupId, seq: int) -> None:
        """Complete the answers that waited until the replica reached `seq`."""
        stream = self._submits.queues.get(group)
        if stream is None or not stream.parked:
            return
        for number in sorted(n for n, (position, _, _) in stream.parked.items() if position <= seq):
            _, outcome, event_id = stream.parked[number]
            self.complete(group, number, outcome, event_id)

    def complete(self, group: GroupId, number: int, outcome: Any, event_id: EventId | None) -> None:
        """Give the answer of a local command to the application. The local replica, if any, has the answer's position
        (P11)."""
        pending = self._submits.take(group, number)
        if pending is None:
            return
        self._port.app.answered(group, pending.token, FAILED if outcome is UNJUDGED else outcome, event_id)
        if pending.hold is not None:
            hold = pending.hold
            self._port.run(lambda: self._barriers.settle([group], lambda: self.release(hold)))

    def release(self, hold: Hold | None) -> None:
        """End a hold, so that the event may be acknowledged: to the master, or by this node as the master (P33)."""
        if hold is not None:
            self._roles.acks.release(hold)
            m = self._port.replicas.masters.get(hold[0])
            if m is not None:
                self._roles.fanout.settle(m)

    def fail_all(self, group: GroupId) -> None:
        """Fail every command of the group: a mistake of the program has stopped the group here (P43)."""
        stream = self._submits.queues.get(group)
        for pending in list(stream.pending) if stream is not None else ():
            self.complete(group, pending.number, self.failure(group), None)

    def failure(self, group: GroupId) -> Any:
        """Return the outcome of a command that no master has answered: FAILED, or the nodes that stopped the group."""
        peers = self._port.peers
        names = sorted(record.name for key in peers.unfit_for(group) if (record := peers.known(key)) is not None)
        return Halted(tuple(names)) if names else FAILED

    # Timers -----------------------------------------------------------------------------------------------------------

    def peers_changed(self) -> None:
        """Send all queues again at the next tick: other nodes may master the groups now."""
        for stream in self._submits.waiting.values():
            stream.repeat_at = 0.0

    def tick(self) -> None:
        """Send again the queues that are due, and give up commands that are too old. After a death thousands of queues
        are due: most wait for slices (P23)."""
        due = self._submits.due(self._port.now)
        for group, stream in due[:RESEND_AT_ONCE]:
            self._expire(group, stream)
            self.resend(group)
        if len(due) > RESEND_AT_ONCE and not self._in_slices:
            self._in_slices = True
            self._port.in_slices(self._resend_late([group for group, _ in due[RESEND_AT_ONCE:]]))

    def _resend_late(self, groups: list[GroupId]) -> Iterator[None]:
        yield from in_turn(self._port, groups, self._resend_still)
        self._in_slices = False

    def _resend_still(self, group: GroupId) -> None:
        """Send the queue if nothing else has sent the queue meanwhile."""
        stream = self._submits.waiting.get(group)
        if stream is not None and self._port.now >= stream.repeat_at:
            self._expire(group, stream)
            self.resend(group)

    def expire(self) -> None:
        """Give up all commands that are too old."""
        for group, stream in list(self._submits.waiting.items()):
            self._expire(group, stream)

    def _expire(self, group: GroupId, stream: SubmitQueue) -> None:
        limit = self._port.now - self._port.settings.settle_max_s
        while stream.pending and stream.pending[0].since < limit:
            self._port.note("submit_failed", group, age_s=round(self._port.now - stream.pending[0].since, 1))
            self.complete(group, stream.pending[0].number, self.failure(group), None)
