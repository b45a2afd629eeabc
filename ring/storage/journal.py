"""What this node writes down of the groups that it holds, and what it has to have written before it says so (P35).

A copy is written whole, without its log; what was said goes beside it, line by line. Of a group whose kind is
"confirmed" nothing is acknowledged before it is written; of one that is "written" nobody waits, and a copy that was
just written is not written again at once. Without a store nothing is kept, and nothing waits for it.
"""

from __future__ import annotations

from collections import deque
from functools import cache
from typing import TYPE_CHECKING, cast

import msgspec

from ring.history.local import forgotten
from ring.ids import GroupId, Term
from ring.replication.copy import Copy, apply, restore
from ring.replication.state_machine import Silent
from ring.storage.store import Batch, Line
from ring.wire.log import Entry, Snapshot, raw

if TYPE_CHECKING:
    from ring.engine import Engine

REST_S = 0.05
BYTES_PER_S = 1024 * 1024
"""A copy that nobody waits for is written again after REST_S, and a large one not before it makes so many bytes a
second: a thousand people who join at once change it a thousand times."""

SILENT_S = 10.0
"""A copy of a group in which nobody has spoken is written so late: most of those are gone by then."""


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """A copy on disk. promised: its node's word to listen to no lower term (P21)."""

    snapshot: Snapshot
    promised: Term


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Kept).decode


