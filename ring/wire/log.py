"""Define a group's log as nodes carry the log: entries, commands, and the snapshot of a whole replica.

Commands, events, outcomes and states belong to the group's kind. Here they stay encoded (`Raw`); the kind reads them.
"""

from __future__ import annotations

from typing import Any, Generic, TypeAlias

import msgspec
from typing_extensions import TypeVar  # with defaults (PEP 696), which typing has from Python 3.13 on

from ring.ids import Incarnation, Term

Outcome = TypeVar("Outcome", default=Any)
Event = TypeVar("Event", default=Any)
Body = TypeVar("Body", default=Any)

Lineage = tuple[tuple[Term, int], ...]  # (term, first seq of the term), oldest first (P3)
Aliases = tuple[
    tuple[str, str], ...
]  # (msgid on another side, msgid here), of messages shown on both sides of a partition


class PackedClientLog(msgspec.Struct, frozen=True, array_like=True):
    """One origin's accepted commands (P8): the last number, and (number, seq, at, outcome) down to the origin's
    floor."""

    origin: Incarnation
    last: int
    outcomes: tuple[tuple[int, int, int, msgspec.Raw], ...]


class MergedTerm(msgspec.Struct, frozen=True, array_like=True):
    """A term of another side that is part of a log, up to seq. fork: the last position that both logs have alike."""

    term: Term
    seq: int
    fork: int


class ForkState(msgspec.Struct, frozen=True, array_like=True):
    """Another master's replica of the group (P26). lost: events since the fork that the other log no longer has."""

    state: msgspec.Raw
    client_logs: tuple[PackedClientLog, ...]
    lost: int
    merged: tuple[MergedTerm, ...]  # the terms in the other log, the other log's own terms included
    aliases: Aliases = ()


class MergeRecord(msgspec.Struct, frozen=True, array_like=True):
    """Tell every replica about a merged side, beyond the event that makes the state."""

    client_logs: tuple[PackedClientLog, ...]
    lost: int
    merged: tuple[MergedTerm, ...]
    aliases: Aliases = ()


class Entry(msgspec.Struct, Generic[Outcome, Event], array_like=True, gc=False):
    """One position of a group's log: the answer to one command, and the change by the command, if any.

    `Entry` alone is an entry that the group's kind has read, `RawEntry` an entry on its way. The encoder writes both
    alike.
    """

    seq: int
    at: int  # Unix ms (P17)
    origin: Incarnation | None  # None: the master itself
    number: int
    floor: int  # the origin's lowest unanswered number (P6)
    outcome: Outcome
    event: Event
    handed: Term | None = None  # (P24) the last event of a term; names the next term
    members: tuple[str, ...] | None = None  # ring keys that hold the group from here on (P13)
    original_id: tuple[str, int] | None = None  # msgid and time on another side of a partition (P25)
    side: MergeRecord | None = None  # the merged side's counters count in this replica from here on


class Command(msgspec.Struct, Generic[Body], array_like=True, gc=False):
    """An accepted command: the command has a position, and is decided once all holders of the group have the command
    (P12).

    `Command` alone is a command that the group's kind has read, `RawCommand` a command on its way.
    """

    seq: int
    at: int
    origin: Incarnation | None
    number: int
    floor: int
    command: Body
    handed: Term | None = None
    members: tuple[str, ...] | None = None
    original_id: tuple[str, int] | None = None  # the command is an event of another side (P25)
    side: ForkState | None = None  # another side's state, to be merged with this (P26)


RawEntry: TypeAlias = Entry[msgspec.Raw, msgspec.Raw]
RawCommand: TypeAlias = Command[msgspec.Raw]


class Snapshot(msgspec.Struct, frozen=True, array_like=True):
    """A whole replica of a group at `seq`. tail: the log's last entries, already part of the state.

    members: the holders of the group, by a set with this epoch (P13). pending: commands accepted and not yet decided,
    for a node that is to hold the group.
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
    archives: tuple[str, ...] = ()  # earlier holders, which may have older lines
    aliases: Aliases = ()


def raw(value: Any) -> msgspec.Raw:
    """Use a value for a Raw field of a message to send: the encoder writes the value in place."""
    return value  # type: ignore[no-any-return]
