"""Make a replica of a group from what messages and disks carry, and apply an event to a replica outside of its log."""

from __future__ import annotations

from typing import Any

from ring.ids import UNREADABLE, GroupId
from ring.replication.client_log import ClientLog
from ring.replication.guarded import GroupBroken
from ring.replication.log import Log
from ring.replication.raw import read_command, read_entry, read_optional
from ring.replication.replica import Replica
from ring.replication.state_machine import Kind
from ring.wire.log import (
    Snapshot,
)


def apply(replica: Replica, event: Any, at: int) -> bool:
    """Apply an event to the replica's state alone. Raises GroupBroken: the state may then be half changed."""
    try:
        return replica.state.apply(event, at)
    except Exception as problem:
        raise GroupBroken(replica.group) from problem


def restore(group: GroupId, kind: Kind, snapshot: Snapshot) -> Replica:
    """Make a replica from a snapshot. Raises msgspec.MsgspecError for a snapshot that the kind cannot read,
    and GroupBroken where the reading meets a mistake of the program."""
    try:
        state = kind.restore(group.name, snapshot.state)
    except UNREADABLE:
        raise
    except Exception as problem:
        raise GroupBroken(group) from problem
    replica = Replica(group, kind, state, snapshot.lineage, snapshot.seq, snapshot.at)
    replica.log = Log(read_entry(kind, entry) for entry in snapshot.tail)
    replica.epoch, replica.members, replica.archives = snapshot.epoch, snapshot.members, snapshot.archives
    replica.merged, replica.aliases = {part.term: part for part in snapshot.merged}, snapshot.aliases
    replica.pending.extend(read_command(kind, command) for command in snapshot.pending)
    for stream in snapshot.client_logs:
        accepted = replica.client_logs[stream.origin] = ClientLog(stream.last)
        for number, seq, at, outcome in stream.outcomes:
            accepted.outcomes[number] = (seq, at, read_optional(kind.read_outcome, outcome))
    return replica
