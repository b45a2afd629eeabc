"""Count and note messages that this build cannot read, and let no other group wait for them (P42).

A node that follows the rule of the acting level sends no unreadable message. So an unreadable message is a mistake of a
build, or the sender's build is newer than the network knows. The sender repeats the message, so the message is dropped
at first. When the next part of a group's log cannot be read again and again, the group stops on this node alone: the
node says so, the group's master does without the node (broken.py), and all other nodes go on.
"""

from __future__ import annotations

from typing import NamedTuple

from ring.durations import UNREADABLE_NOTE_S, UNREADABLE_TRIES_S
from ring.ids import NO_TERM, GroupId, Incarnation
from ring.replication.application import UNJUDGED
from ring.replication.port import Port
from ring.wire.codec import Unread, decode_each
from ring.wire.group import Answer, Question, Submit
from ring.wire.log import raw
from ring.wire.messages import Message
from ring.wire.node import Reply
from ring.wire.replication import Append, Continue, Fetched, Install, Publish, Replace

KEPT = 100
"""At most this many pairs of a peer and a kind of message are remembered."""

TRIES = 3

LOG = (Publish, Continue, Replace, Append, Install, Fetched)
"""Messages that bring parts of a group's log."""


class What(NamedTuple):
    """Name a sender and a kind of message."""

    key: str  # ring key
    kind: str  # of message, and of the group


class Tries(NamedTuple):
    """Count how often the log after this position of a group was unreadable, and since when."""

    seq: int
    since: float
    times: int


class Count:
    """Count messages, and keep the time of the last (Unix seconds)."""

    __slots__ = ("at", "noted", "noted_at", "total")

    def __init__(self) -> None:
        self.total = 0
        self.noted = 0  # of the total
        self.noted_at = float("-inf")
        self.at = 0.0


class UnreadableMessages:
    """Keep the unreadable messages since the start."""

    def __init__(self, port: Port) -> None:
        self.port = port
        self.counts: dict[What, Count] = {}
        self._tries: dict[GroupId, Tries] = {}

    def payload(self, sender: Incarnation, payload: bytes) -> list[Message]:
        """Return the readable messages of a list with unreadable messages."""
        readable: list[Message] = []
        for message in decode_each(payload):
            if not isinstance(message, Unread):
                readable.append(message)
                continue
            self._count(sender, message.kind, message.group)
            if message.kind in _LOG_NAMES and message.group is not None:
                self._log_unread(sender, message.group)
        return readable

    def message(self, sender: Incarnation, message: Message, group: GroupId | None) -> None:
        """Handle a message with a part that belongs to the group's kind and cannot be read."""
        self._count(sender, type(message).__name__, group)
        if isinstance(message, Submit):
            self._fail(sender, message)
        elif isinstance(message, Question):
            self.port.answer(sender, Reply(message.id, raw(None)))
        elif isinstance(message, LOG):
            self._log_unread(sender, message.group)

    def _count(self, sender: Incarnation, kind: str, group: GroupId | None) -> None:
        port = self.port
        port.counters["unreadable"] += 1
        what = What(sender.key, f"{kind} of a {group.kind}" if group is not None else kind)
        count = self.counts.get(what)
        if count is None:
            if len(self.counts) >= KEPT:
                return
            count = self.counts[what] = Count()
        count.total += 1
        count.at = port.now
        if port.now - count.noted_at >= UNREADABLE_NOTE_S:
            times = count.total - count.noted
            count.noted, count.noted_at = count.total, port.now
            port.note("unreadable", group, peer=sender.key, message=kind, times=times)

    def _fail(self, sender: Incarnation, message: Submit) -> None:
        """Answer a command that the master cannot read: the command has failed, and nothing was changed."""
        port = self.port
        m = port.replicas.masters.get(message.group)
        if port.level < 1:  # builds of level 0 cannot read this answer, and give the command up by themselves
            return
        term, seq, at = (m.replica.term, m.replica.seq, m.replica.at) if m is not None else (NO_TERM, 0, port.now_ms)
        port.answer(sender, Answer(message.group, message.number, term, seq, at, False, raw(UNJUDGED)))

    def _log_unread(self, sender: Incarnation, group: GroupId) -> None:
        port = self.port
        if group.kind not in port.kinds:
            port.say_stopped(sender.key, group)
            return
        f = port.replicas.followers.get(group)
        if f is not None and f.master != sender.key and f.replica.term.key != sender.key:
            return  # not from the master that this replica follows
        seq = f.replica.seq if f is not None else -1
        tries = self._tries.pop(group, None)
        if tries is None or tries.seq != seq:
            tries = Tries(seq, port.now, 0)
        tries = tries._replace(times=tries.times + 1)
        if tries.times >= TRIES and port.now - tries.since >= UNREADABLE_TRIES_S:
            port.stop_unread(group, sender)
            return
        self._tries[group] = tries
        if len(self._tries) > KEPT:
            del self._tries[next(iter(self._tries))]


_LOG_NAMES = frozenset(one.__name__ for one in LOG)
