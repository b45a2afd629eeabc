"""A follower of a group: apply a master's log strictly in order, ask for missing entries, show the entries (P11, P16).

Theory of operation
===================

A node follows a group that another node masters, because members of the group sit on this node, or because this node
is a backup of the group (`holds`), or both. The follower judges nothing: the follower applies and shows entries.

The state of a follower is read from the fields:

    current   not behind: the copy has every entry that the master has told of
    behind    entries are missing, or may be: `resync` asks the master, and asks again until the master has answered
    orphan    the master is dead or began a new life (`is_orphan`): if this node is the successor, `resync` starts a
              recovery instead
    forked    `fork` is set: the master's log does not continue the copy that people here know (P22). People go on to
              see `fork.copy`; `copy` follows the master's log out of sight, until all is merged (forks.py)

What moves a follower:

    Publish, same term, next entries     apply, show, acknowledge          becomes current
    Publish, same term, later entries    a gap: resync                     becomes behind
    Publish of a higher term             resync with this copy's lineage   becomes behind
    Append, same term                    keep the commands, acknowledge
    Continue                             take the lineage, apply           current again; a fork of this copy ends
    Replace, the log continues           take the whole copy, show the difference (followed.py)
    Replace, the logs have parted        becomes forked (followed.py)
    Replace, this log outweighs          this node masters the group (`Roles.prevail`)
    no members here and not a backup     acknowledge once more, and forget the group (`FollowedCopies.drop`)

The role of the follower is cut by theme. Each file uses only files named before it:

    acks.py       what this node acknowledges, and what is held back
    followed.py   which copy this node follows
    forks.py      copies of this node that the master has to take in
    follower.py   this file: what a master sends

Invariants
    Entries are applied at copy.seq + 1 and nowhere else (P16).
    No message of a master lowers (term, seq) of the copy, unless the copy is ahead of the state (`Copy.is_ahead`).
    No append, publish or snapshot of a term below `copy.promised` changes the copy (P21).
    This edge's commands to a new master wait while the master's log is not known to continue the copy (`holds_back`).

These four files write the fields of `Follower`, with these exceptions: roles.py sets `master` after a hand-off, and
exchanges `copy` just before this node serves; callers of `keep` set `holds`; returning.py and broken.py reset `tries`
and `asked_at`, to ask at once.
"""

from __future__ import annotations

