"""Tell when a node may start a group after asking the group's next owners alone, and not every node (P14).

Theory of operation. In a network at rest, the node that the ring names for a group masters the group, if the group
exists at all: masters check their place every few seconds and hand over, and followers of a dead master look for the
next master at once. So where nothing has changed for QUIET_S, the acting master's own tables tell whether a group
exists, and the next owners are asked to be sure. Otherwise, and if any of these nodes knows the group, every node is
asked: after a death with `copies: 1` a follower anywhere may hold the only replica, and after a partition the other
side has replicas of its own.

A small network is asked as a whole: questions to some nodes cost little.
"""

from __future__ import annotations

from typing import Final

from ring.durations import QUIET_S
from ring.ids import GroupId
from ring.placement import owners
from ring.replication.port import Port
from ring.replication.replica import Replica
from ring.replication.replicas import Recovery
from ring.replication.silent import SilentNodes

SMALL: Final = 16
"""A network of at most so many other nodes is asked as a whole."""

MORE: Final = 2
"""So many owners beyond the group's `copies` are asked: a node that came or went may have moved the group so far."""


def near_owners(port: Port, silent: SilentNodes, group: GroupId, *, curious: bool) -> list[str] | None:
    """Return the nodes to ask about a group of which this node holds no replica; None: ask every node.

    curious: the group is only asked about. A group that is confirmed on disks is never started by the word of some
    nodes (P37), and where a node is missing, not even said to be absent.
    """
    peers, others = port.peers, port.peers.others()
    if len(others) <= SMALL or not port.has_met or port.now - peers.changed_at < QUIET_S:
        return None
    if group in peers.unfit or port.replicas.newest(group) is not None:
        return None
    if silent.is_confirmed(group) and (not curious or peers.unheard([port.me.key, *others])):
        return None
    count = peers.settings.copies + MORE
    living = [key for key in owners(group.name, peers.ring, len(peers.dead) + count + 1) if key not in peers.dead]
    return [key for key in living if key != port.me.key][:count]


def suffices(silent: SilentNodes, recovery: Recovery, group: GroupId, mine: Replica | None) -> bool:
    """Tell whether the replies of the next owners alone show that nobody holds the group. mine: the replica here."""
    if mine is not None or recovery.stopped or any(held.lineage for held in recovery.held.values()):
        return False
    return recovery.curious or not silent.is_confirmed(group)
