"""Two logs of one group, as after a partition: the master of the higher term takes in what the other has (P22).

A node whose copy has forked from its master's offers it. What was said there since the logs parted is appended under
its own name and time and shown to those who lack it (P25); the states become one by the kind's `merge` (P26). Until
that is committed the node shows its people the copy that they know: so they see one change, not two. Doing it twice
changes nothing.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from ring.ids import GroupId, Incarnation, Term
from ring.replication.copy import Copy, restore
from ring.replication.lineage import fork_point
from ring.replication.log import message_key
from ring.replication.owed import holds
from ring.replication.progress import Master
from ring.wire.log import Aliases, Command, Entry, ForkState, MergedTerm
from ring.wire.messages import MergeDone, MergeOffer, StaleTerm

if TYPE_CHECKING:
    from ring.engine import Engine
    from ring.replication.follower import Follower

OFFER_S = 0.4
PATIENCE_S = 1.5
"""A follower leaves the offering to its old master for so long."""

GIVE_UP_S = 8.0
"""Nobody takes it: the people here are shown the master's copy as it is."""


class Fork:
    """A copy that a master's log does not continue: what the people here have been shown."""

    __slots__ = ("copy", "offer_at", "since")

    def __init__(self, copy: Copy, now: float, offer_at: float) -> None:
        self.copy = copy
        self.since = now
        self.offer_at = offer_at


class Shown:
    """What people here were shown of a group, and no copy here has, or there is none."""

    __slots__ = ("until", "words")

    def __init__(self) -> None:
        self.words: dict[Hashable, None] = {}
        self.until = float("inf")


class UnderWay:
    """What a group's master takes in, until it is committed."""

    __slots__ = ("merges", "offers")

    def __init__(self) -> None:
        self.offers: dict[tuple[str, Term], int] = {}  # who offered what term -> the position that ends what it brought
        self.merges: list[tuple[int, float, dict[str, Any]]] = []  # (the position that ends it, since, for the log)


