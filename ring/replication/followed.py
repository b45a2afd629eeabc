"""Which copy of each group this node follows: take a copy, keep it, show it, forget the group (P16, P22).

Theory of operation
===================

A follower's copy changes entry by entry (follower.py), or as a whole, here:

    install    a master's copy takes the place of the copy here; people are shown the difference
    (parted)   ... but if the master's log does not continue the copy that people know, they go on to see that copy, the
               fork (`Follower.fork`), until the master's log has all of it
    reveal     the fork is over: people are shown how the master's copy differs from the fork
    keep       this node's own copy stays, without a known master
    drop       no member sits here, and no master wants this node as a backup: the group is forgotten

Invariants
    While `fork` is set, the application is shown nothing of the followed copy; commands of this edge are answered all
    the same.
    A copy that this node follows is the journal's copy of the group (`Journal.adopt`).
"""

from __future__ import annotations

from ring.durations import FORK_PATIENCE_S
from ring.ids import GroupId
from ring.replication.acks import Acks
from ring.replication.copy import Copy
from ring.replication.lineage import fork_point
from ring.replication.people import People
from ring.replication.replicas import Follower, Fork
from ring.replication.returning import CatchUp
from ring.replication.role_port import RolePort
from ring.replication.shared import has_all_of, recall
from ring.storage.journal import Journal


class FollowedCopies:
    """Keep one copy of each group that this node follows."""

    def __init__(self, port: RolePort, people: People, journal: Journal, acks: Acks, catch_up: CatchUp) -> None:
        self._port = port
        self._people = people
        self._journal = journal
        self._acks = acks
        self._catch_up = catch_up
        self._groups = port.replicas.followers

    # Who has a part -------------------------------------------------------------------------------------------------

    def sits(self, copy: Copy) -> bool:
        """Tell whether members of the group sit on this node."""
        return self._port.me in copy.state.subscribers

    def keeps(self, f: Follower) -> bool:
        """Tell whether this node has a part in the group: a member, the duty of a backup, or a fork not merged yet."""
        return f.holds or f.fork is not None or self.sits(f.copy) or self._port.me.key in f.copy.members

    def is_merged(self, f: Follower) -> bool:
        """Tell whether the followed copy has all that the fork has. Only while `fork` is set."""
        assert f.fork is not None
        return f.copy is not f.fork.copy and has_all_of(f.copy, f.fork.copy)

    # Keep and forget ------------------------------------------------------------------------------------------------

    def keep(self, copy: Copy, master: str) -> Follower:
        """Keep a copy without a known master, pending commands included: this node mastered the group until now, or
        has read the copy from disk or from another node. The tick asks the master that is named."""
        f = self._groups[copy.group] = Follower(copy, master)
        f.behind = True
        self._journal.adopt(copy)
        return f

    def keep_mastered(self, copy: Copy) -> Follower | None:
        """Follow a group that this node mastered until now, if members sit here or this node stays a backup.

        Commands that were not committed are dropped: no origin has an answer, and the origins send them again (P22).
        """
        copy.drop_pending()
        f = Follower(copy, copy.term.key)
        if not self.keeps(f):
            self._journal.forget(copy.group)
            return None
        self._groups[copy.group] = f
        self._journal.adopt(copy)
        return f

    def drop(self, f: Follower) -> None:
        """Forget the group, after a last acknowledgement: this node has no part in the group any more."""
        group = f.copy.group
        self._acks.part(f)
        del self._groups[group]
        self._journal.forget(group)
        self._catch_up.caught_up(group)
        self._people.leave(f.copy)

    def abandon(self, group: GroupId) -> None:
        """Forget the group without a word to the master: a mistake of the program has stopped the group here (P43)."""
        self._catch_up.caught_up(group)
        self._groups.pop(group, None)
        self._acks.abandon(group)

    # A whole copy ---------------------------------------------------------------------------------------------------

    def install(self, copy: Copy, f: Follower | None, master: str, shown: int, *, holds: bool = False) -> None:
        """Take a whole copy in place of the former copy, and show the application what happened between the two.

        shown: the seq up to which people here know the log, if there is no former copy. Without a former copy, nothing
        is taken unless a member sits here, this node is a backup, or an entry is of a command of this node.
        """
        port, group = self._port, copy.group
        old = f.copy if f is not None else None
        if old is not None:
            recall(copy, old)
        if f is not None and old is not None and (f.fork is not None or _has_parted(old, copy)):
            self._install_parted(f, old, copy, master, holds=holds)
            return
        sat, sits = old is not None and self.sits(old), self.sits(copy)
        since = shown if old is None else old.seq
        tail = [e for e in copy.log if e.seq > since]
        if f is None:
            if not sits and not holds and not any(e.origin == port.me for e in tail):
                return
            f = self._groups[group] = Follower(copy, master)
        if old is not None and copy.seq > since:
            self._people.interrupt(old, parted=False)
        self._take(f, copy, master, holds=holds)
        if not sat and (sits or not holds):
            self._people.arrive(copy, tail)
        elif old is not None and sat:
            self._people.go_on(old, copy, tail)
        self._complete(copy)
        if not self.keeps(f):
            self.drop(f)
        elif sat and not sits:
            self._people.leave(copy)
        if old is not None and master != port.me.key:  # else the group is about to be served here
            port.resend(group)  # the commands that were held back

    def _take(self, f: Follower, copy: Copy, master: str, *, holds: bool) -> None:
        """Follow this copy of this master from now on."""
        f.copy, f.master, f.behind, f.doubted, f.tries, f.holds = copy, master, False, False, 0, holds
        self._journal.adopt(copy)
        self._acks.acknowledge(copy.group)

    def _complete(self, copy: Copy) -> None:
        """Answer the commands of this node that have an outcome in the copy."""
        port, group = self._port, copy.group
        accepted = copy.client_logs.get(port.me)
        for number, (seq, at, outcome) in sorted(accepted.outcomes.items()) if accepted is not None else ():
            port.complete(group, number, outcome, copy.event_id(seq, at))
        port.unpark_answers(group, copy.seq)

    # Forks (P22) ----------------------------------------------------------------------------------------------------

    def part(self, f: Follower, known: Copy) -> None:
        """Begin a fork: people here know this copy, and the followed copy does not continue it."""
        if f.fork is None:
            f.fork = Fork(known, self._port.now, self._port.now + FORK_PATIENCE_S)
            self._port.replicas.forked[f.copy.group] = None

    def _install_parted(self, f: Follower, old: Copy, copy: Copy, master: str, *, holds: bool) -> None:
        """Follow a copy that does not continue the copy here; people are shown the new copy once the old is merged."""
        self.part(f, old)
        self._take(f, copy, master, holds=holds)
        if self.is_merged(f):
            self.reveal(f)
        self._complete(copy)

    def reveal(self, f: Follower) -> None:
        """Show people here how the master's copy differs from the copy that people knew, and end the fork."""
        assert f.fork is not None
        copy, old = f.copy, f.fork.copy
        self._people.interrupt(old, parted=True)
        f.fork = None
        self._port.resend(copy.group)  # the commands that the fork held back
        left = self._people.reveal(old, copy)
        self._catch_up.caught_up(copy.group)
        if not self.keeps(f):
            self.drop(f)
        elif left:
            self._people.leave(copy)


def _has_parted(old: Copy, copy: Copy) -> bool:
    """Tell whether the copy's log does not continue the old log."""
    return fork_point(old.lineage, old.seq, copy.lineage, copy.seq) < old.seq
