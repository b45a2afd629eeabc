"""Merge two logs of one group, as after a partition: the master of the higher term takes in the other log (P22).

Theory of operation
===================

Two logs have forked if neither log continues the other. The node with the lower term has the fork, and offers the fork
to the master of the higher term. The master appends the messages of the fork, each under its original msgid and time
(P25), and then one command with the state of the fork: the kind's `merge` makes one state of the two (P26). Until the
merge is in the copy that the node follows or masters, people on the node see the copy known to them (`Follower.fork`,
`Master.unmerged`): so people see one change, not two (P25).

The states of a fork, on the node that has the fork:

    own       `fork.copy` is the followed copy: this node was the master, and has yielded (`yield_to`)
    parted    the followed copy is the master's, and does not continue the fork (`parted`)
    gone      `Follower.fork` is None, and people here see the followed copy
    served    this node serves the group with a copy that lacks the fork: `Master.unmerged` is the fork, and owed.py has
              the fork taken in. If the term is lost before the merge is committed, the fork is parted again

    own      -> parted   a copy of the new master comes (follower.py, `_install_fork`)
    own      -> gone     the master's log continues the fork after all, or the master has taken the fork in (MergeDone)
    parted   -> gone     the followed copy has all of the fork (`is_settled`), or nobody has taken the fork in for
                         GIVE_UP_S: `Followers.reveal` shows the difference
    own, parted          the fork is offered every OFFER_S: at once by the old master, else first after PATIENCE_S
    own, parted -> served   recovery.py begins to serve (`serve_under`)
    served -> gone       the merge is committed (`Masters.reveal`)

A node whose fork outweighs the master's copy does not yield: the node masters the group again (`prevail`), and the
other master offers instead (`Copy.outweighs`).

On the master, `UnderWay` lists the offers and merges of a group. Each has the position that ends the merge; once that
position is committed, the offering node is told MergeDone.

Invariants
    A merge done twice changes nothing: a fork that the copy has, or that pending commands bring, is not taken in again
    (`_is_known`), and a message is known by a key that is equal in every log (`message_key`).
    A person here is shown a message once, though the message has two positions: people.py remembers messages that
    people here know and the copy here may bring again.
    `forked` names every followed group with a fork; groups without a fork leave `forked` at the next tick.

This file writes `Follower.fork`; follower.py clears the field, too, in `reveal` and `on_continue`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ring.ids import GroupId, Incarnation, Term
from ring.replication.copy import Copy, restore
from ring.replication.lineage import fork_point
from ring.replication.log import message_key
from ring.replication.owed import holds
from ring.replication.progress import Master
from ring.replication.replicas import Fork
from ring.wire.log import Aliases, Command, Entry, ForkState, MergedTerm
from ring.wire.replication import MergeDone, MergeOffer, StaleTerm

if TYPE_CHECKING:
    from ring.engine import Engine
    from ring.replication.replicas import Follower

OFFER_S = 0.4
PATIENCE_S = 1.5
"""A follower leaves the offer of a fork to the fork's old master for this long."""

GIVE_UP_S = 8.0
"""If nobody has taken a fork in for this long, people here are shown the master's copy as the copy is."""


class UnderWay:
    """List what a master has taken in or has been offered, and has not committed yet."""

    __slots__ = ("merges", "offers")

    def __init__(self) -> None:
        self.offers: dict[tuple[str, Term], int] = {}  # (offering node, fork's term) -> position that ends the merge
        self.merges: list[tuple[int, float, dict[str, Any]]] = []  # (position that ends the merge, begun when, facts)


