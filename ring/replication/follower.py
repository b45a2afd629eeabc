"""A follower of a group: apply a master's log strictly in order, ask for missing entries, show the entries (P11, P16).

Theory of operation
===================

A node follows a group that another node masters, because members of the group sit on this node, or because this node
is a backup of the group (`is_backup`), or both. The follower judges nothing: the follower applies and shows entries.

The state of a follower is read from the fields:

    current   not behind: the replica has every entry that the master has told of
    behind    entries are missing, or may be: `resync` asks the master, and asks again until the master has answered
    orphan    the master is dead or began a new life (`is_orphan`): if this node is the successor, `resync` starts a
              recovery instead
    forked    `fork` is set: the master's log does not continue the replica that people here know (P22). People go on to
              see `fork.replica`; `replica` follows the master's log out of sight, until all is merged (forks.py)

What moves a follower:

    Publish, same term, next entries     apply, show, acknowledge          becomes current
    Publish, same term, later entries    a gap: resync                     becomes behind
    Publish of a higher term             resync with this replica's lineage   becomes behind
    Append, same term                    keep the commands, acknowledge
    Continue                             take the lineage, apply           current again; a fork of this replica ends
    Replace, the log continues           take the whole replica, show the difference (followed.py)
    Replace, the logs have parted        becomes forked (followed.py)
    Replace, this log outweighs          this node masters the group (`Roles.prevail`)
    no members here and not a backup     acknowledge once more, and forget the group (`FollowedReplicas.drop`)

The role of the follower is cut by theme. Each file uses only files named before it:

    acks.py       what this node acknowledges, and what is held back
    followed.py   which replica this node follows
    forks.py      replicas of this node that the master has to take in
    follower.py   this file: what a master sends

Invariants
    Entries are applied at replica.seq + 1 and nowhere else (P16).
    No message of a master lowers (term, seq) of the replica, unless the replica is ahead of the state
    (`Replica.is_ahead`).
    No append, publish or snapshot of a term below `replica.promised` changes the replica (P21).
    This edge's commands to a new master wait while the master's log is not known to continue the replica
    (`holds_back`).

These four files write the fields of `Follower`, with these exceptions: roles.py sets `master` after a hand-off, and
exchanges `replica` just before this node serves; callers of `keep` set `is_backup`; returning.py and broken.py reset
`tries` and `asked_at`, to ask at once.
"""

from __future__ import annotations

from collections.abc import Iterator

from ring.durations import ASK_SPREAD_S, EACH_S, MANY_MAX_S, RESYNC_MAX_S, RESYNC_REST_S, RESYNC_S
from ring.ids import GroupId, Incarnation
from ring.replication.acks import Acks
from ring.replication.followed import FollowedReplicas
from ring.replication.owed import OwedForks
from ring.replication.people import People
from ring.replication.raw import read_command, read_entry
from ring.replication.replica import Replica
from ring.replication.replicas import Follower
from ring.replication.restore import restore
from ring.replication.returning import CatchUp
from ring.replication.role_port import RolePort
from ring.replication.shared import outweighs
from ring.wire.log import Entry, Lineage, RawEntry
from ring.wire.replication import Append, Continue, Publish, Replace, Resync, StaleTerm
from ring.work import in_turn

RESYNC_AT_ONCE = 20
"""A tick asks for the entries of at most this many groups; more groups wait for slices."""

SILENT_CHECKS = 18
"""Ask the master about a group when the master has said nothing about the group for this many checks."""


