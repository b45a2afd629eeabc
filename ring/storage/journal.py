"""Decide what this node writes to disk of the groups that the node holds, and what must be written first (P35).

Theory of operation. The journal collects changes; the shell calls `take`, writes the batch, and reports with `written`.
A copy is written whole, without the log; lines are written beside the copies. For a kind with "confirmed" durability,
nothing is acknowledged before the copy is written. For a "written" kind nobody waits, and a copy that was just written
is not written again at once. Without a store nothing is kept, and nothing waits. The states of a copy held here:

- clean: the group is not in `_due`.
- due: `_due` has the time of the next write. `changed` and `renewed` set the time: at once for a "confirmed" kind or
  another copy; after `_stored` has passed for a "written" kind; after COPY_SILENT_S for a group without a message so
  far.
- being written: the batch is in `_writing`, with the copy's head and count of drops. `written` moves `copy.safe` up to
  the head, unless commands were dropped meanwhile, and lets the master or follower acknowledge.

Invariants. `held_to` of a "confirmed" copy never exceeds `copy.safe`. Batches are numbered without gaps and written in
order. Lines reach the disk with or after the copy that names the lines' term, so no line on disk is of an unknown
lineage (P3). The shell writes `on` and `trouble`; `Journal` alone writes all other fields, and `copy.journal`.
`Journal` raises `copy.safe`; the copy lowers `copy.safe` when commands are dropped.
"""

from __future__ import annotations

from collections import deque
from functools import cache
from typing import cast

import msgspec

from ring.durations import COPY_REST_S, COPY_SILENT_S
from ring.history.local import forgotten
from ring.ids import GroupId, Term
from ring.replication.copy import Copy, CopyJournal
from ring.replication.port import Port
from ring.replication.restore import apply, restore
from ring.replication.state_machine import Silent
from ring.storage.store import Batch, Line
from ring.wire.log import Entry, Snapshot, raw

BYTES_PER_S = 1024 * 1024
"""A copy that nobody waits for is written again after COPY_REST_S, and a large copy at most at this many bytes a
second: a thousand people who join at once change the copy a thousand times."""


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """A copy on disk. promised: the node's promise to refuse lower terms (P21)."""

    snapshot: Snapshot
    promised: Term


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Kept).decode