class Merges:
    """Keep both sides of merges: forks on offer from this node, and forks that the masters here take in."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.forked: dict[GroupId, None] = {}  # groups followed here with a fork that is not taken in yet
        self.taking: dict[GroupId, UnderWay] = {}  # groups mastered here; an entry goes once all is committed

    # Who has a fork -------------------------------------------------------------------------------------------------

    def yield_to(self, m: Master, key: str) -> None:
        """Stop mastering the group for a higher term, and offer this node's log to the new master (P22)."""
        engine, group = self.engine, m.copy.group
        engine.masters.step_down(m)
        for follower in m.followers:
            if follower != key:
                engine.bounce(follower, group, key)  # a backup without members would not hear of the new master
        f = engine.followers.keep(m.copy, key)
        f.fork = Fork(m.shown, engine.now, engine.now)
        if m.unmerged is not None:
            engine.owed.add(m.copy)  # people here do not know that copy, so the fork is not of that copy
        self.forked[group] = None
        self._offer(f, f.fork)
        engine.hint(group, key)
        engine.followers.resync(f)
        engine.resend(group)

    def prevail(self, f: Follower, theirs: Copy, master: str) -> None:
        """Master the group with the copy here, which outweighs the master's copy: the other master then offers."""
        engine, ours = self.engine, f.copy
        number = max(ours.highest_term.number, theirs.highest_term.number) + 1
        engine.note("takeover", ours.group, term=number, seq=ours.seq, over=theirs.term.number)
        engine.recoveries.serve_under(ours, Term(number, engine.me.key, engine.me.number))
        engine.send(master, StaleTerm(ours.group, ours.term))

    def parted(self, f: Follower, old: Copy) -> None:
        """Begin a fork: people here know the old copy, and the followed copy does not continue that copy."""
        if f.fork is None:
            f.fork = Fork(old, self.engine.now, self.engine.now + PATIENCE_S)
            self.forked[f.copy.group] = None

    def is_settled(self, f: Follower) -> bool:
        """Tell whether the followed copy has all that the fork has."""
        assert f.fork is not None
        return f.copy is not f.fork.copy and holds(f.copy, f.fork.copy)

    def _offer(self, f: Follower, fork: Fork) -> None:
        fork.offer_at = self.engine.now + OFFER_S
        if f.master != self.engine.me.key:
            self.engine.send(f.master, MergeOffer(f.copy.group, fork.copy.snapshot()))

    def on_merge_done(self, sender: Incarnation, message: MergeDone) -> None:
        """End what this node owes of the fork, and ask for the merged log: a master has committed the merge."""
        self.engine.owed.taken(message.group, message.theirs)
        f = self.engine.replicas.followers.get(message.group)
        if f is None or f.fork is None or message.theirs != f.fork.copy.term:
            return
        if f.copy is f.fork.copy:
            f.fork = None  # the master has the whole fork, and the resync brings what follows
            self.forked.pop(message.group, None)
        self.engine.followers.resync(f)

    def tick(self) -> None:
        """Offer forks again, and give up forks that no master has taken in for too long."""
        engine = self.engine
        for group in list(self.forked):
            f = engine.replicas.followers.get(group)
            fork = f.fork if f is not None else None
            if f is None or fork is None:
                del self.forked[group]
            elif engine.now - fork.since > GIVE_UP_S and f.copy is not fork.copy:
                engine.note("fork_not_merged", group, term=fork.copy.term.number, seq=fork.copy.seq)
                engine.followers.reveal(f)
            elif engine.now >= fork.offer_at:
                self._offer(f, fork)

    # The master -----------------------------------------------------------------------------------------------------

    def on_merge_offer(self, sender: Incarnation, message: MergeOffer) -> None:
        """Take in the fork that another node offers, or yield if the fork has the higher term (P22).

        A hand-off that has not placed `Handed` is given up first: the merge comes first.
        """
        engine, group = self.engine, message.group
        m = engine.replicas.masters.get(group)
        if m is None:
            engine.handoffs.void(group, sender)
            engine.recoveries.park(group, sender, message)
            return
        if m.is_handed:
            engine.bounce(sender.key, group, engine.target(group))
            return
        if m.handoff is not None:
            if m.handoff.placed:
                return  # the sender repeats the offer, and then asks the new master
            engine.handoffs.give_up(m)  # the group is handed on a moment later, with the fork
        theirs = restore(group, engine.kinds[group.kind], message.snapshot)
        if theirs.term > m.copy.term:
            self.yield_to(m, sender.key)
            return
        self.take_in(m, theirs)
        self.taking.setdefault(group, UnderWay()).offers[sender.key, theirs.term] = m.copy.head
        self.committed(m)

    def take_in(self, m: Master, theirs: Copy) -> None:
        """Append the messages of another log since the logs parted, and make one state of the two states."""
        engine, copy = self.engine, m.copy
        fork = fork_point(copy.lineage, copy.seq, theirs.lineage, theirs.seq)
        if fork == theirs.seq or self._is_known(copy, theirs):
            return
        words = _words(copy, theirs, fork)
        for entry in words:
            event_id = theirs.event_id_of(entry)
            original_id = (event_id.msgid, event_id.at)
            engine.backups.append(m, Command(0, 0, entry.origin, entry.number, 0, entry.event, original_id=original_id))
        streams = theirs.snapshot(theirs.seq).client_logs
        lost = theirs.trimmed(theirs.shared_with(copy))
        side = ForkState(theirs.packed_state(), streams, lost, _parts(theirs, fork), _also(copy, theirs, fork))
        facts = {"their_term": theirs.term.number, "fork": fork, "words": len(words), "lost": lost}
        self.taking.setdefault(copy.group, UnderWay()).merges.append((copy.head + 1, engine.now, facts))
        engine.backups.append(m, Command(0, 0, None, 0, 0, None, side=side))

    def _is_known(self, copy: Copy, theirs: Copy) -> bool:
        """Tell whether the other copy is part of this copy, or will be once the pending commands are committed."""
        parts = [*copy.merged.values()]
        for command in copy.pending:
            parts += command.side.merged if command.side is not None else ()
        return any(part.term == theirs.term and part.seq >= theirs.seq for part in parts)

    def committed(self, m: Master) -> None:
        """Note merges that are committed, and tell the nodes that offered the forks: more of the group is committed."""
        copy, engine = m.copy, self.engine
        taking = self.taking.get(copy.group)
        if taking is None:
            return
        while taking.merges and taking.merges[0][0] <= copy.seq:
            seq, since, facts = taking.merges.pop(0)
            took_ms = round((engine.now - since) * 1000, 1)
            engine.note("merge", copy.group, term=copy.term.number, seq=seq, **facts, took_ms=took_ms)
        for key, theirs in [offer for offer, seq in taking.offers.items() if seq <= copy.seq]:
            del taking.offers[key, theirs]
            engine.send(key, MergeDone(copy.group, copy.term, theirs))
        if not taking.offers and not taking.merges:
            del self.taking[copy.group]

    def forget(self, group: GroupId) -> None:
        """Forget the merges of a group that this node masters no more: the offering nodes offer again."""
        self.taking.pop(group, None)