class Merges:
    """Both sides: copies on offer from here, and those that others offer."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.forked: dict[GroupId, None] = {}  # groups followed here whose fork is not taken in yet
        self.taking: dict[GroupId, UnderWay] = {}
        self.shown: dict[GroupId, Shown] = {}

    # Who has a fork -------------------------------------------------------------------------------------------------

    def yield_to(self, m: Master, key: str) -> None:
        """This master has met a higher term: it serves no more, and offers what it has (P22)."""
        engine, group = self.engine, m.copy.group
        engine.masters.step_down(m)
        for follower in m.followers:
            if follower != key:
                engine.bounce(follower, group, key)  # those that only hold it would not hear of the new one
        f = engine.followers.keep(m.copy, key)
        f.fork = Fork(m.copy, engine.now, engine.now)
        self.forked[group] = None
        self._offer(f, f.fork)
        engine.hint(group, key)
        engine.followers.resync(f)
        engine.resend(group)

    def prevail(self, f: Follower, theirs: Copy, master: str) -> None:
        """The copy here outweighs its master's: this node serves it on, and is offered what the other has."""
        engine, ours = self.engine, f.copy
        number = max(ours.highest_term.number, theirs.highest_term.number) + 1
        engine.note("takeover", ours.group, term=number, seq=ours.seq, over=theirs.term.number)
        engine.recoveries.serve_under(ours, Term(number, engine.me.key, engine.me.number))
        engine.send(master, StaleTerm(ours.group, ours.term))

    def parted(self, f: Follower, old: Copy) -> None:
        """The master's copy took the place of one that it does not continue."""
        if f.fork is None:
            f.fork = Fork(old, self.engine.now, self.engine.now + PATIENCE_S)
            self.forked[f.copy.group] = None

    def is_settled(self, f: Follower) -> bool:
        """Whether all that the fork has is in the copy that is followed now."""
        assert f.fork is not None
        return f.copy is not f.fork.copy and holds(f.copy, f.fork.copy)

    def _offer(self, f: Follower, fork: Fork) -> None:
        fork.offer_at = self.engine.now + OFFER_S
        if f.master != self.engine.me.key:
            self.engine.send(f.master, MergeOffer(f.copy.group, fork.copy.snapshot()))

    def on_merge_done(self, sender: Incarnation, message: MergeDone) -> None:
        self.engine.owed.taken(message.group, message.theirs)
        f = self.engine.followers.groups.get(message.group)
        if f is None or f.fork is None or message.theirs != f.fork.copy.term:
            return
        if f.copy is f.fork.copy:
            f.fork = None  # nothing that the master lacked: it goes on from here
            self.forked.pop(message.group, None)
        self.engine.followers.resync(f)

    def tick(self) -> None:
        engine = self.engine
        for group in [group for group, shown in self.shown.items() if engine.now > shown.until or not shown.words]:
            del self.shown[group]
        for group in list(self.forked):
            f = engine.followers.groups.get(group)
            fork = f.fork if f is not None else None
            if f is None or fork is None:
                del self.forked[group]
            elif engine.now - fork.since > GIVE_UP_S and f.copy is not fork.copy:
                engine.note("fork_not_merged", group, term=fork.copy.term.number, seq=fork.copy.seq)
                engine.followers.reveal(f)
            elif engine.now >= fork.offer_at:
                self._offer(f, fork)

    # What people know -----------------------------------------------------------------------------------------------

    def remember_shown(self, old: Copy, copy: Copy, since: int) -> None:
        """People here were shown the old copy; the new one goes on at `since` and may lack some of its words."""
        has = copy.knows(since)
        lacking = {message_key(e): None for e in old.log if e.seq > since and e.event is not None and not has(e)}
        if lacking:
            self.shown.setdefault(copy.group, Shown()).words.update(lacking)

    def was_shown(self, group: GroupId, entry: Entry) -> bool:
        """Whether people here were shown this word before: it comes once more, and then no more."""
        shown = self.shown.get(group)
        if shown is None or message_key(entry) not in shown.words:
            return False
        del shown.words[message_key(entry)]
        return True

    def unseen(self, copy: Copy) -> None:
        """Nobody here sees the group any more. A side that thinks otherwise may soon tell once more what was said."""
        words = {message_key(e): None for e in copy.log if e.event is not None and copy.state.is_message(e.event)}
        if words or copy.group in self.shown:
            shown = self.shown.setdefault(copy.group, Shown())
            shown.words.update(words)
            settings = self.engine.settings
            shown.until = self.engine.now + settings.dead_after_s + settings.grace_s
        self.engine.app.dropped(copy.group)

    # The master -----------------------------------------------------------------------------------------------------

    def on_merge_offer(self, sender: Incarnation, message: MergeOffer) -> None:
        engine, group = self.engine, message.group
        m = engine.masters.groups.get(group)
        if m is None:
            engine.handoffs.void(group, sender)
            engine.recoveries.park(group, sender, message)
            return
        if m.is_handed:
            engine.bounce(sender.key, group, engine.target(group))
            return
        if m.handoff is not None:
            if m.handoff.placed:
                return  # the one who gets the group is asked next
            engine.handoffs.give_up(m)  # handed on with what is offered, a moment later
        theirs = restore(group, engine.kinds[group.kind], message.snapshot)
        if theirs.term > m.copy.term:
            self.yield_to(m, sender.key)
            return
        self.take_in(m, theirs)
        self.taking.setdefault(group, UnderWay()).offers[sender.key, theirs.term] = m.copy.head
        self.committed(m)

    def take_in(self, m: Master, theirs: Copy) -> None:
        """Append what their log has since the logs parted, and make one state of the two."""
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
        """Whether all of that is part of this copy, or will be."""
        parts = [*copy.merged.values()]
        for command in copy.pending:
            parts += command.side.merged if command.side is not None else ()
        return any(part.term == theirs.term and part.seq >= theirs.seq for part in parts)

    def committed(self, m: Master) -> None:
        """More of the group is committed: tell those whose part is in."""
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
        """This node does not master it any more; who offered asks again."""
        self.taking.pop(group, None)


def _parts(theirs: Copy, fork: int) -> tuple[MergedTerm, ...]:
    """What becomes part of a log with theirs, which parted from it after `fork`."""
    other_terms = [MergedTerm(part.term, part.seq, min(part.fork, fork)) for part in theirs.merged.values()]
    return (
        *other_terms,
        *(MergedTerm(term, end, fork) for term, end in theirs.ends if end > fork or term == theirs.term),
    )


def _also(copy: Copy, theirs: Copy, fork: int) -> Aliases:
    """What both were told since the logs parted, its origin having no answer from one: its name there, and here."""
    here = {message_key(e): copy.event_id_of(e).msgid for e in copy.log if e.seq > fork and e.event is not None}
    for c in copy.pending:  # what comes again after it is not said again
        here.setdefault(message_key(c), copy.event_id(c.seq, c.at).msgid if c.original_id is None else c.original_id[0])
    both = [e for e in theirs.log if e.seq > fork and e.event is not None and e.origin and message_key(e) in here]
    aliases = {theirs.event_id_of(entry).msgid: here[message_key(entry)] for entry in both}
    names = {there: name for there, name in aliases.items() if there != name}
    return tuple({**{other: names.get(there, there) for other, there in theirs.aliases}, **names}.items())


def _words(copy: Copy, theirs: Copy, fork: int) -> list[Entry]:
    """What was said there, and not here, since the logs parted."""
    knows = copy.knows(fork, accepted=True)
    later = [entry for entry in theirs.log if entry.seq > fork and entry.event is not None]
    return [entry for entry in later if copy.state.is_message(entry.event) and not knows(entry)]
