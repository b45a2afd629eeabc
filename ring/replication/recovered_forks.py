"""After a recovery: fetch replicas with entries that the served replica lacks, and merge these entries (P22)."""

from __future__ import annotations

from ring.ids import GroupId
from ring.replication.lineage import fork_point
from ring.replication.replicas import Recovery
from ring.replication.restore import restore
from ring.replication.role_port import RolePort
from ring.wire.replication import Fetch, Fetched


def ask_for_forks(port: RolePort, group: GroupId, recovery: Recovery) -> None:
    """Fetch the replicas that have entries which the served replica lacks: these entries are merged, not lost."""
    mastered = port.replicas.masters.get(group)
    if mastered is None:
        return
    replica = mastered.replica
    for key, held in recovery.held.items():
        if held.lineage and fork_point(replica.lineage, replica.head, held.lineage, held.seq) < held.seq:
            port.send(key, Fetch(group))


def take_in_fork(port: RolePort, message: Fetched) -> None:
    """Merge a fetched replica into the group that this node serves by now."""
    mastered = port.replicas.masters.get(message.group)
    if mastered is not None and mastered.serving and message.snapshot is not None:
        theirs = restore(message.group, port.kinds[message.group.kind], message.snapshot)
        port.take_in(mastered, theirs)