def _parts(theirs: Copy, fork: int) -> tuple[MergedTerm, ...]:
    """Return the terms that become part of a log with the other log, which parted from the log after `fork`."""
    other_terms = [MergedTerm(part.term, part.seq, min(part.fork, fork)) for part in theirs.merged.values()]
    return (
        *other_terms,
        *(MergedTerm(term, end, fork) for term, end in theirs.ends if end > fork or term == theirs.term),
    )


def _also(copy: Copy, theirs: Copy, fork: int) -> Aliases:
    """Return msgid there and msgid here of each message that both logs have since the logs parted.

    An origin without an answer from one side tells both sides.
    """
    here = {message_key(e): copy.event_id_of(e).msgid for e in copy.log if e.seq > fork and e.event is not None}
    for c in copy.pending:  # a pending message counts as here: the message is not taken from the other log again
        here.setdefault(message_key(c), copy.event_id(c.seq, c.at).msgid if c.original_id is None else c.original_id[0])
    both = [e for e in theirs.log if e.seq > fork and e.event is not None and e.origin and message_key(e) in here]
    aliases = {theirs.event_id_of(entry).msgid: here[message_key(entry)] for entry in both}
    names = {there: name for there, name in aliases.items() if there != name}
    return tuple({**{other: names.get(there, there) for other, there in theirs.aliases}, **names}.items())


def _words(copy: Copy, theirs: Copy, fork: int) -> list[Entry]:
    """Return the messages that the other log has since the logs parted, and this copy lacks."""
    knows = copy.knows(fork, accepted=True)
    later = [entry for entry in theirs.log if entry.seq > fork and entry.event is not None]
    return [entry for entry in later if copy.state.is_message(entry.event) and not knows(entry)]
