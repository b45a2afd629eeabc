"""Owed forks: forks that this node took in as a master, until this node knows that the merge is committed (P22).

Theory of operation
===================

A node that takes a group over may have a fork of the group itself: lines that an earlier term of this node has
answered, and that may be on no other node. The node merges the fork as a master (merge.py). If the node loses the term
before the merge is committed, the merge is lost, and the next master has to take the fork in. So the fork is owed.

    owed      recovery.py adds the fork when this node begins to serve. While this node serves, the fork is taken in
              (`Merges.take_in`, which does nothing the second time); otherwise the fork is offered to the master, every
              OWED_OFFER_S
    settled   the replica here has all of the fork (`has_all_of`), a master says MergeDone, or OWED_KEEP_S are over:
              the fork is forgotten, and the commands that the debt held back are sent (P25)

Invariants
    While a group owes a fork, this edge's commands go to no other master (`Followers.holds_back`).
    A group owes at most one fork of each term.
"""

from __future__ import annotations

from ring.durations import OWED_KEEP_S, OWED_OFFER_S
from ring.ids import GroupId, Term
from ring.replication.port import Port
from ring.replication.progress import Master
from ring.replication.replica import Replica
from ring.replication.shared import has_all_of
from ring.wire.replication import MergeOffer


class Owed:
    """Hold one fork that is owed, and say when the fork is offered next."""

    __slots__ = ("offer_at", "replica", "since")

    def __init__(self, replica: Replica, now: float) -> None:
        self.replica = replica
        self.since = now
        self.offer_at = now + OWED_OFFER_S


class OwedForks:
    """Keep the forks that this node owes to the masters of the groups, this node included."""

    def __init__(self, port: Port) -> None:
        self.port = port
        self.replicas: dict[GroupId, list[Owed]] = {}

    def add(self, replica: Replica) -> None:
        owed = self.replicas.setdefault(replica.group, [])
        if all(other.replica.term != replica.term for other in owed):
            owed.append(Owed(replica, self.port.now))

    def take_in(self, m: Master) -> None:
        """Take in all owed forks: this node masters the group, and people's earlier lines come first (P25)."""
        for owed in self.replicas.get(m.replica.group, ()):
            self.port.take_in(m, owed.replica)

    def taken(self, group: GroupId, term: Term) -> None:
        """Forget the fork of this term: a master has committed the merge."""
        self._keep(group, [owed for owed in self.replicas.get(group, ()) if owed.replica.term != term])

    def _keep(self, group: GroupId, owed: list[Owed]) -> None:
        """Keep these forks of the group; where none is left, send the commands that the debt held back."""
        if owed:
            self.replicas[group] = owed
        elif self.replicas.pop(group, None) is not None:
            self.port.resend(group)  # the commands that were held back (P25)

    def tick(self) -> None:
        """Forget forks that are settled, and offer the other forks again."""
        for group, replicas in list(self.replicas.items()):
            self._keep(group, [owed for owed in replicas if not self._is_done(owed)])
            for owed in self.replicas.get(group, ()):
                if self.port.now >= owed.offer_at:
                    owed.offer_at = self.port.now + OWED_OFFER_S
                    self._offer(group, owed.replica)

    def _is_done(self, owed: Owed) -> bool:
        """Tell whether the replica here has all of the fork, or the fork is too old."""
        port, theirs = self.port, owed.replica
        if port.now - owed.since > OWED_KEEP_S:
            port.note("fork_not_merged", theirs.group, term=theirs.term.number, seq=theirs.seq)
            return True
        held = port.replicas.get(theirs.group)
        return held is not None and held is not theirs and has_all_of(held, theirs)

    def _offer(self, group: GroupId, replica: Replica) -> None:
        """Take the fork in if this node serves the group, or offer the fork to the master."""
        port = self.port
        m = port.replicas.masters.get(group)
        target = port.target(group)
        if m is not None and m.serving:
            port.take_in(m, replica)
        elif target != port.me.key:
            port.send(target, MergeOffer(group, replica.snapshot()))
