"""Which replica of each group this node follows: take a replica, keep it, show it, forget the group (P16, P22).

Theory of operation
===================

A follower's replica changes entry by entry (follower.py), or as a whole, here:

    install    a master's replica takes the place of the replica here; people are shown the difference
    (parted)   ... but if the master's log does not continue the replica that people know, people go on to see that
               replica, the fork (`Follower.fork`), until the master's log has all of the fork
    reveal     the fork is over: people are shown how the master's replica differs from the fork
    keep       this node's own replica stays, without a known master
    drop       no member sits here, and no master wants this node as a backup: the group is forgotten

Invariants
    While `fork` is set, the application is shown nothing of the followed replica; commands of this edge are answered
    all the same. A replica that this node follows is the journal's replica of the group (`Journal.adopt`).
"""

from __future__ import annotations

from ring.durations import FORK_PATIENCE_S
from ring.ids import GroupId
from ring.replication.acks import Acks
from ring.replication.lineage import fork_point
from ring.replication.people import People
from ring.replication.replica import Replica
from ring.replication.replicas import Follower, Fork
from ring.replication.returning import CatchUp
from ring.replication.role_port import RolePort
from ring.replication.shared import has_all_of, recall
from ring.storage.journal import Journal


class FollowedReplicas:
    """Keep one replica of each group that this node follows."""

    def __init__(self, port: RolePort, people: People, journal: Journal, acks: Acks, catch_up: CatchUp) -> None:
        self._port = port
        self._people = people
        self._journal = journal
        self._acks = acks
        self._catch_up = catch_up
        self._groups = port.replicas.followers

    # Who has a part -------------------------------------------------------------------------------------------------

    def sits(self, replica: Replica) -> bool:
        """Tell whether members of the group sit on this node."""
        return self._port.me in replica.state.subscribers

    def keeps(self, f: Follower) -> bool:
        """Tell whether this node has a part in the group: a member, the duty of a backup, or a fork not merged yet."""
        return f.is_backup or f.fork is not None or self.sits(f.replica) or self._port.me.key in f.replica.members

    def is_merged(self, f: Follower) -> bool:
        """Tell whether the followed replica has all that the fork has. Only while `fork` is set."""
        assert f.fork is not None
        return f.replica is not f.fork.replica and has_all_of(f.replica, f.fork.replica)

    # Keep and forget ------------------------------------------------------------------------------------------------

    def keep(self, replica: Replica, master: str) -> Follower:
        """Keep a replica without a known master, pending commands included: this node mastered the group until now, or
        has read the replica from disk or from another node. The tick asks the master that is named."""
        f = self._groups[replica.group] = Follower(replica, master)
        f.behind = True
        self._port.replicas.behind[replica.group] = None
        self._adopt(replica)
        return f

    def _adopt(self, replica: Replica) -> None:
        """Take this replica as the node's replica of the group."""
        self._journal.adopt(replica)
        self._port.replicas.looks.soon(replica.group, self._port.now)

    def keep_mastered(self, replica: Replica) -> Follower | None:
        """Follow a group that this node mastered until now, if members sit here or this node stays a backup.

        Commands that were not committed are dropped: no origin has an answer, and the origins send them again (P22).
        """
        replica.drop_pending()
        f = Follower(replica, replica.term.key)
        if not self.keeps(f):
            self._journal.forget(replica.group)
            return None
        self._groups[replica.group] = f
        self._adopt(replica)
        return f

    def drop(self, f: Follower) -> None:
        """Forget the group, after a last acknowledgement: this node has no part in the group any more."""
        group = f.replica.group
        self._acks.part(f)
        del self._groups[group]
        self._journal.forget(group)
        self._catch_up.caught_up(group)
        self._people.leave(f.replica)

    def abandon(self, group: GroupId) -> None:
        """Forget the group without a word to the master: a mistake of the program has stopped the group here (P43)."""
        self._catch_up.caught_up(group)
        self._groups.pop(group, None)
        self._acks.abandon(group)

    # A whole replica ------------------------------------------------------------------------------------------------

    def install(
        self, replica: Replica, f: Follower | None, master: str, shown: int, *, is_backup: bool = False
    ) -> None:
        """Take a whole replica in place of the former replica, and show the application what happened between the two.

        shown: the seq up to which people here know the log, if there is no former replica. Without a former replica,
        nothing is taken unless a member sits here, this node is a backup, or an entry is of a command of this node.
        """
        port, group = self._port, replica.group
        old = f.replica if f is not None else None
        if old is not None:
            recall(replica, old)
        if f is not None and old is not None and (f.fork is not None or _has_parted(old, replica)):
            self._install_parted(f, old, replica, master, is_backup=is_backup)
            return
        sat, sits = old is not None and self.sits(old), self.sits(replica)
        since = shown if old is None else old.seq
        tail = [e for e in replica.log if e.seq > since]
        if f is None:
            if not sits and not is_backup and not any(e.origin == port.me for e in tail):
                return
            f = self._groups[group] = Follower(replica, master)
        if old is not None and replica.seq > since:
            self._people.interrupt(old, parted=False)
        self._take(f, replica, master, is_backup=is_backup)
        if not sat and (sits or not is_backup):
            self._people.arrive(replica, tail)
        elif old is not None and sat:
            self._people.go_on(old, replica, tail)
        self._complete(replica)
        if not self.keeps(f):
            self.drop(f)
        elif sat and not sits:
            self._people.leave(replica)
        if old is not None and master != port.me.key:  # else the group is about to be served here
            port.resend(group)  # the commands that were held back

    def _take(self, f: Follower, replica: Replica, master: str, *, is_backup: bool) -> None:
        """Follow this replica of this master from now on."""
        f.replica, f.master, f.behind, f.doubted, f.tries, f.is_backup = replica, master, False, False, 0, is_backup
        self._adopt(replica)
        self._acks.acknowledge(replica.group)

    def _complete(self, replica: Replica) -> None:
        """Answer the commands of this node that have an outcome in the replica."""
        port, group = self._port, replica.group
        accepted = replica.client_logs.get(port.me)
        for number, (seq, at, outcome) in sorted(accepted.outcomes.items()) if accepted is not None else ():
            port.complete(group, number, outcome, replica.event_id(seq, at))
        port.unpark_answers(group, replica.seq)

    # Forks (P22) ----------------------------------------------------------------------------------------------------

    def part(self, f: Follower, known: Replica) -> None:
        """Begin a fork: people here know this replica, and the followed replica does not continue it."""
        if f.fork is None:
            f.fork = Fork(known, self._port.now, self._port.now + FORK_PATIENCE_S)
            self._port.replicas.forked[f.replica.group] = None

    def _install_parted(self, f: Follower, old: Replica, replica: Replica, master: str, *, is_backup: bool) -> None:
        """Follow a replica that does not continue the replica here; people are shown the new replica once the old is
        merged."""
        self.part(f, old)
        self._take(f, replica, master, is_backup=is_backup)
        if self.is_merged(f):
            self.reveal(f)
        self._complete(replica)

    def reveal(self, f: Follower) -> None:
        """Show people here how the master's replica differs from the replica that people knew, and end the fork."""
        assert f.fork is not None
        replica, old = f.replica, f.fork.replica
        self._people.interrupt(old, parted=True)
        f.fork = None
        self._port.replicas.looks.soon(replica.group, self._port.now)
        self._port.resend(replica.group)  # the commands that the fork held back
        left = self._people.reveal(old, replica)
        self._catch_up.caught_up(replica.group)
        if not self.keeps(f):
            self.drop(f)
        elif left:
            self._people.leave(replica)


def _has_parted(old: Replica, replica: Replica) -> bool:
    """Tell whether the replica's log does not continue the old log."""
    return fork_point(old.lineage, old.seq, replica.lineage, replica.seq) < old.seq
