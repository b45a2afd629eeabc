"""The follower's side: apply a master's log strictly in order, ask for what is missing, show it (P11, P16)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring.ids import GroupId, Incarnation, Term
from ring.replication.copy import Copy, read_entry, restore
from ring.replication.lineage import fork_point
from ring.replication.merge import Fork
from ring.replication.rounds import Rounds
from ring.wire.log import Entry, Lineage, RawEntry
from ring.wire.messages import Ack, Continue, Publish, Replace, Resync, StaleTerm

if TYPE_CHECKING:
    from ring.engine import Engine

RESYNC_S = 0.3
RESYNC_MAX_S = 2.0
SILENT_CHECKS = 18
"""A group of which nothing was heard for so many checks is asked after."""

ASK_S = 3.0
"""When nodes come or go, all are asked after, spread over so long."""


class Follower:
    """A group mastered elsewhere: members sit on this node, or it holds the group for its master (P12)."""

    __slots__ = ("asked_at", "behind", "copy", "doubted", "fork", "heard_at", "holds", "master", "tries")

    def __init__(self, copy: Copy, master: str) -> None:
        self.copy = copy
        self.master = master  # ring key
        self.holds = False  # the master has asked for it
        self.fork: Fork | None = None  # a copy that the master's does not continue, until that has taken it in
        self.doubted = False  # another master than that of the copy's term was named: that term may be over
        self.behind = False  # something is missing: ask until it is there
        self.asked_at = 0.0
        self.heard_at = 0.0  # the master's last word
        self.tries = 0

    @property
    def shown(self) -> Copy:
        """What the people here know of the group."""
        return self.fork.copy if self.fork is not None else self.copy


class Followers:
    """The groups that this node follows, and what it owes their masters by way of acknowledgement."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.groups: dict[GroupId, Follower] = {}
        self._acks: dict[GroupId, Incarnation | None] = {}
        self._parting_acks: list[tuple[str, tuple[GroupId, tuple[int, str, int], int, int]]] = []
        self._holds: dict[GroupId, list[int]] = {}
        self._rounds = Rounds(lambda: self.groups.values())

    # Holds (P33) ----------------------------------------------------------------------------------------------------

    def hold(self, group: GroupId) -> tuple[GroupId, int] | None:
        """Do not acknowledge the event being applied until `release`."""
        mastered = self.engine.masters.groups.get(group)
        followed = self.groups.get(group)
        copy = mastered.copy if mastered is not None else followed.copy if followed is not None else None
        if copy is None:
            return None
        self._holds.setdefault(group, []).append(copy.seq)
        return group, copy.seq

    def release(self, hold: tuple[GroupId, int] | None) -> None:
        if hold is None:
            return
        group, seq = hold
        seqs = self._holds.get(group, [])
        if seq in seqs:
            seqs.remove(seq)
        if not seqs:
            self._holds.pop(group, None)
        self.acknowledge(group)
        mastered = self.engine.masters.groups.get(group)
        if mastered is not None:
            self.engine.masters.settle(mastered)

    def acknowledge(self, group: GroupId) -> None:
        """Tell the master at the end of the turn how far this copy is."""
        self._acks[group] = None

    def sits(self, copy: Copy) -> bool:
        """Whether members of the group are here."""
        return self.engine.me in copy.state.subscribers

    def keeps(self, f: Follower) -> bool:
        """Whether this node has a part in the group: members, or the master's word that it holds it."""
        return f.holds or f.fork is not None or self.sits(f.copy) or self.engine.me.key in f.copy.members

    def held_to(self, copy: Copy) -> int:
        """The highest seq that this node may acknowledge."""
        seqs = self._holds.get(copy.group) if self._holds else None
        return min(seqs) - 1 if seqs else copy.seq

    # What a master sends --------------------------------------------------------------------------------------------

    def on_publish(self, sender: Incarnation, message: Publish) -> None:
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
            f.master = sender.key  # whoever was named meanwhile: this is the master of the copy's term
        self._trust(f)
        self._apply(f, message.entries)
        if self.groups.get(message.group) is f:
            self._caught_up(f, message.head)

    def _current(self, sender: Incarnation, group: GroupId, term: Term) -> Follower | None:
        """The copy that this master's word concerns; None if there is none, or it speaks for a term that is over."""
        engine = self.engine
        mastered = engine.masters.groups.get(group)
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
            if mastered is None or group not in engine.masters.groups:
                engine.send(sender.key, Resync(group, (), 0))
            return None
        return f if term >= f.copy.term else None

    def on_continue(self, sender: Incarnation, message: Continue) -> None:
        f = self.groups.get(message.group)
        if f is None or not message.lineage or message.lineage[-1][0] < f.copy.term:
            return
        gap = message.entries and message.entries[0].seq > f.copy.seq + 1
        if gap or f.copy.is_ahead or not _is_prefix(f.copy, message.lineage):
            self.resync(f)
            return
        is_new_term = f.copy.lineage != message.lineage
        if is_new_term:
            f.copy.drop_pending()  # a new term: what it has accepted, it sends
        if f.fork is not None and f.fork.copy is f.copy:
            f.fork = None  # it has not forked after all
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
            self.engine.resend(message.group)  # what was held back

    def on_replace(self, sender: Incarnation, message: Replace) -> None:
        group, snapshot = message.group, message.snapshot
        if not snapshot.lineage or group in self.engine.masters.groups:
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
        """The master's own word: the master still serves, or has just said what continues the copy."""
        if f.doubted:
            f.doubted = False
            self.engine.resend(f.copy.group)  # what was held back

    def _told_all(self, f: Follower) -> None:
        """The master has answered what this copy lacked, and people here are shown that (P20)."""
        if f.fork is None:
            self.engine.catch_up.caught_up(f.copy.group)

    def install(self, copy: Copy, f: Follower | None, master: str, shown: int, *, holds: bool = False) -> None:
        """Take a whole copy in place of what there was, and show the host what happened in between."""
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
            self._show_arrival(f, tail)
        elif old is not None and sat:
            first = tail[0].seq if tail else copy.seq + 1
            lost = max(0, first - since - 1) + sum(e.side.lost for e in tail if e.side is not None)
            new = [e for e in tail if e.event is not None and e.side is None]
            missed = [(e.event, copy.event_id_of(e)) for e in new if not engine.merges.was_shown(group, e)]
            engine.app.replaced(group, old.state, copy.state, missed, lost)
        self._complete(copy)
        if not self.keeps(f):
            self._drop(f)
        elif sat and not sits:
            engine.merges.unseen(copy)
        if old is not None and master != engine.me.key:  # else the group is about to be served here
            engine.resend(group)  # what was held back

    def _show_arrival(self, f: Follower, tail: list[Entry]) -> None:
        """The host has not seen the group before. Our own commands, and what was said since the first of them are
        shown: the rest shows in the state that came along."""
        copy, app = f.copy, self.engine.app
        app.replaced(copy.group, None, copy.state, [], 0)
        arrived = False
        for entry in tail:
            mine = entry.origin == self.engine.me and entry.original_id is None
            if mine or (arrived and entry.event is not None and copy.state.is_message(entry.event)):
                self._show(f, entry)
            arrived = arrived or mine
        app.replaced(copy.group, copy.state, copy.state, [], 0)  # whom no command here has brought

    def _complete(self, copy: Copy) -> None:
        """Commands of ours that the copy has the answers to."""
        engine, group = self.engine, copy.group
        accepted = copy.client_logs.get(engine.me)
        for number, (seq, at, outcome) in sorted(accepted.outcomes.items()) if accepted is not None else ():
            engine.complete(group, number, outcome, copy.event_id(seq, at))
        engine.unpark_answers(group, copy.seq)

    # Forks (P22) ----------------------------------------------------------------------------------------------------

    def _has_parted(self, old: Copy, copy: Copy) -> bool:
        return fork_point(old.lineage, old.seq, copy.lineage, copy.seq) < old.seq

    def _install_fork(self, f: Follower, old: Copy, copy: Copy, master: str, *, holds: bool) -> None:
        """What was here is no prefix of it: followed from now on, and shown once all that was here is in it."""
        self.engine.merges.parted(f, old)
        f.copy, f.master, f.behind, f.doubted, f.tries, f.holds = copy, master, False, False, 0, holds
        self.engine.journal.adopt(copy)
        self.acknowledge(copy.group)
        if self.engine.merges.is_settled(f):
            self.reveal(f)
        self._complete(copy)

    def reveal(self, f: Follower) -> None:
        """The people here are shown how the copy differs from what they know."""
        assert f.fork is not None
        engine, copy, old = self.engine, f.copy, f.fork.copy
        sat, sits = self.sits(old), self.sits(copy)
        if sat and old is not copy:
            engine.app.interrupted(copy.group, parted=True)
        f.fork = None
        if old is copy:
            self._told_all(f)
            return
        engine.resend(copy.group)  # what was said meanwhile
        since = fork_point(old.lineage, old.seq, copy.lineage, copy.seq)
        knows = old.knows(since)
        tail = [e for e in copy.log if e.seq > since]
        if sat:
            new = [e for e in tail if e.event is not None and not knows(e)]
            missed = [(e.event, copy.event_id_of(e)) for e in new if not engine.merges.was_shown(copy.group, e)]
            engine.merges.remember_shown(old, copy, since)
            engine.app.replaced(copy.group, old.state, copy.state, missed, copy.trimmed(since))
        elif sits:
            self._show_arrival(f, tail)
        self._told_all(f)
        if not self.keeps(f):
            self._drop(f)
        elif sat and not sits:
            engine.merges.unseen(copy)

    # Apply ----------------------------------------------------------------------------------------------------------

    def _apply(self, f: Follower, entries: list[RawEntry]) -> None:
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
        copy, engine = f.copy, self.engine
        if f.fork is not None:
            self._advance_unseen(f, entry)
            return
        sat = self.sits(copy)
        if sat and entry.original_id is not None:
            engine.app.interrupted(copy.group, parted=True)
        before = copy.state_before(entry) if sat else None
        moved = copy.advance(entry)
        if before is not None:
            engine.app.replaced(copy.group, before, copy.state, [], entry.side.lost if entry.side is not None else 0)
        if entry.handed is not None and entry.seq >= copy.lineage[-1][1]:  # else another has served since
            f.master = entry.handed.key
        if entry.members is not None:
            f.holds = engine.me.key in entry.members or engine.me.key in copy.coming
        sits = self.sits(copy) if moved else sat
        if sits and not sat and entry.side is not None:
            self._show_arrival(f, [])
        elif sits and not sat:  # the first member here: the host has not seen this group before
            engine.app.replaced(copy.group, None, copy.state, [], 0)
        self._show(f, entry, seen=(sat or sits) and entry.side is None)
        if copy.group in (s := engine.submits.queues) and s[copy.group].parked:
            engine.unpark_answers(copy.group, copy.seq)
        if (moved or entry.members is not None) and not self.keeps(f):
            self._drop(f)
        elif sat and not sits:
            engine.merges.unseen(copy)

    def _advance_unseen(self, f: Follower, entry: Entry) -> None:
        copy, engine = f.copy, self.engine
        copy.advance(entry)
        if entry.handed is not None and entry.seq >= copy.lineage[-1][1]:
            f.master = entry.handed.key
        if entry.members is not None:
            f.holds = engine.me.key in entry.members or engine.me.key in copy.coming
        if entry.origin == engine.me and entry.original_id is None:
            engine.complete(copy.group, entry.number, entry.outcome, copy.event_id_of(entry))
        engine.unpark_answers(copy.group, copy.seq)
        if engine.merges.is_settled(f):
            self.reveal(f)

    def _show(self, f: Follower, entry: Entry, *, seen: bool = True) -> None:
        engine, copy = self.engine, f.copy
        mine = entry.origin == engine.me and entry.original_id is None
        event_id = copy.event_id_of(entry)
        if entry.event is not None and seen and not engine.merges.was_shown(copy.group, entry):
            token: object = None
            if mine:
                stream = engine.submits.queues.get(copy.group)
                for pending in stream.pending if stream is not None else ():
                    if pending.number == entry.number:
                        token = pending.token
                        break
            engine.app.applied(copy.group, copy.state, entry.event, event_id, token)
        if mine:
            engine.complete(copy.group, entry.number, entry.outcome, event_id)

    def _caught_up(self, f: Follower, head: int) -> None:
        if head > f.copy.seq:
            self.resync(f)
        else:
            f.behind = f.copy.is_cold = False
            f.tries = 0
            self.acknowledge(f.copy.group)

    def _drop(self, f: Follower) -> None:
        """No member here, and nobody who wants this node to hold it: nothing more to follow."""
        group = f.copy.group
        self._parting_acks.append((f.master, (group, f.copy.term, f.copy.seq, f.copy.head)))
        del self.groups[group]
        self.engine.journal.forget(group)
        self.engine.catch_up.caught_up(group)
        self._acks.pop(group, None)
        self._holds.pop(group, None)
        self.engine.merges.unseen(f.copy)

    def abandon(self, group: GroupId) -> None:
        """A mistake of the program has stopped the group here."""
        self.engine.catch_up.caught_up(group)
        self.groups.pop(group, None)
        self._acks.pop(group, None)
        self._holds.pop(group, None)

    def take_over_copy(self, copy: Copy) -> None:
        """A copy that this node mastered until now: follow on, if members sit here or it is to hold the group on.

        What it had not committed is dropped: nobody was told of it, and its edges send it again (P22).
        """
        copy.drop_pending()
        f = Follower(copy, copy.term.key)
        if self.keeps(f):
            self.groups[copy.group] = f
            self.engine.journal.adopt(copy)
        else:
            self.engine.journal.forget(copy.group)

    def keep(self, copy: Copy, master: str) -> Follower:
        """A copy that this node mastered until now, with all that was accepted, until it has found out who does."""
        f = self.groups[copy.group] = Follower(copy, master)
        f.behind = True
        self.engine.journal.adopt(copy)
        return f

    # Masters that are gone ------------------------------------------------------------------------------------------

    def is_orphan(self, f: Follower) -> bool:
        """Whether the master this copy follows is dead, gone, or no longer the same life of its node."""
        peers, term = self.engine.peers, f.copy.term
        if not peers.is_alive(f.master) or f.master in peers.unfit_for(f.copy.group):
            return True
        return f.master == term.key and not peers.is_current(Incarnation(term.key, term.incarnation))

    def holds_back(self, group: GroupId, target: str) -> bool:
        """Whether this edge's commands wait until the copy here and the log of the master `target` are known to agree.

        After a partition a master that the copy does not follow yet may lack what people here have said on their side
        and had answered. The next commands of these people are sent once the master's log is known to continue the
        copy, or to have taken the copy in: sent earlier, the commands would come before the earlier lines (P25).
        """
        f = self.groups.get(group)
        if f is not None and f.fork is not None:
            return True
        if target == self.engine.me.key:
            return False
        if group in self.engine.owed.copies:
            return True  # an earlier term of this node answered people here what the master does not have yet
        if f is None or (target == f.copy.term.key and not f.doubted):
            return False
        handed = f.copy.log[-1].handed if f.copy.log else None
        return handed is None or handed.key != target  # a hand-off has the whole log

    def redirect(self, f: Follower, master: str, sender: str = "") -> None:
        """Somebody names the group's master; the one that this copy follows is to be believed that it is not it, though
        it names this node: it has forgotten the group, and here is what there is of it."""
        if sender == f.master or (f.behind and master != self.engine.me.key):
            f.master = master
            # A node may master the group again after another node did, under a later term and with another log.
            f.doubted = f.doubted or master != f.copy.term.key
            self.resync(f)

    def resync(self, f: Follower) -> None:
        """Ask for what is missing; the tick asks again until it is there."""
        now = self.engine.now
        if f.behind and now - f.asked_at < 0.05:
            return
        if f.copy.is_cold and not self.engine.has_met:
            return  # who does not know the network yet would think itself alone, and serve what others have had since
        f.behind = True
        f.asked_at = now
        f.tries = min(f.tries + 1, 8)
        group = f.copy.group
        target = self.engine.target(group)
        if target == self.engine.me.key:
            if f.master == self.engine.me.key or self.is_orphan(f):
                self.engine.recoveries.find(group)
            return
        whole = f.copy.is_ahead  # and not what follows its last position
        self.engine.send(target, Resync(group, () if whole else f.copy.lineage, 0 if whole else f.copy.seq))

    def peers_changed(self) -> None:
        for f in sorted(self.groups.values(), key=lambda f: len(f.copy.log), reverse=True):  # the busiest first (P23)
            if self.is_orphan(f):
                f.tries = 0
                self.resync(f)
            else:  # is this copy still what its master knows of? Asked soon, not of all at once (P14, P30)
                f.heard_at = min(f.heard_at, self.engine.now - self._silent_s() + self.engine.rng.uniform(0.0, ASK_S))

    def _silent_s(self) -> float:
        return SILENT_CHECKS * self.engine.settings.check_every_s

    def tick(self) -> None:
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
        """One cumulative acknowledgement per link and turn, over all groups (P33)."""
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
    """Whether the copy's log is a prefix of a log with this lineage, as far as that can be told (P3)."""
    ours = tuple((term, first) for term, first in copy.lineage if first <= copy.seq)
    theirs = tuple((term, first) for term, first in lineage if first <= copy.seq)
    return ours == theirs