class Followers:
    """Follow the groups that other nodes master."""

    def __init__(
        self,
        port: RolePort,
        people: People,
        owed: OwedForks,
        acks: Acks,
        catch_up: CatchUp,
        followed: FollowedReplicas,
    ) -> None:
        self._port = port
        self._people = people
        self._owed = owed
        self._acks = acks
        self._catch_up = catch_up
        self._followed = followed
        self._groups = port.replicas.followers
        self._in_slices = False  # whether groups that lack entries wait for slices

    # What a master sends --------------------------------------------------------------------------------------------

    def publish(self, f: Follower, sender: Incarnation, message: Publish) -> None:
        """Apply entries of the replica's own term; ask the master first if the entries are of another term.

        A Publish without entries is a probe: the follower acknowledges, or asks for the entries up to `head`.
        """
        if message.term < f.replica.term:
            return
        if message.term != f.replica.term or f.replica.is_ahead:
            f.master = sender.key
            f.doubted = f.doubted or message.term != f.replica.term
            self.resync(f)
            return
        if message.term < f.replica.promised:
            self._port.send(sender.key, StaleTerm(message.group, f.replica.promised))
            return
        f.heard_at = self._port.now
        if f.master != sender.key and not (f.replica.log and f.replica.log[-1].handed):
            f.master = sender.key  # another node may have been named, but the sender is master of the replica's term
        self._trust(f)
        self._apply(f, message.entries)
        if self._groups.get(message.group) is f:
            self._caught_up(f, message.head)

    def append(self, f: Follower, sender: Incarnation, message: Append) -> None:
        """Keep the commands of a master whose term this node may listen to, and acknowledge (P12, P21).

        A replica of another term, or ahead of the state, cannot take the commands: the backup asks for the log first.
        """
        if message.term < max(f.replica.promised, f.replica.term):
            self._port.send(sender.key, StaleTerm(message.group, max(f.replica.promised, f.replica.term)))
            return
        if not f.is_backup:
            f.is_backup = True
            self._port.replicas.looks.soon(message.group, self._port.now)
        f.heard_at = self._port.now
        if message.term != f.replica.term or f.replica.is_ahead:
            f.master = sender.key
            self.resync(f)
            return
        f.replica.hold(read_command(f.replica.kind, command) for command in message.commands)
        self._acks.acknowledge(message.group)

    def on_continue(self, sender: Incarnation, message: Continue) -> None:
        """Take the master's lineage and the entries after this replica: the answer to a Resync if the logs agree."""
        f = self._groups.get(message.group)
        if f is None or not message.lineage or message.lineage[-1][0] < f.replica.term:
            return
        if message.lineage[-1][0] < f.replica.promised:
            self._port.send(sender.key, StaleTerm(message.group, f.replica.promised))
            return
        gap = message.entries and message.entries[0].seq > f.replica.seq + 1
        if gap or f.replica.is_ahead or not _is_prefix(f.replica, message.lineage):
            self.resync(f)
            return
        is_new_term = f.replica.lineage != message.lineage
        if is_new_term:
            f.replica.drop_pending()  # the master of the new term sends again the commands that count
        if f.fork is not None and f.fork.replica is f.replica:
            f.fork = None  # the log has not forked after all
        f.replica.follow_lineage(message.lineage)
        f.master = sender.key
        f.tries = 0
        f.heard_at = self._port.now
        self._apply(f, message.entries)
        if self._groups.get(message.group) is f:
            self._caught_up(f, message.head)
            self._told_all(f)
        if is_new_term:
            f.doubted = False
            self._port.resend(message.group)  # the commands that were held back
        self._trust(f)

    def on_replace(self, sender: Incarnation, message: Replace) -> None:
        """Take a whole replica, which a master sends to a first member, to a new backup, or where the logs do not
        agree.

        A replica that is not newer than the replica here only says whether this node is a backup.
        """
        port, group, snapshot = self._port, message.group, message.snapshot
        if not snapshot.lineage or group in port.replicas.masters:
            return
        f = self._groups.get(group)
        term = snapshot.lineage[-1][0]
        if f is not None and (term, snapshot.seq) <= (f.replica.term, f.replica.seq) and not f.replica.is_ahead:
            f.is_backup = message.is_backup
            port.replicas.looks.soon(group, port.now)
            self._acks.acknowledge(group)
            self._told_all(f)
            if term == f.replica.term:
                self._trust(f)
            if not self._followed.keeps(f):
                self._followed.drop(f)
            return
        replica = restore(group, port.kinds[group.kind], snapshot)
        if f is not None:
            replica.promised = f.replica.promised
        if term < replica.promised:
            port.send(sender.key, StaleTerm(group, replica.promised))
            return
        if f is not None and (f.fork is None or f.fork.replica is f.replica) and outweighs(f.replica, replica):
            port.prevail(f, replica, sender.key)
            return
        self._followed.install(replica, f, sender.key, message.shown, is_backup=message.is_backup)
        if (now := self._groups.get(group)) is not None:
            self._told_all(now)

    def _trust(self, f: Follower) -> None:
        """End the doubt about the master, after a word of the master: the commands held back are sent."""
        if f.doubted:
            f.doubted = False
            self._port.resend(f.replica.group)

    def _told_all(self, f: Follower) -> None:
        """Count the group as caught up: the master has answered, and people here are shown the answer (P20)."""
        if f.fork is None:
            self._catch_up.caught_up(f.replica.group)

    # Apply ----------------------------------------------------------------------------------------------------------

    def _apply(self, f: Follower, entries: list[RawEntry]) -> None:
        """Apply the entries that come next, pass over entries that are here, and ask for the log at a gap."""
        kind = f.replica.kind
        for entry in entries:
            if entry.seq <= f.replica.seq:
                continue
            if entry.seq > f.replica.seq + 1:
                self.resync(f)
                return
            self._advance(f, read_entry(kind, entry))
            if self._groups.get(f.replica.group) is not f:
                return

    def _advance(self, f: Follower, entry: Entry) -> None:
        """Apply one entry, show the entry to people here, and drop the group if this node has no part any more."""
        replica, port = f.replica, self._port
        change = self._people.advance(replica, entry, unseen=f.fork is not None)
        port.replicas.looks.soon(replica.group, port.now)
        if entry.handed is not None or entry.members is not None:
            self._read_change(f, entry)
        self._people.show(replica, entry, change)
        if replica.group in (s := port.submits.queues) and s[replica.group].parked:
            port.unpark_answers(replica.group, replica.seq)
        if f.fork is not None:
            if self._followed.is_merged(f):
                self._followed.reveal(f)
        elif (change.moved or entry.members is not None) and not self._followed.keeps(f):
            self._followed.drop(f)
        elif change.sat and not change.sits:
            self._people.leave(replica)

    def _read_change(self, f: Follower, entry: Entry) -> None:
        """Follow a change that an applied entry brings: a new master after a hand-off, or new backups."""
        if entry.handed is not None and entry.seq >= f.replica.lineage[-1][1]:  # else a later term has begun since
            f.master = entry.handed.key
        if entry.members is not None:
            me = self._port.me.key
            f.is_backup = me in entry.members or me in f.replica.coming

    def _caught_up(self, f: Follower, head: int) -> None:
        """Acknowledge if the replica has all entries up to the master's head, or ask for the missing entries."""
        if head > f.replica.seq:
            self.resync(f)
        else:
            if f.behind or f.replica.is_cold:
                self._port.replicas.looks.soon(f.replica.group, self._port.now)
            f.behind = f.replica.is_cold = False
            f.tries = 0
            self._acks.acknowledge(f.replica.group)

    # Who is the master ----------------------------------------------------------------------------------------------

    def is_orphan(self, f: Follower) -> bool:
        """Tell whether the replica's master is dead or gone, has begun a new life, or has stopped the group (P43)."""
        peers, term = self._port.peers, f.replica.term
        if not peers.is_alive(f.master) or f.master in peers.unfit_for(f.replica.group):
            return True
        return f.master == term.key and not peers.is_current(Incarnation(term.key, term.incarnation))

    def holds_back(self, group: GroupId, target: str) -> bool:
        """Tell whether this edge's commands wait until the replica here and the log of the master `target` agree.

        After a partition the replica may have lines of people here that a new master lacks. The next commands of these
        people are sent once the master's log is known to continue the replica, or to have taken the replica in: sent
        earlier, the commands would come before the earlier lines (P25). Other edges are sent on by the same rule.
        """
        f = self._groups.get(group)
        if f is not None and f.fork is not None:
            return True
        if target == self._port.me.key:
            return False
        if group in self._owed.replicas:
            return True  # an earlier term of this node has given people here answers that the master still lacks
        if f is None or (target == f.replica.term.key and not f.doubted):
            return False
        if target != self._port.target(group):
            return False  # the master that answered last, and the replica here lacks the answer (way.py)
        handed = f.replica.log[-1].handed if f.replica.log else None
        return handed is None or handed.key != target  # after a hand-off the new master has the whole log

    def redirect(self, f: Follower, master: str, sender: str = "") -> None:
        """Follow the master that `sender` names, if the sender may be believed, and ask the new master.

        Believe a master that claims to have given the group up, even if the master names this node: that master has
        forgotten the group, and the replica is here. Believe any other node only while this replica is behind, and only
        if
        the node does not name this node.
        """
        if sender == f.master or (f.behind and master != self._port.me.key):
            f.master = master
            # A node may master the group again after another node did, under a later term and with another log.
            f.doubted = f.doubted or master != f.replica.term.key
            self.resync(f)

    def resync(self, f: Follower) -> None:
        """Ask the master for missing entries, or start a recovery if this node is to serve; the tick asks again."""
        port, now = self._port, self._port.now
        if f.behind and now - f.asked_at < RESYNC_REST_S:
            return
        if f.replica.is_cold and not port.has_met:
            return  # a node that does not know the network yet would think itself alone, and serve an old replica (P14)
        f.behind = True
        port.replicas.behind[f.replica.group] = None
        f.asked_at = now
        f.tries = min(f.tries + 1, 8)
        group = f.replica.group
        target = port.target(group)
        if target == port.me.key:
            if f.master == port.me.key or self.is_orphan(f):
                port.find(group)
            return
        whole = f.replica.is_ahead  # entries after the last position would not repair such a replica
        port.send(target, Resync(group, () if whole else f.replica.lineage, 0 if whole else f.replica.seq))

    # Timers ---------------------------------------------------------------------------------------------------------

    def peers_changed(self) -> None:
        """Ask the successors of masters that died, the busiest groups first (P23), and soon the living masters, too."""
        busiest = sorted(self._groups.values(), key=lambda f: len(f.replica.log), reverse=True)
        self._port.in_slices(in_turn(self._port, busiest, self._ask_anew))

    def _ask_anew(self, f: Follower) -> None:
        port = self._port
        if self._groups.get(f.replica.group) is not f:
            return
        port.replicas.looks.again(f.replica.group)
        if self.is_orphan(f):
            f.tries = 0
            self.resync(f)
        else:  # does the master still know this follower? Asked soon, not of all masters at once (P14, P30)
            f.heard_at = min(f.heard_at, port.now - self._silent_s() + port.rng.uniform(0.0, ASK_SPREAD_S))
            port.replicas.looks.plan(f.replica.group, f.heard_at + self._silent_s())

    def _silent_s(self) -> float:
        return SILENT_CHECKS * self._port.settings.check_every_s

    def look(self, f: Follower) -> float:
        """Ask a master that was silent for long, and trim the log. Returns the time of the next look."""
        now, silent_s = self._port.now, self._silent_s()
        if now >= f.heard_at + silent_s:
            if f.heard_at and not f.behind:
                self.resync(f)
            f.heard_at = now
        self._port.trim(f.replica)
        return min(f.heard_at + silent_s, f.replica.log.next_trim(self._port.keep_s))

    def tick(self) -> None:
        """Ask again where entries are missing. After a start with thousands of groups on disk, most groups wait for
        slices, the busiest groups first (P23); a command or a question finds its group's master before."""
        now, behind = self._port.now, self._port.replicas.behind
        many_s = min(EACH_S * len(behind), MANY_MAX_S)
        due: list[Follower] = []
        for group in list(behind):
            f = self._groups.get(group)
            if f is None or not f.behind:
                del behind[group]
            elif now - f.asked_at >= max(min(RESYNC_S * 2**f.tries, RESYNC_MAX_S), many_s):
                due.append(f)
        for f in due[:RESYNC_AT_ONCE]:
            self.resync(f)
        if len(due) > RESYNC_AT_ONCE and not self._in_slices:
            self._in_slices = True
            rest = sorted(due[RESYNC_AT_ONCE:], key=lambda f: f.replica.at, reverse=True)
            self._port.in_slices(self._resync_late(rest))

    def _resync_late(self, due: list[Follower]) -> Iterator[None]:
        yield from in_turn(self._port, due, self._resync_still)
        self._in_slices = False

    def _resync_still(self, f: Follower) -> None:
        if self._groups.get(f.replica.group) is f and f.behind:
            self.resync(f)


def _is_prefix(replica: Replica, lineage: Lineage) -> bool:
    """Tell whether the replica's log is a prefix of a log with this lineage, as far as lineages tell (P3)."""
    ours = tuple((term, first) for term, first in replica.lineage if first <= replica.seq)
    theirs = tuple((term, first) for term, first in lineage if first <= replica.seq)
    return ours == theirs
