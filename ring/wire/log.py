"""A group's log as nodes carry it: entries, commands, and the snapshot of a whole copy.

Commands, events, outcomes and states belong to the group's kind; here they stay encoded (`Raw`) and are read by the
kind.
"""

from __future__ import annotations

from typing import Any, cast

import msgspec

from ring.ids import Incarnation, Term

Lineage = tuple[tuple[Term, int], ...]  # (term, its first seq), oldest first (P3)
Aliases = tuple[
    tuple[str, str], ...
]  # (msgid on another side, msgid here), of what both sides of a partition were told


class PackedClientLog(msgspec.Struct, frozen=True, array_like=True):
    """One origin's accepted commands (P8): the last number, and (number, seq, at, outcome) down to its floor."""

    origin: Incarnation
    last: int
    outcomes: tuple[tuple[int, int, int, msgspec.Raw], ...]


class MergedTerm(msgspec.Struct, frozen=True, array_like=True):
    """A term of another side that is part of a log, up to seq. fork: the last position that the two have alike."""

    term: Term
    seq: int
    fork: int


class ForkState(msgspec.Struct, frozen=True, array_like=True):
    """Another master's copy of the group (P26). lost: events since the logs parted that its log no longer has."""

    state: msgspec.Raw
    client_logs: tuple[PackedClientLog, ...]
    lost: int
    merged: tuple[MergedTerm, ...]  # what its log has beside its own terms, and those themselves
    aliases: Aliases = ()


class MergeRecord(msgspec.Struct, frozen=True, array_like=True):
    """What every copy has to know of a side that was merged, beside the event that makes the state."""

    client_logs: tuple[PackedClientLog, ...]
    lost: int
    merged: tuple[MergedTerm, ...]
    aliases: Aliases = ()


class Entry(msgspec.Struct, array_like=True, gc=False):
    """One position of a group's log: the answer to one command and what it changed, if anything."""

    seq: int
    at: int  # Unix ms (P17)
    origin: Incarnation | None  # None: the master itself
    number: int
    floor: int  # the origin's lowest unanswered number (P6)
    outcome: Any
    event: Any
    handed: Term | None = None  # the last event of a term that was handed on (P24)
    members: tuple[str, ...] | None = None  # the ring keys that hold the group from here on (P13)
    original_id: tuple[str, int] | None = None  # msgid and time of what another side of a partition said (P25)
    side: MergeRecord | None = None  # that side's counters are part of this copy from here on


class Command(msgspec.Struct, array_like=True, gc=False):
    """An accepted command: it has its position, and is decided once all who hold the group have it (P12)."""

    seq: int
    at: int
    origin: Incarnation | None
    number: int
    floor: int
    command: Any
    handed: Term | None = None
    members: tuple[str, ...] | None = None
    original_id: tuple[str, int] | None = None  # the command is an event of another side (P25)
    side: ForkState | None = None  # another side's state, to become one with this (P26)


class RawCommand(msgspec.Struct, array_like=True):
    """A Command as read from a link."""

    seq: int
    at: int
    origin: Incarnation | None
    number: int
    floor: int
    command: msgspec.Raw
    handed: Term | None = None
    members: tuple[str, ...] | None = None
    original_id: tuple[str, int] | None = None
    side: ForkState | None = None


class RawEntry(msgspec.Struct, array_like=True):
    """An Entry as read from a link, its outcome and event still encoded."""

    seq: int
    at: int
    origin: Incarnation | None
    number: int
    floor: int
    outcome: msgspec.Raw
    event: msgspec.Raw
    handed: Term | None = None
    members: tuple[str, ...] | None = None
    original_id: tuple[str, int] | None = None
    side: MergeRecord | None = None


class Snapshot(msgspec.Struct, frozen=True, array_like=True):
    """A whole copy of a group at `seq`. tail: the log's last entries, already part of the state.

    members: who holds the group, by a set with this epoch (P13). pending: accepted and not yet decided, for who is to
    hold the group.
    """

    lineage: Lineage
    seq: int
    at: int
    state: msgspec.Raw
    client_logs: tuple[PackedClientLog, ...]
    tail: list[RawEntry]
    epoch: int = 0
    members: tuple[str, ...] = ()
    pending: list[RawCommand] = []
    merged: tuple[MergedTerm, ...] = ()
    archives: tuple[str, ...] = ()  # who held the group before, and may have older lines of it
    aliases: Aliases = ()


def raw(value: Any) -> msgspec.Raw:
    """A value for a Raw field of a message to send: the encoder writes it in place."""
    return cast(msgspec.Raw, value)