from ring.durations import ASK_SPREAD_S, RESYNC_MAX_S, RESYNC_S
from ring.ids import GroupId, Incarnation
from ring.replication.acks import Acks
from ring.replication.copy import Copy
from ring.replication.followed import FollowedCopies
from ring.replication.owed import OwedForks
from ring.replication.people import People
from ring.replication.raw import read_command, read_entry
from ring.replication.replicas import Follower
from ring.replication.restore import restore
from ring.replication.returning import CatchUp
from ring.replication.role_port import RolePort
from ring.replication.rounds import Rounds
from ring.replication.shared import outweighs
from ring.wire.log import Entry, Lineage, RawEntry
from ring.wire.replication import Append, Continue, Publish, Replace, Resync, StaleTerm

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
        followed: FollowedCopies,
    ) -> None:
        self._port = port
        self._people = people
        self._owed = owed
        self._acks = acks
        self._catch_up = catch_up
        self._followed = followed
        self._groups = port.replicas.followers
        self._rounds = Rounds(lambda: self._groups.values())

    # What a master sends --------------------------------------------------------------------------------------------

    def publish(self, f: Follower, sender: Incarnation, message: Publish) -> None:
        """Apply entries of the copy's own term; ask the master first if the entries are of another term.

        A Publish without entries is a probe: the follower acknowledges, or asks for the entries up to `head`.
        """
        if message.term < f.copy.term:
            return
        if message.term != f.copy.term or f.copy.is_ahead:
            f.master = sender.key
            f.doubted = f.doubted or message.term != f.copy.term
            self.resync(f)
            return
        if message.term < f.copy.promised:
            self._port.send(sender.key, StaleTerm(message.group, f.copy.promised))
            return
        f.heard_at = self._port.now
        if f.master != sender.key and not (f.copy.log and f.copy.log[-1].handed):
            f.master = sender.key  # another node may have been named, but the sender is the master of the copy's term
        self._trust(f)
        self._apply(f, message.entries)
        if self._groups.get(message.group) is f:
            self._caught_up(f, message.head)

    def append(self, f: Follower, sender: Incarnation, message: Append) -> None:
        """Keep the commands of a master whose term this node may listen to, and acknowledge (P12, P21).

        A copy of another term, or ahead of the state, cannot take the commands: the backup asks for the log first.
        """
        if message.term < max(f.copy.promised, f.copy.term):
            self._port.send(sender.key, StaleTerm(message.group, max(f.copy.promised, f.copy.term)))
            return
        f.holds, f.heard_at = True, self._port.now
        if message.term != f.copy.term or f.copy.is_ahead:
            f.master = sender.key
            self.resync(f)
            return
        f.copy.hold(read_command(f.copy.kind, command) for command in message.commands)
        self._acks.acknowledge(message.group)

    def on_continue(self, sender: Incarnation, message: Continue) -> None:
        """Take the master's lineage and the entries after this copy: the answer to a Resync if the logs agree."""
        f = self._groups.get(message.group)
        if f is None or not message.lineage or message.lineage[-1][0] < f.copy.term:
            return
        if message.lineage[-1][0] < f.copy.promised:
            self._port.send(sender.key, StaleTerm(message.group, f.copy.promised))
            return
        gap = message.entries and message.entries[0].seq > f.copy.seq + 1
        if gap or f.copy.is_ahead or not _is_prefix(f.copy, message.lineage):
            self.resync(f)
            return
        is_new_term = f.copy.lineage != message.lineage
        if is_new_term:
            f.copy.drop_pending()  # the master of the new term sends again the commands that count
        if f.fork is not None and f.fork.copy is f.copy:
            f.fork = None  # the log has not forked after all
        f.copy.follow_lineage(message.lineage)
        f.master = sender.key
        f.tries = 0
        f.heard_at = self._port.now
        self._apply(f, message.entries)
        if self._groups.get(message.group) is f:
            self._caught_up(f, message.head)
            self._told_all(f)
        self._trust(f)
        if is_new_term:
            self._port.resend(message.group)  # the commands that were held back

    def on_replace(self, sender: Incarnation, message: Replace) -> None:
        """Take a whole copy, which a master sends to a first member, to a new backup, or where the logs do not agree.

        A copy that is not newer than the copy here only says whether this node is a backup.
        """
        port, group, snapshot = self._port, message.group, message.snapshot
        if not snapshot.lineage or group in port.replicas.masters:
            return
        f = self._groups.get(group)
        term = snapshot.lineage[-1][0]
        if f is not None and (term, snapshot.seq) <= (f.copy.term, f.copy.seq) and not f.copy.is_ahead:
            f.holds = message.backs
            self._acks.acknowledge(group)
            self._told_all(f)
            if term == f.copy.term:
                self._trust(f)
            if not self._followed.keeps(f):
                self._followed.drop(f)
            return
        copy = restore(group, port.kinds[group.kind], snapshot)
        if f is not None:
            copy.promised = f.copy.promised
        if term < copy.promised:
            port.send(sender.key, StaleTerm(group, copy.promised))
            return
        if f is not None and (f.fork is None or f.fork.copy is f.copy) and outweighs(f.copy, copy):
            port.prevail(f, copy, sender.key)
            return
        self._followed.install(copy, f, sender.key, message.shown, holds=message.backs)
        if (now := self._groups.get(group)) is not None:
            self._told_all(now)

    def _trust(self, f: Follower) -> None:
        """End the doubt about the master, after a word of the master: the commands held back are sent."""
        if f.doubted:
            f.doubted = False
            self._port.resend(f.copy.group)

    def _told_all(self, f: Follower) -> None:
        """Count the group as caught up: the master has answered, and people here are shown the answer (P20)."""
        if f.fork is None:
            self._catch_up.caught_up(f.copy.group)

    # Apply ----------------------------------------------------------------------------------------------------------

    def _apply(self, f: Follower, entries: list[RawEntry]) -> None:
        """Apply the entries that come next, pass over entries that are here, and ask for the log at a gap."""
        kind = f.copy.kind
        for entry in entries:
            if entry.seq <= f.copy.seq:
                continue
            if entry.seq > f.copy.seq + 1:
                self.resync(f)
                return
            self._advance(f, read_entry(kind, entry))
            if self._groups.get(f.copy.group) is not f:
                return

    def _advance(self, f: Follower, entry: Entry) -> None:
        """Apply one entry, show the entry to people here, and drop the group if this node has no part any more."""
        copy, port = f.copy, self._port
        change = self._people.advance(copy, entry, unseen=f.fork is not None)
        self._read_change(f, entry)
        self._people.show(copy, entry, change)
        if copy.group in (s := port.submits.queues) and s[copy.group].parked:
            port.unpark_answers(copy.group, copy.seq)
        if f.fork is not None:
            if self._followed.is_merged(f):
                self._followed.reveal(f)
        elif (change.moved or entry.members is not None) and not self._followed.keeps(f):
            self._followed.drop(f)
        elif change.sat and not change.sits:
            self._people.leave(copy)

    def _read_change(self, f: Follower, entry: Entry) -> None:
        """Follow a change that an applied entry brings: a new master after a hand-off, or new backups."""
        if entry.handed is not None and entry.seq >= f.copy.lineage[-1][1]:  # else a later term has begun since
            f.master = entry.handed.key
        if entry.members is not None:
            me = self._port.me.key
            f.holds = me in entry.members or me in f.copy.coming

    def _caught_up(self, f: Follower, head: int) -> None:
        """Acknowledge if the copy has all entries up to the master's head, or ask for the missing entries."""
        if head > f.copy.seq:
            self.resync(f)
        else:
            f.behind = f.copy.is_cold = False
            f.tries = 0
            self._acks.acknowledge(f.copy.group)

    # Who is the master ----------------------------------------------------------------------------------------------

    def is_orphan(self, f: Follower) -> bool:
        """Tell whether the copy's master is dead or gone, has begun a new life, or has stopped the group (P43)."""
        peers, term = self._port.peers, f.copy.term
        if not peers.is_alive(f.master) or f.master in peers.unfit_for(f.copy.group):
            return True
        return f.master == term.key and not peers.is_current(Incarnation(term.key, term.incarnation))

    def holds_back(self, group: GroupId, target: str) -> bool:
        """Tell whether this edge's commands wait until the copy here and the log of the master `target` agree.

        After a partition the copy may have lines of people here that a new master lacks. The next commands of these
        people are sent once the master's log is known to continue the copy, or to have taken the copy in: sent earlier,
        the commands would come before the earlier lines (P25).
        """
        f = self._groups.get(group)
        if f is not None and f.fork is not None:
            return True
        if target == self._port.me.key:
            return False
        if group in self._owed.copies:
            return True  # an earlier term of this node has given people here answers that the master still lacks
        if f is None or (target == f.copy.term.key and not f.doubted):
            return False
        handed = f.copy.log[-1].handed if f.copy.log else None
        return handed is None or handed.key != target  # after a hand-off the new master has the whole log

    def redirect(self, f: Follower, master: str, sender: str = "") -> None:
        """Follow the master that `sender` names, if the sender may be believed, and ask the new master.

        Believe a master that claims to have given the group up, even if the master names this node: that master has
        forgotten the group, and the copy is here. Believe any other node only while this copy is behind, and only if
        the node does not name this node.
        """
        if sender == f.master or (f.behind and master != self._port.me.key):
            f.master = master
            # A node may master the group again after another node did, under a later term and with another log.
            f.doubted = f.doubted or master != f.copy.term.key
            self.resync(f)

    def resync(self, f: Follower) -> None:
        """Ask the master for missing entries, or start a recovery if this node is to serve; the tick asks again."""
        port, now = self._port, self._port.now
        if f.behind and now - f.asked_at < 0.05:
            return
        if f.copy.is_cold and not port.has_met:
            return  # a node that does not know the network yet would think itself alone, and serve an old copy (P14)
        f.behind = True
        f.asked_at = now
        f.tries = min(f.tries + 1, 8)
        group = f.copy.group
        target = port.target(group)
        if target == port.me.key:
            if f.master == port.me.key or self.is_orphan(f):
                port.find(group)
            return
        whole = f.copy.is_ahead  # entries after the last position would not repair such a copy
        port.send(target, Resync(group, () if whole else f.copy.lineage, 0 if whole else f.copy.seq))

    # Timers ---------------------------------------------------------------------------------------------------------

    def peers_changed(self) -> None:
        """Ask the successors of masters that died, the busiest groups first, and soon the living masters, too."""
        port = self._port
        for f in sorted(self._groups.values(), key=lambda f: len(f.copy.log), reverse=True):  # the busiest first (P23)
            if self.is_orphan(f):
                f.tries = 0
                self.resync(f)
            else:  # does the master still know this follower? Asked soon, not of all masters at once (P14, P30)
                f.heard_at = min(f.heard_at, port.now - self._silent_s() + port.rng.uniform(0.0, ASK_SPREAD_S))

    def _silent_s(self) -> float:
        return SILENT_CHECKS * self._port.settings.check_every_s

    def tick(self) -> None:
        """Ask again where entries are missing, ask silent masters after a long time, and trim logs."""
        now, silent_s = self._port.now, self._silent_s()
        for f in list(self._groups.values()):
            if f.behind and now - f.asked_at >= min(RESYNC_S * 2**f.tries, RESYNC_MAX_S):
                self.resync(f)
            elif now - f.heard_at > silent_s:
                if f.heard_at:
                    self.resync(f)
                f.heard_at = now
        for f in self._rounds.some(now):
            self._port.trim(f.copy)


def _is_prefix(copy: Copy, lineage: Lineage) -> bool:
    """Tell whether the copy's log is a prefix of a log with this lineage, as far as lineages tell (P3)."""
    ours = tuple((term, first) for term, first in copy.lineage if first <= copy.seq)
    theirs = tuple((term, first) for term, first in lineage if first <= copy.seq)
    return ours == theirs
