"""The way of an edge's commands: the node to send the commands and barriers of a group to (P25).

Theory of operation. `Port.target` names the group's master as far as this node knows, and after a partition that may be
the master of the other side, whose log lacks the lines that this edge's own side has answered. Commands sent to that
master at once would stand before the earlier lines. A replica here with the last answer tells which masters have the
lines (`Followers.holds_back`). Without such a replica, the master that has answered last knows best:

    by the ring   nobody has answered, or the answer's master is the master, or the replica here has the answer
    by the answer   the master that answered last is sent the commands, as long as that master's life goes on
    by the ring   that master has named another node (`SubmitQueues.yielded`): a node names another node to commands
                  only once the other node's log has all that this node has (`Roles.park`)
"""

from __future__ import annotations

from ring.ids import GroupId
from ring.replication.port import Port
from ring.submit import Answered


def way(port: Port, group: GroupId) -> str:
    """Return the ring key of the node to send this edge's commands of the group to."""
    target = port.target(group)
    queue = port.submits.queues.get(group)
    answered = queue.answered if queue is not None else None
    if answered is None or target in (port.me.key, answered.master.key):
        return target
    key, peers = answered.master.key, port.peers
    if not peers.is_current(answered.master) or key in peers.unfit_for(group) or _is_here(port, group, answered):
        return target
    return key


def _is_here(port: Port, group: GroupId, answered: Answered) -> bool:
    """Tell whether the replica that this node follows has the answer's position."""
    followed = port.replicas.followers.get(group)
    if followed is None:
        return False
    replica = followed.replica
    ends = (*replica.ends, *((part.term, part.seq) for part in replica.merged.values()))
    return any(term == answered.term and end >= answered.seq for term, end in ends)
