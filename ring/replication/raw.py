"""Entries and commands as messages carry them: encoded parts are read by the group's kind."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from ring.replication.application import UNJUDGED
from ring.replication.state_machine import Kind
from ring.wire.log import (
    Command,
    Entry,
    RawCommand,
    RawEntry,
    raw,
)

_NIL = b"\xc0"
_FALSE = b"\xc2"
_RAW_NIL = msgspec.Raw(_NIL)


def as_raw(entries: list[Entry]) -> list[RawEntry]:
    """Return entries as a message carries entries: the encoder writes both types alike."""
    return raw(entries)  # type: ignore[return-value]


def as_raw_commands(commands: Iterable[Command]) -> list[RawCommand]:
    return raw(list(commands))  # type: ignore[return-value]


def read_entry(kind: Kind, entry: RawEntry) -> Entry:
    """Read an entry from a link. Raises msgspec.MsgspecError for an entry that the kind cannot read."""
    outcome = None if entry.outcome == _RAW_NIL else read_optional(kind.read_outcome, entry.outcome)
    return Entry(
        entry.seq,
        entry.at,
        entry.origin,
        entry.number,
        entry.floor,
        outcome,
        read_optional(kind.read_event, entry.event),
        entry.handed,
        entry.members,
        entry.original_id,
        entry.side,
    )


def read_command(kind: Kind, c: RawCommand) -> Command:
    """Read a command from a link. Raises msgspec.MsgspecError for a command that the kind cannot read."""
    command = read_optional(kind.read_event if c.original_id is not None else kind.read_command, c.command)
    return Command(c.seq, c.at, c.origin, c.number, c.floor, command, c.handed, c.members, c.original_id, c.side)


def read_optional(read: Any, value: msgspec.Raw) -> Any:
    """Read a value that may be None, or the outcome of a command that met a mistake (P43)."""
    data = bytes(value)
    return None if data == _NIL else UNJUDGED if data == _FALSE else read(value)
