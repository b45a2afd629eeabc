"""Offer forks: this node's replica of a group that the master's log does not continue (P22).

Theory of operation
===================

Two logs have forked if neither log continues the other. The node with the lower term has the fork, and offers the fork
to the master of the higher term, which takes the fork in (merge.py). Until the merge is in the replica that the node
follows or masters, people on the node see the replica known to them (`Follower.fork`, `Master.unmerged`): so people see
one change, not two (P25).

The states of a fork:

    own       `fork.replica` is the followed replica: this node was the master, and has yielded (`Roles.yield_to`)
    parted    the followed replica is the master's, and does not continue the fork (followed.py)
    gone      `Follower.fork` is None, and people here see the followed replica
    served    this node serves the group with a replica that lacks the fork: `Master.unmerged` is the fork, and owed.py
              has the fork taken in. If the term is lost before the merge is committed, the fork is parted again

    own      -> parted   a replica of the new master comes
    own      -> gone     the master's log continues the fork after all, or the master has taken the fork in (MergeDone)
    parted   -> gone     the followed replica has all of the fork (`FollowedReplicas.is_merged`), or nobody has taken
                         the fork in for FORK_GIVE_UP_S: `FollowedReplicas.reveal` shows the difference
    own, parted          the fork is offered every FORK_OFFER_S: at once by the old master, else first after
                         FORK_PATIENCE_S
    own, parted -> served   this node begins to serve (`Roles.serve`)
    served   -> gone     the merge is committed (`Masters.reveal`)

A node whose fork outweighs the master's replica does not yield: the node masters the group again (`Roles.prevail`), and
the other master offers instead (`outweighs` in shared.py).

Invariant: `Replicas.forked` names every followed group with a fork; groups without a fork leave `forked` at the next
tick.
"""

from __future__ import annotations

from ring.durations import FORK_GIVE_UP_S, FORK_OFFER_S
from ring.ids import Incarnation
from ring.replication.followed import FollowedReplicas
from ring.replication.owed import OwedForks
from ring.replication.replica import Replica
from ring.replication.replicas import Follower, Fork
from ring.replication.role_port import RolePort
from ring.wire.replication import MergeDone, MergeOffer


class Forks:
    """Offer the forks of the groups followed here to the groups' masters."""

    def __init__(self, port: RolePort, owed: OwedForks, followed: FollowedReplicas) -> None:
        self._port = port
        self._owed = owed
        self._followed = followed

    def begin(self, f: Follower, known: Replica) -> None:
        """Offer the replica that people here know to the new master: this node mastered the group until now."""
        f.fork = Fork(known, self._port.now, self._port.now)
        self._port.replicas.forked[f.replica.group] = None
        self._offer(f, f.fork)

    def _offer(self, f: Follower, fork: Fork) -> None:
        fork.offer_at = self._port.now + FORK_OFFER_S
        if f.master != self._port.me.key:
            self._port.send(f.master, MergeOffer(f.replica.group, fork.replica.snapshot()))

    def on_merge_done(self, sender: Incarnation, message: MergeDone) -> None:
        """End what this node owes of the fork, and ask for the merged log: a master has committed the merge."""
        self._owed.taken(message.group, message.theirs)
        replicas = self._port.replicas
        f = replicas.followers.get(message.group)
        if f is None or f.fork is None or message.theirs != f.fork.replica.term:
            return
        if f.replica is f.fork.replica:
            f.fork = None  # the master has the whole fork, and the resync brings what follows
            replicas.forked.pop(message.group, None)
        self._port.resync(f)

    def tick(self) -> None:
        """Offer forks again, and give up forks that no master has taken in for too long."""
        port = self._port
        for group in list(port.replicas.forked):
            f = port.replicas.followers.get(group)
            fork = f.fork if f is not None else None
            if f is None or fork is None:
                del port.replicas.forked[group]
            elif port.now - fork.since > FORK_GIVE_UP_S and f.replica is not fork.replica:
                port.note("fork_not_merged", group, term=fork.replica.term.number, seq=fork.replica.seq)
                self._followed.reveal(f)
            elif port.now >= fork.offer_at:
                self._offer(f, fork)
