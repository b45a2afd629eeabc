"""A follower of a group: apply a master's log strictly in order, ask for missing entries, show the entries (P11, P16).

Theory of operation
===================

A node follows a group that another node masters, because members of the group sit on this node, or because this node
is a backup of the group (`holds`), or both. The follower judges nothing: the follower applies and shows entries.

The state of a follower is read from the fields:

    current   not behind: the copy has every entry that the master has told of
    behind    entries are missing, or may be: `resync` asks the master, and asks again until the master has answered
    orphan    the master is dead or began a new life (`is_orphan`): if this node is the successor, `resync` starts a
              recovery instead (recovery.py)
    forked    `fork` is set: the master's log does not continue the copy that people here know (P22). People go on to
              see `fork.copy`; `copy` follows the master's log out of sight, until merge.py says that all is merged

What moves a follower:

    Publish, same term, next entries     apply, show, acknowledge          becomes current
    Publish, same term, later entries    a gap: resync                     becomes behind
    Publish of a higher term             resync with this copy's lineage   becomes behind
    Continue                             take the lineage, apply           current again; a fork of this copy ends
    Replace, the log continues           `install`: take the whole copy, show the difference
    Replace, the logs have parted        `_install_fork`                   becomes forked
    Replace, this log outweighs          this node masters the group (`Merges.prevail`)
    no members here and not a backup     `_drop`: acknowledge once more, and forget the group

Invariants
    Entries are applied at copy.seq + 1 and nowhere else (P16).
    No message of a master lowers (term, seq) of the copy, unless the copy is ahead of the state (`Copy.is_ahead`).
    An acknowledgement names no event under a hold: the commands that the event caused come first (P33). Only the last
    acknowledgement, when the group is dropped, does not wait for holds.
    No append, publish or snapshot of a term below `copy.promised` changes the copy (P21).
    This edge's commands to a new master wait while the master's log is not known to continue the copy (`holds_back`).

This file writes the fields of `Follower`, with these exceptions: merge.py sets `fork`; backups.py sets `holds`,
`master` and `heard_at` when commands come; handoff.py sets `master`; recovery.py exchanges `copy` just before this node
serves; callers of `keep` set `holds`; returning.py and broken.py reset `tries` and `asked_at`, to ask at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring.ids import GroupId, Incarnation, Term
from ring.replication.copy import Copy, read_entry, restore
from ring.replication.lineage import fork_point
from ring.replication.replicas import Follower
from ring.replication.rounds import Rounds
from ring.wire.log import Entry, Lineage, RawEntry
from ring.wire.replication import Ack, Continue, Publish, Replace, Resync, StaleTerm

if TYPE_CHECKING:
    from ring.engine import Engine

RESYNC_S = 0.3
RESYNC_MAX_S = 2.0
SILENT_CHECKS = 18
"""Ask the master about a group when the master has said nothing about the group for this many checks."""

ASK_S = 3.0
"""When nodes come or go, ask the masters of all groups, spread over this many seconds."""


_Parting = tuple[str, tuple[GroupId, tuple[int, str, int], int, int]]
"""(ring key of the master, the last acknowledged position of a group that this node follows no more)"""


class Followers:
    """Keep the groups that this node follows, and the acknowledgements that this node owes to the masters."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.groups = engine.replicas.followers
        # What the next `send_acks` sends: of groups followed now, and of groups dropped in this turn (by master's key).
        self._acks: dict[GroupId, Incarnation | None] = {}
        self._parting_acks: list[_Parting] = []
        # Seqs of events that have caused commands which are not settled yet; a seq may stand here twice (P33).
        self._holds: dict[GroupId, list[int]] = {}
        self._held_partings: dict[GroupId, _Parting] = {}  # left, and not to be acknowledged before the holds end (P33)
        self._rounds = Rounds(lambda: self.groups.values())

    # Holds (P33) ----------------------------------------------------------------------------------------------------

    def hold(self, group: GroupId) -> tuple[GroupId, int] | None:
        """Do not acknowledge the event that is being applied until `release` is called with the returned hold."""
        copy = self.engine.replicas.copy(group)
        if copy is None:
            return None
        self._holds.setdefault(group, []).append(copy.seq)
        return group, copy.seq

    def release(self, hold: tuple[GroupId, int] | None) -> None:
        """End a hold, so that the event and later events may be acknowledged."""
        if hold is None:
            return
        group, seq = hold
        seqs = self._holds.get(group, [])
        if seq in seqs:
            seqs.remove(seq)
        if not seqs:
            self._holds.pop(group, None)
            parting = self._held_partings.pop(group, None)
            if parting is not None and group not in self.groups:
                self._parting_acks.append(parting)
        self.acknowledge(group)
        mastered = self.engine.replicas.masters.get(group)
        if mastered is not None:
            self.engine.masters.settle(mastered)

    def acknowledge(self, group: GroupId) -> None:
        """Have the master told at the end of the turn how far this copy is."""
        self._acks[group] = None

    def sits(self, copy: Copy) -> bool:
        """Tell whether members of the group sit on this node."""
        return self.engine.me in copy.state.subscribers

    def keeps(self, f: Follower) -> bool:
        """Tell whether this node has a part in the group: a member, the duty of a backup, or a fork not merged yet."""
        return f.holds or f.fork is not None or self.sits(f.copy) or self.engine.me.key in f.copy.members

    def held_to(self, copy: Copy) -> int:
        """Return the highest seq that this node may acknowledge: the seq before the first hold (P33)."""
        seqs = self._holds.get(copy.group) if self._holds else None
        return min(seqs) - 1 if seqs else copy.seq

    # What a master sends --------------------------------------------------------------------------------------------

    def on_publish(self, sender: Incarnation, message: Publish) -> None:
        """Apply entries of the copy's own term; ask the master first if the entries are of another term.

        An entry `Handed` to this node makes this node the master (P24). A Publish without entries is a probe: the
        follower acknowledges, or asks for the entries up to `head`.
        """
        handed = message.entries[-1].handed if message.entries else None
        if handed is not None and handed.key == self.engine.me.key:
            self.engine.handoffs.on_last_entry(sender, message)
            return
        f = self._current(sender, message.group, message.term)
        if f is None:
            return
        if message.term != f.copy.term or f.copy.is_ahead:
            f.master = sender.key
            f.doubted = f.doubted or message.term != f.copy.term
            self.resync(f)
            return
        if message.term < f.copy.promised:
            engine = self.engine
            engine.send(sender.key, StaleTerm(message.group, f.copy.promised))
            return
        f.heard_at = self.engine.now
        if f.master != sender.key and not (f.copy.log and f.copy.log[-1].handed):
            f.master = sender.key  # another node may have been named, but the sender is the master of the copy's term
        self._trust(f)
        self._apply(f, message.entries)
        if self.groups.get(message.group) is f:
            self._caught_up(f, message.head)

    def _current(self, sender: Incarnation, group: GroupId, term: Term) -> Follower | None:
        """Return the follower that a master's message concerns. None: there is none here, or the term is over.

        A master here that meets a higher term yields first (P22), or ends the hand-off to that term (P24). A node
        without a copy asks the sender for the whole copy.
        """
        engine = self.engine
        mastered = engine.replicas.masters.get(group)
        if mastered is not None:
            handed = mastered.is_handed
            if term <= mastered.copy.term and not handed:
                return None
            if term > mastered.copy.term and not engine.handoffs.concludes(mastered, term):
                engine.merges.yield_to(mastered, sender.key)
        elif engine.handoffs.holds(group) and group not in self.groups:
            return None
        f = self.groups.get(group)
        if f is None:
            if group in self._held_partings:  # the master asks for the acknowledgement that is held back
                return None
            if mastered is None or group not in engine.replicas.masters:
                engine.send(sender.key, Resync(group, (), 0))
            return None
        return f if term >= f.copy.term else None

    def on_continue(self, sender: Incarnation, message: Continue) -> None:
        """Take the master's lineage and the entries after this copy: the answer to a Resync if the logs agree."""
        f = self.groups.get(message.group)
        if f is None or not message.lineage or message.lineage[-1][0] < f.copy.term:
            return
        if message.lineage[-1][0] < f.copy.promised:
            self.engine.send(sender.key, StaleTerm(message.group, f.copy.promised))
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
        f.heard_at = self.engine.now
        self._apply(f, message.entries)
        if self.groups.get(message.group) is f:
            self._caught_up(f, message.head)
            self._told_all(f)
        self._trust(f)
        if is_new_term:
            self.engine.resend(message.group)  # the commands that were held back

    def on_replace(self, sender: Incarnation, message: Replace) -> None:
        """Take a whole copy, which a master sends to a first member, to a new backup, or where the logs do not agree.

        A copy that is not newer than the copy here only says whether this node is a backup.
        """
        group, snapshot = message.group, message.snapshot
        if not snapshot.lineage or group in self.engine.replicas.masters:
            return
        f = self.groups.get(group)
        term = snapshot.lineage[-1][0]
        if f is not None and (term, snapshot.seq) <= (f.copy.term, f.copy.seq) and not f.copy.is_ahead:
            f.holds = message.backs
            self.acknowledge(group)
            self._told_all(f)
            if term == f.copy.term:
                self._trust(f)
            if not self.keeps(f):
                self._drop(f)
            return
        copy = restore(group, self.engine.kinds[group.kind], snapshot)
        if f is not None:
            copy.promised = f.copy.promised
        if term < copy.promised:
            self.engine.send(sender.key, StaleTerm(group, copy.promised))
            return
        if f is not None and (f.fork is None or f.fork.copy is f.copy) and f.copy.outweighs(copy):
            self.engine.merges.prevail(f, copy, sender.key)
        else:
            self.install(copy, f, sender.key, message.shown, holds=message.backs)
            if (now := self.groups.get(group)) is not None:
                self._told_all(now)

    def _trust(self, f: Follower) -> None:
        """End the doubt about the master, after a word of the master: the commands held back are sent."""
        if f.doubted:
            f.doubted = False
            self.engine.resend(f.copy.group)

    def _told_all(self, f: Follower) -> None:
        """Count the group as caught up: the master has answered, and people here are shown the answer (P20)."""
        if f.fork is None:
            self.engine.catch_up.caught_up(f.copy.group)

    def install(self, copy: Copy, f: Follower | None, master: str, shown: int, *, holds: bool = False) -> None:
        """Take a whole copy in place of the former copy, and show the application what happened between the two.

        shown: the seq up to which people here know the log, if there is no former copy. Without a former copy, nothing
        is taken unless a member sits here, this node is a backup, or an entry is of a command of this node.
        """
        engine, group = self.engine, copy.group
        old = f.copy if f is not None else None
        if old is not None:
            copy.recall(old)
        if f is not None and old is not None and (f.fork is not None or self._has_parted(old, copy)):
            self._install_fork(f, old, copy, master, holds=holds)
            return
        sat, sits = old is not None and self.sits(old), self.sits(copy)
        since = shown if old is None else old.seq
        tail = [e for e in copy.log if e.seq > since]
        if f is None:
            if not sits and not holds and not any(e.origin == engine.me for e in tail):
                return
            f = self.groups[group] = Follower(copy, master)
        if sat and copy.seq > since:
            engine.app.interrupted(group, parted=False)
        f.copy, f.master, f.behind, f.doubted, f.tries, f.holds = copy, master, False, False, 0, holds
        self.engine.journal.adopt(copy)
        self.acknowledge(group)
        if not sat and (sits or not holds):
            engine.people.arrive(copy, tail)
        elif old is not None and sat:
            first = tail[0].seq if tail else copy.seq + 1
            lost = max(0, first - since - 1) + sum(e.side.lost for e in tail if e.side is not None)
            new = [e for e in tail if e.event is not None and e.side is None]
            missed = [(e.event, copy.event_id_of(e)) for e in new if not engine.people.was_shown(group, e)]
            engine.app.replaced(group, old.state, copy.state, missed, lost)
        self._complete(copy)
        if not self.keeps(f):
            self._drop(f)
        elif sat and not sits:
            engine.people.leave(copy)
        if old is not None and master != engine.me.key:  # else the group is about to be served here
            engine.resend(group)  # the commands that were held back

    def _complete(self, copy: Copy) -> None:
        """Answer the commands of this node that have an outcome in the copy."""
        engine, group = self.engine, copy.group
        accepted = copy.client_logs.get(engine.me)
        for number, (seq, at, outcome) in sorted(accepted.outcomes.items()) if accepted is not None else ():
            engine.complete(group, number, outcome, copy.event_id(seq, at))
        engine.unpark_answers(group, copy.seq)

    # Forks (P22) ----------------------------------------------------------------------------------------------------

    def _has_parted(self, old: Copy, copy: Copy) -> bool:
        return fork_point(old.lineage, old.seq, copy.lineage, copy.seq) < old.seq

    def _install_fork(self, f: Follower, old: Copy, copy: Copy, master: str, *, holds: bool) -> None:
        """Follow a copy that does not continue the copy here; people are shown the new copy once the old is merged."""
        self.engine.merges.parted(f, old)
        f.copy, f.master, f.behind, f.doubted, f.tries, f.holds = copy, master, False, False, 0, holds
        self.engine.journal.adopt(copy)
        self.acknowledge(copy.group)
        if self.engine.merges.is_settled(f):
            self.reveal(f)
        self._complete(copy)

    def reveal(self, f: Follower) -> None:
        """Show people here how the master's copy differs from the copy that people knew, and end the fork."""
        assert f.fork is not None
        engine, copy, old = self.engine, f.copy, f.fork.copy
        engine.people.interrupt(old)
        f.fork = None
        engine.resend(copy.group)  # the commands that the fork held back
        left = engine.people.reveal(old, copy)
        self._told_all(f)
        if not self.keeps(f):
            self._drop(f)
        elif left:
            engine.people.leave(copy)

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
            if self.groups.get(f.copy.group) is not f:
                return

    def _advance(self, f: Follower, entry: Entry) -> None:
        """Apply one entry, show the entry to people here, and drop the group if this node has no part any more."""
        copy, engine = f.copy, self.engine
        change = engine.people.advance(copy, entry, unseen=f.fork is not None)
        self._read_change(f, entry)
        engine.people.show(copy, entry, change)
        if copy.group in (s := engine.submits.queues) and s[copy.group].parked:
            engine.unpark_answers(copy.group, copy.seq)
        if f.fork is not None:
            if engine.merges.is_settled(f):
                self.reveal(f)
        elif (change.moved or entry.members is not None) and not self.keeps(f):
            self._drop(f)
        elif change.sat and not change.sits:
            engine.people.leave(copy)

    def _read_change(self, f: Follower, entry: Entry) -> None:
        """Follow a change that an applied entry brings: a new master after a hand-off, or new backups."""
        if entry.handed is not None and entry.seq >= f.copy.lineage[-1][1]:  # else a later term has begun since
            f.master = entry.handed.key
        if entry.members is not None:
            me = self.engine.me.key
            f.holds = me in entry.members or me in f.copy.coming

    def _caught_up(self, f: Follower, head: int) -> None:
        """Acknowledge if the copy has all entries up to the master's head, or ask for the missing entries."""
        if head > f.copy.seq:
            self.resync(f)
        else:
            f.behind = f.copy.is_cold = False
            f.tries = 0
            self.acknowledge(f.copy.group)

    def _drop(self, f: Follower) -> None:
        """Forget the group: no member sits here, and no master wants this node as a backup."""
        group = f.copy.group
        parting = f.master, (group, f.copy.term, f.copy.seq, f.copy.head)
        if group in self._holds:
            self._held_partings[group] = parting
        else:
            self._parting_acks.append(parting)
        del self.groups[group]
        self.engine.journal.forget(group)
        self.engine.catch_up.caught_up(group)
        self._acks.pop(group, None)
        self.engine.people.leave(f.copy)

    def abandon(self, group: GroupId) -> None:
        """Forget the group without a word to the master: a mistake of the program has stopped the group here (P43)."""
        self.engine.catch_up.caught_up(group)
        self.groups.pop(group, None)
        self._acks.pop(group, None)
        self._holds.pop(group, None)
        self._held_partings.pop(group, None)

    def take_over_copy(self, copy: Copy) -> None:
        """Follow a group that this node mastered until now, if members sit here or this node stays a backup.

        Commands that were not committed are dropped: no origin has an answer, and the origins send them again (P22).
        """
        copy.drop_pending()
        f = Follower(copy, copy.term.key)
        if self.keeps(f):
            self.groups[copy.group] = f
            self.engine.journal.adopt(copy)
        else:
            self.engine.journal.forget(copy.group)

    def keep(self, copy: Copy, master: str) -> Follower:
        """Keep a copy without a known master, pending commands included: this node mastered the group until now, or
        has read the copy from disk or from another node. The tick asks the master that is named."""
        f = self.groups[copy.group] = Follower(copy, master)
        f.behind = True
        self.engine.journal.adopt(copy)
        return f

    # Masters that are gone ------------------------------------------------------------------------------------------

    def is_orphan(self, f: Follower) -> bool:
        """Tell whether the copy's master is dead or gone, has begun a new life, or has stopped the group (P43)."""
        peers, term = self.engine.peers, f.copy.term
        if not peers.is_alive(f.master) or f.master in peers.unfit_for(f.copy.group):
            return True
        return f.master == term.key and not peers.is_current(Incarnation(term.key, term.incarnation))

    def holds_back(self, group: GroupId, target: str) -> bool:
        """Tell whether this edge's commands wait until the copy here and the log of the master `target` agree.

        After a partition the copy may have lines of people here that a new master lacks. The next commands of these
        people are sent once the master's log is known to continue the copy, or to have taken the copy in: sent earlier,
        the commands would come before the earlier lines (P25).
        """
        f = self.groups.get(group)
        if f is not None and f.fork is not None:
            return True
        if target == self.engine.me.key:
            return False
        if group in self.engine.owed.copies:
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
        if sender == f.master or (f.behind and master != self.engine.me.key):
            f.master = master
            # A node may master the group again after another node did, under a later term and with another log.
            f.doubted = f.doubted or master != f.copy.term.key
            self.resync(f)

    def resync(self, f: Follower) -> None:
        """Ask the master for missing entries, or start a recovery if this node is to serve; the tick asks again."""
        now = self.engine.now
        if f.behind and now - f.asked_at < 0.05:
            return
        if f.copy.is_cold and not self.engine.has_met:
            return  # a node that does not know the network yet would think itself alone, and serve an old copy (P14)
        f.behind = True
        f.asked_at = now
        f.tries = min(f.tries + 1, 8)
        group = f.copy.group
        target = self.engine.target(group)
        if target == self.engine.me.key:
            if f.master == self.engine.me.key or self.is_orphan(f):
                self.engine.recoveries.find(group)
            return
        whole = f.copy.is_ahead  # entries after the last position would not repair such a copy
        self.engine.send(target, Resync(group, () if whole else f.copy.lineage, 0 if whole else f.copy.seq))

    def peers_changed(self) -> None:
        """Ask the successors of masters that died, the busiest groups first, and soon the living masters, too."""
        for f in sorted(self.groups.values(), key=lambda f: len(f.copy.log), reverse=True):  # the busiest first (P23)
            if self.is_orphan(f):
                f.tries = 0
                self.resync(f)
            else:  # does the master still know this follower? Asked soon, not of all masters at once (P14, P30)
                f.heard_at = min(f.heard_at, self.engine.now - self._silent_s() + self.engine.rng.uniform(0.0, ASK_S))

    def _silent_s(self) -> float:
        return SILENT_CHECKS * self.engine.settings.check_every_s

    def tick(self) -> None:
        """Ask again where entries are missing, ask silent masters after a long time, and trim logs."""
        now, silent_s = self.engine.now, self._silent_s()
        for f in list(self.groups.values()):
            if f.behind and now - f.asked_at >= min(RESYNC_S * 2**f.tries, RESYNC_MAX_S):
                self.resync(f)
            elif now - f.heard_at > silent_s:
                if f.heard_at:
                    self.resync(f)
                f.heard_at = now
        for f in self._rounds.some(now):
            self.engine.trim(f.copy)

    def send_acks(self) -> None:
        """Send one cumulative acknowledgement per link and turn, over all groups (P33)."""
        if not self._acks and not self._parting_acks:
            return
        out: dict[str, list[tuple[GroupId, tuple[int, str, int], int, int]]] = {}
        for group in self._acks:
            f = self.groups.get(group)
            if f is not None:
                held = self.engine.journal.held_to(f.copy)
                out.setdefault(f.master, []).append((group, f.copy.term, self.held_to(f.copy), held))
        for master, position in self._parting_acks:
            out.setdefault(master, []).append(position)
        self._acks.clear()
        self._parting_acks.clear()
        for master, positions in out.items():
            if master != self.engine.me.key:
                self.engine.send(master, Ack(positions))  # type: ignore[arg-type]


def _is_prefix(copy: Copy, lineage: Lineage) -> bool:
    """Tell whether the copy's log is a prefix of a log with this lineage, as far as lineages tell (P3)."""
    ours = tuple((term, first) for term, first in copy.lineage if first <= copy.seq)
    theirs = tuple((term, first) for term, first in lineage if first <= copy.seq)
    return ours == theirs
