"""Compare two logs of one group, which may have parted: what both have, and which of the two goes on (P22, P25).

A log is trimmed at its beginning, so what a log no longer has is judged by the client logs and by the terms that were
merged. Nothing here changes a replica, but `recall`, which gives a replica the older entries of another.
"""

from __future__ import annotations

from collections.abc import Callable

from ring.replication.lineage import fork_point
from ring.replication.log import Log, message_key
from ring.replication.replica import Replica
from ring.wire.log import (
    Entry,
)


def recall(replica: Replica, old: Replica) -> None:
    """Take over the log of an older replica as far back as that log goes, where this replica continues the older
    replica.

    A snapshot brings only the entries that the receiver lacked. Earlier entries may still be needed by other nodes,
    or by people here that were shown another side meanwhile.
    """
    first = replica.log[0].seq if replica.log else replica.seq + 1
    if fork_point(old.lineage, old.seq, replica.lineage, replica.seq) >= first - 1:
        replica.log = Log([*[entry for entry in old.log if entry.seq < first], *replica.log])


def trimmed(replica: Replica, fork: int) -> int:
    """Return how many entries after `fork` the log has no more."""
    first = replica.log[0].seq if replica.log else replica.seq + 1
    return max(0, first - fork - 1)


def shared_with(ours: Replica, theirs: Replica) -> int:
    """Return the last position up to which this log is part of the other log: as the other's own, or merged."""
    shared = fork_point(ours.lineage, ours.seq, theirs.lineage, theirs.seq)
    for term, end in ours.ends:
        part = theirs.merged.get(term)
        if part is not None:
            shared = max(shared, min(part.seq, end))
    return shared


def has_all_of(ours: Replica, theirs: Replica) -> bool:
    """Tell whether this replica has every entry that the other replica has committed."""
    return shared_with(theirs, ours) == theirs.seq


def outweighs(ours: Replica, theirs: Replica) -> bool:
    """Tell whether the other log is to be appended to this log, and not this log to the theirs.

    A merge appends only entries that a log still has (P25); trimmed entries stay readable, from a store, only if
    the log goes on. So the log that would lose more goes on. A node that only follows has no store of the group.
    """
    if ours.journal is None or not ours.journal.is_held(ours):
        return False
    shared = shared_with(ours, theirs)
    return shared < ours.seq and trimmed(ours, shared) > trimmed(theirs, shared_with(theirs, ours))


def knows_since(replica: Replica, fork: int, *, accepted: bool = False) -> Callable[[Entry], bool]:
    """Return a test: whether a message of another log is in this log, too, since the logs parted at `fork`.

    A command that was refused here does not count: the origin may have asked both sides. accepted: messages of
    another side that are pending here count, too.
    """
    known = {message_key(entry) for entry in replica.log if entry.seq > fork and entry.event is not None}
    if accepted:
        known.update(message_key(command) for command in replica.pending if command.original_id is not None)
    whole = replica.seq <= fork or (len(replica.log) > 0 and replica.log[0].seq <= fork + 1)

    def ask(entry: Entry) -> bool:
        if entry.origin is None or message_key(entry) in known:
            return True
        stream = replica.client_logs.get(entry.origin)  # the log was trimmed: rather lose than repeat a message
        return not whole and stream is not None and entry.number <= stream.last

    return ask
