"""Make entries of commands: judge each by the state after all earlier entries (P7). Of a copy, only `bug` changes here.

A master judges a command when all backups hold it (`decide`), or at once where no other node has to (`judge`). A
mistake of the program while a command is judged fails the command alone: `Copy.bug` keeps the mistake until it is noted
(P43).
"""

from __future__ import annotations

from typing import Any

import msgspec

from ring.features import fitting
from ring.ids import Incarnation
from ring.replication.application import UNJUDGED
from ring.replication.copy import Copy
from ring.replication.log import once_of
from ring.replication.state_machine import Decision
from ring.wire.codec import reencode
from ring.wire.log import (
    Command,
    Entry,
    MergeRecord,
)


def judge(copy: Copy, origin: Incarnation | None, number: int, floor: int, command: Any, now_ms: int) -> Entry:
    """Judge a command at once: return the entry with the outcome and event, at the next position."""
    at = now_ms if now_ms > copy.at else copy.at + 1  # P17
    decision = _decided(copy, command, at)
    return Entry(copy.seq + 1, at, origin, number, floor, decision.outcome, decision.event)


def decide(copy: Copy) -> Entry:
    """Judge the oldest pending command by the state after all earlier entries, and return the entry (P7)."""
    c = copy.pending[0]
    if c.original_id is not None:
        said = _has_said(copy, c)  # the origin asked both sides, and this side has not refused the command
        return Entry(
            c.seq, c.at, c.origin, c.number, c.floor, None, None if said else c.command, original_id=c.original_id
        )
    if c.side is not None:
        event = _merged(copy, c.side.state, c.at)
        return Entry(
            c.seq,
            c.at,
            None,
            0,
            0,
            None,
            event,
            side=MergeRecord(c.side.client_logs, c.side.lost, c.side.merged, c.side.aliases),
        )
    if c.command is None:  # the engine's own command: `handed`, `members`, or nothing any more
        return Entry(c.seq, c.at, c.origin, c.number, c.floor, None, None, c.handed, c.members)
    decision = _decided(copy, c.command, c.at)
    return Entry(c.seq, c.at, c.origin, c.number, c.floor, decision.outcome, decision.event)


def _decided(copy: Copy, command: Any, at: int) -> Decision:
    """Judge a command by the state. A command that another edge has submitted already gets that answer (P7, P9)."""
    once = once_of(command)
    before = copy.log.said(once) if once is not None else None
    try:
        if before is not None:
            return Decision(before.outcome, None)
        decision: Decision = fitting(copy.state.decide(command, at), copy.kind.level)
        return decision
    except Exception as problem:  # judging changes nothing: the command has failed, and all goes on
        copy.bug = problem
        return Decision(UNJUDGED, None)


def _merged(copy: Copy, other: msgspec.Raw, at: int) -> Any:
    """Return the event that merges the state of another side. Where the merge meets a mistake, the other side's
    messages are appended all the same, and the other side's state is left out."""
    try:
        return fitting(copy.state.merge(copy.kind.restore(copy.group.name, other), at), copy.kind.level)
    except Exception as problem:
        copy.bug = problem
        return None


def _has_said(copy: Copy, c: Command) -> bool:
    """Tell whether this log already has the event of a command that another side brings."""
    once = once_of(c.command)
    if once is not None:
        return copy.log.said(once) is not None
    stream = copy.client_logs.get(c.origin) if c.origin is not None else None
    if stream is None or stream.last < c.number:
        return False  # the origin never asked here: the log need not be read
    return any((e.origin, e.number) == (c.origin, c.number) and e.event is not None for e in copy.log)


def foreseen(copy: Copy) -> Copy:
    """Return the copy as the copy will be once all pending commands are decided. To be read only: a command
    may have been confirmed before a crash, and be pending again (P36)."""
    if not copy.pending:
        return copy
    state = copy.kind.restore(copy.group.name, reencode(copy.state.snapshot()))
    later = Copy(copy.group, copy.kind, state, copy.lineage, copy.seq, copy.at)
    later.pending.extend(copy.pending)
    while later.pending:
        later.advance(decide(later))
    return later