class Journal:
    """What has changed since the last batch, and what is being written."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.on = False  # whether there is a store
        self.trouble = ""  # why it refuses, in words
        self.urgent = False  # whether somebody waits for what is to be written
        self._due: dict[GroupId, float] = {}  # when a copy is to be written
        self._lines: list[Line] = []
        self._ends: dict[GroupId, int] = {}
        self._number = 0
        self._writing: deque[tuple[int, list[tuple[Copy, int, int]]]] = deque()
        self._stored: dict[GroupId, float] = {}  # groups that have a copy on disk -> until when that is good enough

    # What changes ---------------------------------------------------------------------------------------------------

    def adopt(self, copy: Copy) -> None:
        """From here on this is the node's copy of its group."""
        if not self.on or copy.kind.durable == "no" or copy.journal is self:
            return
        copy.journal = self
        self._keep_log(copy)
        self.renewed(copy)

    def renewed(self, copy: Copy) -> None:
        """It is another copy, or of another term: without it on disk the lines that follow would be nobody's (P3)."""
        self.changed(copy)
        if not _is_silent(copy):
            self._due[copy.group] = self.engine.now

    def changed(self, copy: Copy) -> None:
        """The copy is to be written."""
        confirmed = copy.kind.durable == "confirmed"
        self.urgent = self.urgent or confirmed
        due = self.engine.now if confirmed else max(self.engine.now, self._stored.get(copy.group, 0.0))
        if _is_silent(copy):
            due = self.engine.now + SILENT_S
        self._due[copy.group] = min(due, self._due.get(copy.group, due))

    def accepted(self, copy: Copy) -> None:
        """Commands have got their places, and are not decided yet."""
        if copy.kind.durable == "confirmed":
            self.changed(copy)

    def advanced(self, copy: Copy, entry: Entry) -> None:
        """An entry is committed, and part of the copy."""
        if _is_silent(copy):
            self.changed(copy)
            return
        is_held = self.is_held(copy)
        if is_held and (entry.members is not None or not copy.is_lined):
            self._keep_log(copy)  # this entry is in it
            self.renewed(copy)
            return
        if is_held and entry.event is not None and copy.kind.keeps(entry.event):
            self._lines.append(copy.line(entry))
            if copy.kind.durable == "written" and copy.state.is_message(entry.event):
                return
        self.changed(copy)

    def _keep_log(self, copy: Copy) -> None:
        """This node holds the group from now on, or another copy of it, or somebody has spoken there for the first
        time: what its log tells counts."""
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
        """Whether this node holds the group, beside following it for its own people."""
        engine, followed = self.engine, self.engine.followers.groups.get(copy.group)
        return (
            engine.me.key in copy.members
            or copy.group in engine.masters.groups
            or (followed is not None and followed.holds)
        )

    # What is safe ---------------------------------------------------------------------------------------------------

    def is_confirmed(self, copy: Copy) -> bool:
        """Whether others wait for this copy to be written."""
        return self.on and copy.kind.durable == "confirmed"

    def held_to(self, copy: Copy) -> int:
        """Up to which position this node may say that it holds the group's commands."""
        return min(copy.head, copy.safe) if self.is_confirmed(copy) else copy.head

    # For the shell --------------------------------------------------------------------------------------------------

    @property
    def has_news(self) -> bool:
        """Whether there is something to be written, now or later."""
        return bool(self._lines or self._due or self._ends)

    def take(self) -> Batch | None:
        """What is to be written now. `written` is due once it is on disk."""
        if not self.has_news:
            return None
        now = self.engine.now
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
                self._stored[group] = now + REST_S + len(data) / BYTES_PER_S
                heads.append((copy, copy.head, copy.drops))
            elif self._stored.pop(group, None) is not None:
                copies[group] = None
        self._number += 1
        batch = Batch(self._number, copies, self._ends, self._lines)
        self._ends, self._lines, self.urgent = {}, [], False
        self._writing.append((self._number, heads))
        return batch

    def hurry(self) -> None:
        """The node is about to end: nothing is left for later."""
        self._due = dict.fromkeys(self._due, self.engine.now)

    def _copy(self, group: GroupId) -> Copy | None:
        """The copy that this node holds of the group, if it is worth keeping."""
        engine = self.engine
        mastered, followed = engine.masters.groups.get(group), engine.followers.groups.get(group)
        copy = mastered.copy if mastered is not None else followed.copy if followed is not None else None
        if copy is None or not self.is_held(copy):
            return None
        if _is_silent(copy) and not copy.state.subscribers and not copy.pending:
            return None
        return copy if copy.pending or not copy.state.is_collectable(engine.now_ms) else None

    def _packed(self, copy: Copy) -> bytes:
        return _encode(Kept(copy.snapshot(copy.seq, pending=self.is_confirmed(copy)), copy.promised))

    def abandon(self, group: GroupId) -> None:
        """A mistake of the program has stopped the group: what is on disk stays as it is, for the node's next life."""
        self._due.pop(group, None)
        self._stored.pop(group, None)

    def forget(self, group: GroupId) -> None:
        """This node has no copy of the group any more."""
        if group in self._stored:
            self._due.setdefault(group, self.engine.now)

    def written(self, number: int) -> None:
        """All batches up to this are on disk."""
        engine = self.engine
        while self._writing and self._writing[0][0] <= number:
            for copy, head, drops in self._writing.popleft()[1]:
                if copy.drops != drops or copy.safe >= head:
                    continue  # commands that it had then were dropped since: their positions are others' now
                copy.safe = head
                mastered = engine.masters.groups.get(copy.group)
                if mastered is not None and mastered.copy is copy:
                    engine.run(lambda m=mastered: engine.backups.advance(m))  # type: ignore[misc]
                else:
                    engine.followers.acknowledge(copy.group)

    def load(self, group: GroupId, data: bytes, last: Line | None) -> None:
        """A copy that an earlier life of this node has written; last: the newest line of its group.

        Raises one of ring.ids.UNREADABLE, or KeyError for a kind that there is no more.
        """
        kept = _decode(data)
        copy = restore(group, self.engine.kinds[group.kind], kept.snapshot)
        copy.promised, copy.is_cold, copy.safe, copy.journal = kept.promised, True, copy.head, self
        written = copy.kind.durable == "written"
        if written and last is not None and last.term == copy.term and last.seq > copy.seq:
            copy.seq, copy.at = last.seq, max(copy.at, last.at)  # lines are written sooner than copies
            copy.is_ahead = True
            event = copy.kind.read_event(raw(last.event))
            if copy.state.is_message(event):
                apply(copy, event, last.at)  # all that words change: that there is a history
        copy.is_lined = last is not None
        self._stored[group] = 0.0
        self.engine.followers.keep(copy, copy.term.key).holds = True


@cache
def _may_be_silent(kind: type) -> bool:
    return issubclass(kind, Silent)


def _is_silent(copy: Copy) -> bool:
    return _may_be_silent(type(copy.kind)) and cast(Silent, copy.kind).is_silent(copy.state)
