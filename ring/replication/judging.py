"""Make entries of commands: judge each by the state after all earlier entries (P7). Of a replica, only `bug` changes
here.

A master judges a command when all backups hold it (`decide`), or at once where no other node has to (`judge`). A
mistake of the program while a command is judged fails the command alone: `Replica.bug` keeps the mistake until it is
noted (P43).
"""

from __future__ import annotations

from typing import Any

import msgspec

from ring.features import fitting
from ring.ids import Incarnation
from ring.replication.application import UNJUDGED
from ring.replication.log import idempotency_key_of
from ring.replication.replica import Replica
from ring.replication.state_machine import Decision
from ring.wire.codec import reencode
from ring.wire.log import (
    Command,
    Entry,
    MergeRecord,
)


def judge(replica: Replica, origin: Incarnation | None, number: int, floor: int, command: Any, now_ms: int) -> Entry:
    """Judge a command at once: return the entry with the outcome and event, at the next position."""
    at = now_ms if now_ms > replica.at else replica.at + 1  # P17
    decision = _decided(replica, command, at)
    return Entry(replica.seq + 1, at, origin, number, floor, decision.outcome, decision.event)


def decide(replica: Replica) -> Entry:
    """Judge the oldest pending command by the state after all earlier entries, and return the entry (P7)."""
    c = replica.pending[0]
    if c.original_id is not None:
        said = _has_said(replica, c)  # the origin asked both sides, and this side has not refused the command
        return Entry(
            c.seq, c.at, c.origin, c.number, c.floor, None, None if said else c.command, original_id=c.original_id
        )
    if c.side is not None:
        event = _merged(replica, c.side.state, c.at)
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
    decision = _decided(replica, c.command, c.at)
    return Entry(c.seq, c.at, c.origin, c.number, c.floor, decision.outcome, decision.event)


def refused(replica: Replica) -> Entry:
    """Refuse the oldest pending command: too few nodes are there to keep the change (P51)."""
    c = replica.pending[0]
    return Entry(c.seq, c.at, c.origin, c.number, c.floor, replica.kind.unkept, None)


def _decided(replica: Replica, command: Any, at: int) -> Decision:
    """Judge a command by the state. A command that another edge has submitted already gets that answer (P7, P9)."""
    once = idempotency_key_of(command)
    before = replica.log.said(once) if once is not None else None
    try:
        if before is not None:
            return Decision(before.outcome, None)
        decision: Decision = fitting(replica.state.decide(command, at), replica.kind.level)
        return decision
    except Exception as problem:  # judging changes nothing: the command has failed, and all goes on
        replica.bug = problem
        return Decision(UNJUDGED, None)


def _merged(replica: Replica, other: msgspec.Raw, at: int) -> Any:
    """Return the event that merges the state of another side. Where the merge meets a mistake, the other side's
    messages are appended all the same, and the other side's state is left out."""
    try:
        return fitting(replica.state.merge(replica.kind.restore(replica.group.name, other), at), replica.kind.level)
    except Exception as problem:
        replica.bug = problem
        return None


def _has_said(replica: Replica, c: Command) -> bool:
    """Tell whether this log already has the event of a command that another side brings."""
    once = idempotency_key_of(c.command)
    if once is not None:
        return replica.log.said(once) is not None
    stream = replica.client_logs.get(c.origin) if c.origin is not None else None
    if stream is None or stream.last < c.number:
        return False  # the origin never asked here: the log need not be read
    return any((e.origin, e.number) == (c.origin, c.number) and e.event is not None for e in replica.log)


def foreseen(replica: Replica) -> Replica:
    """Return the replica as the replica will be once all pending commands are decided. To be read only: a command
    may have been confirmed before a crash, and be pending again (P36)."""
    if not replica.pending:
        return replica
    state = replica.kind.restore(replica.group.name, reencode(replica.state.snapshot()))
    later = Replica(replica.group, replica.kind, state, replica.lineage, replica.seq, replica.at)
    later.pending.extend(replica.pending)
    while later.pending:
        later.advance(decide(later))
    return later
