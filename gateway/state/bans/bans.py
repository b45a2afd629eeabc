"""The network's list of bans: bans of people and addresses, text filters, and the DEFCON level (P55).

Each entry goes to its last writer, and a lifted entry stays in the list as a tombstone: so a node that was away with
the entry does not bring the entry back. An expired entry stays for the same reason, since its last change may have
shortened the ban.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec

from gateway.state.bans.messages import (
    Changed,
    Done,
    Entry,
    Evict,
    Evicted,
    Follow,
    Followed,
    Lift,
    Merged,
    NotDone,
    Put,
)
from ring.ids import Incarnation
from ring.replication.state_machine import Decision, StateBase

TOMBSTONES: Final = 10_000
"""The list keeps at most so many entries that do not count any more: the entries with the latest changes."""

SPARE: Final = 1_000
"""So many more tombstones may gather before the list is cleared of the oldest, so that clearing is rare."""

Key = tuple[str, str]

_encode: Final = msgspec.msgpack.Encoder(order="deterministic").encode


def is_newer(one: Entry, other: Entry) -> bool:
    """Tell whether `one` is the last writer's. Of two entries of one moment, the same entry counts on every side."""
    return one.at > other.at or (one.at == other.at and _encode(one) > _encode(other))


class Bans(StateBase):
    """The entries by kind and mask, and the subscribed node incarnations."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.entries: dict[Key, Entry] = {entry.key: entry for entry in entries}
        self.subscribers: dict[Incarnation, int] = {}

    def active(self, kind: str, at: int) -> list[Entry]:
        """Return the entries of a kind that count at a time (Unix ms), in the order of their masks."""
        return sorted(
            (entry for entry in self.entries.values() if entry.kind == kind and entry.is_active(at)),
            key=lambda entry: entry.mask,
        )

    # Rules ----------------------------------------------------------------------------------------------------------

    def decide(self, command: Any, at: int) -> Decision:
        if isinstance(command, Follow):
            edge = Incarnation(command.key, command.incarnation)
            return Decision(None, None if edge in self.subscribers else Followed(*edge))
        if isinstance(command, Put):
            return self._decide_put(command, at)
        if isinstance(command, Lift):
            return self._decide_lift(command, at)
        gone = tuple(edge for edge in command.edges if Incarnation(*edge) in self.subscribers)
        return Decision(None, Evicted(gone) if gone else None)

    def _decide_put(self, command: Put, at: int) -> Decision:
        entry = command.entry
        before = self.entries.get(entry.key)
        is_new = before is None or not before.is_active(at)
        if is_new and len(self.active(entry.kind, at)) >= command.most:
            return Decision(NotDone("full"), None)
        moment = _after(before, at)
        return Decision(Done(is_new), Changed(msgspec.structs.replace(entry, at=moment, is_lifted=False)))

    def _decide_lift(self, command: Lift, at: int) -> Decision:
        before = self.entries.get((command.kind, command.mask))
        if before is None or not before.is_active(at):
            return Decision(NotDone("unknown"), None)
        return Decision(Done(False), Changed(lifted(before, command.by, _after(before, at))))

    # Changes --------------------------------------------------------------------------------------------------------

    def apply(self, event: Any, at: int) -> bool:
        if isinstance(event, Changed):
            self.entries[event.entry.key] = event.entry
            self._clear(at)
            return False
        if isinstance(event, Followed):
            self.subscribers[Incarnation(event.key, event.incarnation)] = 1
        elif isinstance(event, Evicted):
            for edge in event.edges:
                self.subscribers.pop(Incarnation(*edge), None)
        else:
            self.entries.update((entry.key, entry) for entry in event.entries)
            self.subscribers.update((Incarnation(*edge), 1) for edge in event.edges)
            self._clear(at)
        return True

    def _clear(self, at: int) -> None:
        """Forget the oldest entries that do not count any more, if there are too many of these."""
        if len(self.entries) <= TOMBSTONES + SPARE:
            return
        spent = sorted((e for e in self.entries.values() if not e.is_active(at)), key=lambda e: (-e.at, e.key))
        for entry in spent[TOMBSTONES:]:
            del self.entries[entry.key]

    def merge(self, other: Bans, at: int) -> Merged | None:
        newer = [
            entry
            for key, entry in sorted(other.entries.items())
            if (mine := self.entries.get(key)) is None or is_newer(entry, mine)
        ]
        lacking = sorted(edge for edge in other.subscribers if edge not in self.subscribers)
        edges = tuple((edge.key, edge.number) for edge in lacking)
        return Merged(tuple(newer), edges) if newer or edges else None

    def snapshot(self) -> Any:
        return _Stored([entry for _, entry in sorted(self.entries.items())], list(self.subscribers))

    def maintenance(self, at: int, gone: Callable[[Incarnation], bool]) -> list[Any]:
        edges = tuple((edge.key, edge.number) for edge in self.subscribers if gone(edge))
        return [Evict(edges)] if edges else []

    def is_collectable(self, at: int) -> bool:
        return not self.entries and not self.subscribers


def _after(before: Entry | None, at: int) -> int:
    """Return the time of a change. A clock of another side may have been ahead, and the last writer has to win."""
    return at if before is None else max(at, before.at + 1)


def lifted(entry: Entry, by: str, at: int) -> Entry:
    """Return what is left of an entry after the ban was lifted at `at`."""
    return Entry(entry.kind, entry.mask, at, by, is_lifted=True)


class _Stored(msgspec.Struct, frozen=True, array_like=True):
    entries: list[Entry]
    hosts: list[Incarnation]


_stored = msgspec.msgpack.Decoder(_Stored)


def restore(snapshot: msgspec.Raw) -> Bans:
    """Raises msgspec.MsgspecError."""
    stored = _stored.decode(snapshot)
    bans = Bans(stored.entries)
    bans.subscribers = dict.fromkeys(stored.hosts, 1)
    return bans
