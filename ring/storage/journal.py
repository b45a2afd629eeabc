"""Decide what this node writes to disk of the groups that the node holds, and what must be written first (P35).

Theory of operation. The journal collects changes; the shell calls `take`, writes the batch, and reports with `written`.
A replica is written whole, without the log; lines are written beside the replicas. For a kind with "confirmed"
durability, nothing is acknowledged before the replica is written. For a "written" kind nobody waits, but for commands
that the kind confirms (`Kind.confirms`, P51), and a replica that was just written is not written again at once. Without
a store nothing is kept, and nothing waits. The states of a replica held here:

- clean: the group is not in `_due`.
- due: `_due` has the time of the next write. `changed` and `renewed` set the time: at once for a "confirmed" kind or
  another replica; after `_stored` has passed for a "written" kind; after COPY_SILENT_S for a group without a message so
  far.
- being written: the batch is in `_writing`, with the replica's head and count of drops. `written` moves `replica.safe`
  up to the head, unless commands were dropped meanwhile, and lets the master or follower acknowledge.

Invariants. `held_to` of a "confirmed" replica never exceeds `replica.safe`. Batches are numbered without gaps and
written in order. Lines reach the disk with or after the replica that names the lines' term, so no line on disk is of an
unknown lineage (P3). The shell writes `on` and `trouble`; `Journal` alone writes all other fields, and
`replica.journal`. `Journal` raises `replica.safe`; the replica lowers `replica.safe` when commands are dropped.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import msgspec

from ring.agenda import NEVER, Agenda
from ring.durations import COPY_REST_S, COPY_SILENT_S
from ring.history.local import forgotten
from ring.ids import GroupId, Term
from ring.replication.port import Port
from ring.replication.replica import Replica
from ring.replication.restore import apply, restore
from ring.storage.store import Batch, Line
from ring.wire.log import Command, Entry, Snapshot, raw

BYTES_PER_S = 1024 * 1024
"""A replica that nobody waits for is written again after COPY_REST_S, and a large replica at most at this many bytes a
second: a thousand people who join at once change the replica a thousand times."""


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """A replica on disk. promised: the node's promise to refuse lower terms (P21)."""

    snapshot: Snapshot
    promised: Term


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Kept).decode