class Journal(CopyJournal):
    """Collect the changes since the last batch, and follow the batches being written."""

    def __init__(self, port: Port) -> None:
        self.port = port
        self.on = False  # whether there is a store
        self.trouble = ""  # why the store refuses, in words
        self.urgent = False  # whether somebody waits for the next batch
        self._due: dict[GroupId, float] = {}  # when a copy is to be written
        self._lines: list[Line] = []
        self._ends: dict[GroupId, int] = {}
        self._number = 0
        self._writing: deque[tuple[int, list[tuple[Copy, int, int]]]] = deque()
        self._stored: dict[GroupId, float] = {}  # groups with a copy on disk -> until when the copy is good enough

    # What changes ---------------------------------------------------------------------------------------------------

    def adopt(self, copy: Copy) -> None:
        """Take this copy as the node's copy of the group from now on."""
        if not self.on or copy.kind.durable == "no" or copy.journal is self:
            return
        copy.journal = self
        self._keep_log(copy)
        self.renewed(copy)

    def renewed(self, copy: Copy) -> None:
        """Write another copy, or a copy of another term, at once: the following lines need the copy's lineage on disk
        (P3)."""
        self.changed(copy)
        if not _is_silent(copy):
            self._due[copy.group] = self.port.now

    def changed(self, copy: Copy) -> None:
        """Set the time to write the copy."""
        confirmed = copy.kind.durable == "confirmed"
        self.urgent = self.urgent or confirmed
        due = self.port.now if confirmed else max(self.port.now, self._stored.get(copy.group, 0.0))
        if _is_silent(copy):
            due = self.port.now + COPY_SILENT_S
        self._due[copy.group] = min(due, self._due.get(copy.group, due))

    def accepted(self, copy: Copy) -> None:
        """Note commands that have positions and are not decided yet."""
        if copy.kind.durable == "confirmed":
            self.changed(copy)

    def advanced(self, copy: Copy, entry: Entry) -> None:
        """Note an entry that is committed and applied to the copy."""
        if _is_silent(copy):
            self.changed(copy)
            return
        is_held = self.is_held(copy)
        if is_held and (entry.members is not None or not copy.is_lined):
            self._keep_log(copy)  # the log has this entry
            self.renewed(copy)
            return
        if is_held and entry.event is not None and copy.kind.keeps(entry.event):
            self._lines.append(copy.line(entry))
            if copy.kind.durable == "written" and copy.state.is_message(entry.event):
                return
        self.changed(copy)

    def _keep_log(self, copy: Copy) -> None:
        """Write the lines of the copy's log.

        Called when this node begins to hold the group, has another copy, or when the first message was said in the
        group.
        """
        if _is_silent(copy) or not self.is_held(copy):
            return
        copy.is_lined = True
        if copy.log:
            self._ends[copy.group] = copy.log[0].seq - 1
            self._lines = [line for line in self._lines if line.group != copy.group]
            gone = forgotten(copy.kind, copy.kind.erased(copy.state))
            kept = (copy.line(e) for e in copy.log if e.event is not None and copy.kind.keeps(e.event))
            self._lines += (line for line in kept if not gone(line))

    def is_held(self, copy: Copy) -> bool:
        """Tell whether this node holds the group, beyond following for local people."""
        return self.port.replicas.holds(self.port.me.key, copy)

    # What is safe ---------------------------------------------------------------------------------------------------

    def is_confirmed(self, copy: Copy) -> bool:
        """Tell whether other nodes wait for this copy to be written."""
        return self.on and copy.kind.durable == "confirmed"

    def held_to(self, copy: Copy) -> int:
        """Return the position up to which this node may acknowledge the group's commands."""
        return min(copy.head, copy.safe) if self.is_confirmed(copy) else copy.head

    # For the shell --------------------------------------------------------------------------------------------------

    @property
    def has_news(self) -> bool:
        """Tell whether there is a change to write, now or later."""
        return bool(self._lines or self._due or self._ends)

    def take(self) -> Batch | None:
        """Return the batch to write now. The shell calls `written` once the batch is on disk."""
        if not self.has_news:
            return None
        now = self.port.now
        due = [group for group, at in self._due.items() if at <= now]
        if not due and not self._lines and not self._ends:
            return None
        copies: dict[GroupId, bytes | None] = {}
        heads: list[tuple[Copy, int, int]] = []
        for group in due:
            del self._due[group]
            copy = self._copy(group)
            if copy is not None:
                copies[group] = data = self._packed(copy)
                self._stored[group] = now + COPY_REST_S + len(data) / BYTES_PER_S
                heads.append((copy, copy.head, copy.drops))
            elif self._stored.pop(group, None) is not None:
                copies[group] = None
        self._number += 1
        batch = Batch(self._number, copies, self._ends, self._lines)
        self._ends, self._lines, self.urgent = {}, [], False
        self._writing.append((self._number, heads))
        return batch

    def hurry(self) -> None:
        """Make all changes due now, as the node is about to end."""
        self._due = dict.fromkeys(self._due, self.port.now)

    def _copy(self, group: GroupId) -> Copy | None:
        """Return the copy that this node holds of the group, if the copy is worth keeping."""
        port = self.port
        copy = port.replicas.copy(group)
        if copy is None or not self.is_held(copy):
            return None
        if _is_silent(copy) and not copy.state.subscribers and not copy.pending:
            return None
        return copy if copy.pending or not copy.state.is_collectable(port.now_ms) else None

    def _packed(self, copy: Copy) -> bytes:
        return _encode(Kept(copy.snapshot(copy.seq, pending=self.is_confirmed(copy)), copy.promised))

    def abandon(self, group: GroupId) -> None:
        """Leave the group's copy on disk as is, for the node's next life: a mistake of the program has stopped the
        group."""
        self._due.pop(group, None)
        self._stored.pop(group, None)

    def forget(self, group: GroupId) -> None:
        """Drop the copy on disk, as this node has no copy of the group any more."""
        if group in self._stored:
            self._due.setdefault(group, self.port.now)

    def written(self, number: int) -> None:
        """Note that all batches up to this number are on disk."""
        while self._writing and self._writing[0][0] <= number:
            for copy, head, drops in self._writing.popleft()[1]:
                if copy.drops != drops or copy.safe >= head:
                    continue  # the positions of dropped commands name other commands now
                copy.safe = head
                self.port.stored(copy)

    def load(self, group: GroupId, data: bytes, last: Line | None) -> None:
        """Load a copy of an earlier life of this node. last: the newest line of the group.

        Raises an error of ring.ids.UNREADABLE, or KeyError for a kind that no longer exists.
        """
        kept = _decode(data)
        copy = restore(group, self.port.kinds[group.kind], kept.snapshot)
        copy.promised, copy.is_cold, copy.safe, copy.journal = kept.promised, True, copy.head, self
        written = copy.kind.durable == "written"
        if written and last is not None and last.term == copy.term and last.seq > copy.seq:
            copy.seq, copy.at = last.seq, max(copy.at, last.at)  # lines are written sooner than copies
            copy.is_ahead = True
            event = copy.kind.read_event(raw(last.event))
            if copy.state.is_message(event):
                apply(copy, event, last.at)  # a message changes only this: that there is a history
        copy.is_lined = last is not None
        self._stored[group] = 0.0
        self.port.loaded(copy)


@cache
def _may_be_silent(kind: type) -> bool:
    return issubclass(kind, Silent)


def _is_silent(copy: Copy) -> bool:
    return _may_be_silent(type(copy.kind)) and cast(Silent, copy.kind).is_silent(copy.state)
