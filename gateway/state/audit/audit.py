"""The audit: the last acts of operators, kept by the network (P53).

Nodes with operators who want notices follow the group. An act is an entry of the state: every holder has the last
`keep` acts, on disk before the act is answered. A merge is the union of the acts of both sides, by id, and drops none:
merging is commutative, associative and idempotent; the next act drops the oldest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from gateway.irc.casemapping import Casemap
from gateway.irc.masks import match
from gateway.state.audit.messages import (
    Acts,
    Attend,
    Attended,
    Entry,
    Evict,
    Evicted,
    Merged,
    Notified,
    Notify,
    Read,
    Record,
    Recorded,
)
from ring.ids import Incarnation
from ring.replication.state_machine import Decision, StateBase


class Audit(StateBase):
    """entries: id -> act. keep: the most acts that the next act leaves."""

    def __init__(self, casemap: Casemap, keep: int) -> None:
        self.casemap = casemap
        self.keep = keep
        self.subscribers: dict[Incarnation, int] = {}
        self.entries: dict[str, Entry] = {}

    def decide(self, command: Any, at: int) -> Decision:
        if isinstance(command, Record):
            entry = msgspec.structs.replace(command.entry, at=at)
            return Decision(None, None if entry.id in self.entries else Recorded(entry, self.keep))
        if isinstance(command, Notify):
            return Decision(None, Notified(command.letter, command.node, command.text) if self.subscribers else None)
        if isinstance(command, Attend):
            edge = Incarnation(command.key, command.incarnation)
            return Decision(None, None if edge in self.subscribers else Attended(*edge))
        gone = tuple(edge for edge in command.edges if Incarnation(*edge) in self.subscribers)
        return Decision(None, Evicted(gone) if gone else None)

    def apply(self, event: Any, at: int) -> bool:
        if isinstance(event, Recorded):
            self.entries[event.entry.id] = event.entry
            for entry in self._sorted()[: max(0, len(self.entries) - event.keep)]:
                del self.entries[entry.id]
        elif isinstance(event, Attended):
            self.subscribers[Incarnation(event.key, event.incarnation)] = 1
        elif isinstance(event, Evicted):
            for edge in event.edges:
                self.subscribers.pop(Incarnation(*edge), None)
        elif isinstance(event, Merged):
            self.subscribers.update((Incarnation(*edge), 1) for edge in event.edges)
            self.entries.update((entry.id, entry) for entry in event.entries)
        return not isinstance(event, Recorded | Notified)

    def _sorted(self) -> list[Entry]:
        return sorted(self.entries.values(), key=lambda entry: (entry.at, entry.id))

    def answer(self, question: Any, at: int) -> Acts:
        found = [entry for entry in self._sorted() if self._fits(entry, question)]
        shown = found[max(0, len(found) - question.count) :]
        return Acts(tuple(shown), len(found) - len(shown))

    def _fits(self, entry: Entry, question: Read) -> bool:
        def fits(mask: str, *texts: str) -> bool:
            return not mask or any(match(mask, text, self.casemap) for text in texts)

        return (
            entry.at >= question.since
            and fits(question.operator, entry.operator, entry.nick)
            and fits(question.act, entry.act)
            and fits(question.target, entry.target)
            and fits(question.node, entry.node)
        )

    def snapshot(self) -> Any:
        return _Stored(list(self.subscribers), self._sorted())

    def is_message(self, event: Any) -> bool:
        return isinstance(event, Recorded | Notified)

    def merge(self, other: Audit, at: int) -> Merged | None:
        lacking = sorted(edge for edge in other.subscribers if edge not in self.subscribers)
        edges = tuple((edge.key, edge.number) for edge in lacking)
        entries = tuple(entry for entry in other._sorted() if entry.id not in self.entries)
        return Merged(edges, entries) if edges or entries else None

    def maintenance(self, at: int, gone: Callable[[Incarnation], bool]) -> list[Any]:
        edges = tuple((edge.key, edge.number) for edge in self.subscribers if gone(edge))
        return [Evict(edges)] if edges else []

    def is_collectable(self, at: int) -> bool:
        return not self.subscribers and not self.entries


class _Stored(msgspec.Struct, frozen=True, array_like=True):
    subscribers: list[Incarnation]
    entries: list[Entry]


_stored = msgspec.msgpack.Decoder(_Stored)


def restore(snapshot: msgspec.Raw, casemap: Casemap, keep: int) -> Audit:
    """Raises msgspec.MsgspecError."""
    audit, stored = Audit(casemap, keep), _stored.decode(snapshot)
    audit.subscribers = dict.fromkeys(stored.subscribers, 1)
    audit.entries = {entry.id: entry for entry in stored.entries}
    return audit