class Journal:
    """Collect the changes since the last batch, and follow the batches being written."""

    def __init__(self, port: Port) -> None:
        self.port = port
        self.on = False  # whether there is a store
        self.trouble = ""  # why the store refuses, in words
        self.urgent = False  # whether somebody waits for the next batch
        self._due: Agenda[GroupId] = Agenda()  # when a replica is to be written
        self._lines: dict[GroupId, list[Line]] = {}
        self._ends: dict[GroupId, int] = {}
        self._number = 0
        self._writing: deque[tuple[int, list[tuple[Replica, int, int]]]] = deque()
        self._stored: dict[GroupId, float] = {}  # groups with a replica on disk -> until when that is good enough

    # What changes ---------------------------------------------------------------------------------------------------

    def adopt(self, replica: Replica) -> None:
        """Take this replica as the node's replica of the group from now on."""
        if not self.on or replica.kind.durable == "no" or replica.journal is self:
            return
        replica.journal = self
        self._keep_log(replica)
        self.renewed(replica)

    def renewed(self, replica: Replica) -> None:
        """Write another replica, or a replica of another term, at once: the following lines need the replica's lineage
        on disk (P3)."""
        self.changed(replica)
        if not _is_silent(replica):
            self._due.plan(replica.group, self.port.now)

    def changed(self, replica: Replica) -> None:
        """Set the time to write the replica."""
        confirmed = replica.kind.durable == "confirmed"
        self.urgent = self.urgent or confirmed
        due = self.port.now if confirmed else max(self.port.now, self._stored.get(replica.group, 0.0))
        if _is_silent(replica):
            due = self.port.now + COPY_SILENT_S
        self._due.plan(replica.group, due)

    def accepted(self, replica: Replica, commands: Sequence[Command]) -> None:
        """Note new commands that have positions and are not decided yet. Time O(commands): a busy group has many
        others."""
        if replica.kind.durable == "confirmed":
            self.changed(replica)
        elif any(self.waits(replica, command) for command in commands):
            self.urgent = True
            self._due.plan(replica.group, self.port.now)

    def waits(self, replica: Replica, command: Command) -> bool:
        """Tell whether the command is acknowledged only once it is on disk, here and on all backups (P35)."""
        if not self.on or replica.kind.durable == "no":
            return False
        if replica.kind.durable == "confirmed":
            return True
        body = command.command
        return command.original_id is None and body is not None and replica.kind.confirms(replica.state, body) != "no"

    def _waiting_from(self, replica: Replica) -> int | None:
        """Return the position of the first pending command of a "written" kind that waits for this disk."""
        for command in replica.pending:
            if command.seq > replica.safe and self.waits(replica, command):
                return command.seq
        return None

    def advanced(self, replica: Replica, entry: Entry) -> None:
        """Note an entry that is committed and applied to the replica."""
        if _is_silent(replica):
            replica.is_lined = False
            self.changed(replica)
            return
        is_held = self.is_held(replica)
        if not is_held:
            replica.is_lined = False
            if replica.group not in self._stored:
                return  # followed for local people alone: nothing is on disk, and nothing goes there
        elif entry.members is not None or not replica.is_lined:
            if not replica.is_lined:
                self._keep_log(replica)  # the log has this entry
            self.renewed(replica)
            return
        if is_held and entry.event is not None and replica.kind.keeps(entry.event):
            self._lines.setdefault(replica.group, []).append(replica.line(entry))
            if replica.kind.durable == "written" and replica.state.is_message(entry.event):
                return
        self.changed(replica)
        if is_held and entry.event is not None and replica.kind.is_confirmed_by(replica.state, entry.event):
            self.urgent = True
            self._due.plan(replica.group, self.port.now)

    def _keep_log(self, replica: Replica) -> None:
        """Write the lines of the replica's log.

        Called when this node begins to hold the group, has another replica, or when the first message was said in the
        group. While `is_lined`, each further line is written by itself.
        """
        if _is_silent(replica) or not self.is_held(replica):
            return
        replica.is_lined = True
        if replica.log:
            self._ends[replica.group] = replica.log[0].seq - 1
            gone = forgotten(replica.kind, replica.kind.erased(replica.state))
            kept = (replica.line(e) for e in replica.log if e.event is not None and replica.kind.keeps(e.event))
            self._lines[replica.group] = [line for line in kept if not gone(line)]

    def is_held(self, replica: Replica) -> bool:
        """Tell whether this node holds the group, beyond following for local people."""
        return self.port.replicas.holds(self.port.me.key, replica)

    # What is safe ---------------------------------------------------------------------------------------------------

    def is_confirmed(self, replica: Replica) -> bool:
        """Tell whether other nodes wait for this replica to be written."""
        return self.on and replica.kind.durable == "confirmed"

    def held_to(self, replica: Replica) -> int:
        """Return the position up to which this node may acknowledge the group's commands."""
        if self.is_confirmed(replica):
            return min(replica.head, replica.safe)
        waiting = self._waiting_from(replica) if replica.pending and self.on else None
        return replica.head if waiting is None else waiting - 1

    def is_lasting(self, replica: Replica) -> bool:
        """Tell whether the group's set never shrinks by a death (P51)."""
        return self.on and (replica.kind.durable == "confirmed" or replica.kind.is_lasting(replica.state))

    # For the shell --------------------------------------------------------------------------------------------------

    @property
    def next_at(self) -> float:
        """When there is something to write: 0.0 for now, `NEVER` while there is no change."""
        return 0.0 if self._lines or self._ends else self._due.next_at

    def take(self) -> Batch | None:
        """Return the batch to write now. The shell calls `written` once the batch is on disk."""
        now = self.port.now
        due = self._due.due(now)
        if not due and not self._lines and not self._ends:
            return None
        replicas: dict[GroupId, bytes | None] = {}
        heads: list[tuple[Replica, int, int]] = []
        for group in due:
            replica = self._replica(group)
            if replica is not None:
                replicas[group] = data = self._packed(replica)
                self._stored[group] = now + COPY_REST_S + len(data) / BYTES_PER_S
                heads.append((replica, replica.head if self._packs_pending(replica) else replica.seq, replica.drops))
            elif self._stored.pop(group, None) is not None:
                replicas[group] = None
        self._number += 1
        lines = [line for lines in self._lines.values() for line in lines]
        batch = Batch(self._number, replicas, self._ends, lines)
        self._ends, self._lines, self.urgent = {}, {}, False
        self._writing.append((self._number, heads))
        return batch

    def hurry(self) -> None:
        """Make all changes due now, as the node is about to end."""
        for group in self._due.due(NEVER):
            self._due.plan(group, self.port.now)

    def _replica(self, group: GroupId) -> Replica | None:
        """Return the replica that this node holds of the group, if the replica is worth keeping."""
        port = self.port
        replica = port.replicas.get(group)
        if replica is None or not self.is_held(replica):
            return None
        if _is_silent(replica) and not replica.state.subscribers and not replica.pending:
            return None
        return replica if replica.pending or not replica.state.is_collectable(port.now_ms) else None

    def _packs_pending(self, replica: Replica) -> bool:
        """Tell whether the pending commands are written with the replica: one of the commands waits for the disk."""
        return self.is_confirmed(replica) or any(self.waits(replica, command) for command in replica.pending)

    def _packed(self, replica: Replica) -> bytes:
        return _encode(Kept(replica.snapshot(replica.seq, pending=self._packs_pending(replica)), replica.promised))

    def abandon(self, group: GroupId) -> None:
        """Leave the group's replica on disk as is, for the node's next life: a mistake of the program has stopped the
        group."""
        self._due.cancel(group)
        self._stored.pop(group, None)

    def forget(self, group: GroupId) -> None:
        """Drop the replica on disk, as this node has no replica of the group any more."""
        if group in self._stored:
            self._due.plan(group, self.port.now)

    def written(self, number: int) -> None:
        """Note that all batches up to this number are on disk."""
        while self._writing and self._writing[0][0] <= number:
            for replica, head, drops in self._writing.popleft()[1]:
                if replica.drops != drops or replica.safe >= head:
                    continue  # the positions of dropped commands name other commands now
                replica.safe = head
                self.port.stored(replica)

    def load(self, group: GroupId, data: bytes, last: Line | None) -> None:
        """Load a replica of an earlier life of this node. last: the newest line of the group.

        Raises an error of ring.ids.UNREADABLE, or KeyError for a kind that no longer exists.
        """
        kept = _decode(data)
        replica = restore(group, self.port.kinds[group.kind], kept.snapshot)
        replica.promised, replica.is_cold, replica.safe, replica.journal = kept.promised, True, replica.head, self
        written = replica.kind.durable == "written"
        if written and last is not None and last.term == replica.term and last.seq > replica.seq:
            replica.seq, replica.at = last.seq, max(replica.at, last.at)  # lines are written sooner than replicas
            replica.is_ahead = True
            while replica.pending and replica.pending[0].seq <= replica.seq:
                del replica.pending[0]
            event = replica.kind.read_event(raw(last.event))
            if replica.state.is_message(event):
                apply(replica, event, last.at)  # a message changes only this: that there is a history
        replica.is_lined = last is not None
        self._stored[group] = 0.0
        self.port.loaded(replica)


def _is_silent(replica: Replica) -> bool:
    return replica.kind.is_silent(replica.state)
