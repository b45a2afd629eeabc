"""Forks that this node took in as a master, until it knows their merge to be committed.

Their words were answered by an earlier term of this node, and may be nowhere else: a master that loses its term before
the merge is committed owes them to the next one (P22).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring.ids import GroupId, Term
from ring.replication.copy import Copy
from ring.wire.messages import MergeOffer

if TYPE_CHECKING:
    from ring.engine import Engine
    from ring.replication.progress import Master

OFFER_S = 0.4
KEEP_S = 60.0
"""Nobody has taken it for so long: given up."""


class Owed:
    __slots__ = ("copy", "offer_at", "since")

    def __init__(self, copy: Copy, now: float) -> None:
        self.copy = copy
        self.since = now
        self.offer_at = now + OFFER_S


class OwedForks:
    """What this node owes to the masters of its groups, itself included."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.copies: dict[GroupId, list[Owed]] = {}

    def add(self, copy: Copy) -> None:
        owed = self.copies.setdefault(copy.group, [])
        if all(other.copy.term != copy.term for other in owed):
            owed.append(Owed(copy, self.engine.now))

    def take_in(self, m: Master) -> None:
        """This node masters the group again: what is owed comes before what people here say next (P25)."""
        for owed in self.copies.get(m.copy.group, ()):
            self.engine.merges.take_in(m, owed.copy)

    def taken(self, group: GroupId, term: Term) -> None:
        """A master has committed what it was offered of this term."""
        self._keep(group, [owed for owed in self.copies.get(group, ()) if owed.copy.term != term])

    def _keep(self, group: GroupId, owed: list[Owed]) -> None:
        if owed:
            self.copies[group] = owed
        elif self.copies.pop(group, None) is not None:
            self.engine.resend(group)  # what was held back (P25)

    def tick(self) -> None:
        for group, copies in list(self.copies.items()):
            self._keep(group, [owed for owed in copies if not self._is_done(owed)])
            for owed in self.copies.get(group, ()):
                if self.engine.now >= owed.offer_at:
                    owed.offer_at = self.engine.now + OFFER_S
                    self._offer(group, owed.copy)

    def _is_done(self, owed: Owed) -> bool:
        engine, theirs = self.engine, owed.copy
        if engine.now - owed.since > KEEP_S:
            engine.note("fork_not_merged", theirs.group, term=theirs.term.number, seq=theirs.seq)
            return True
        mastered, followed = engine.masters.groups.get(theirs.group), engine.followers.groups.get(theirs.group)
        held = mastered.copy if mastered is not None else followed.copy if followed is not None else None
        return held is not None and held is not theirs and holds(held, theirs)

    def _offer(self, group: GroupId, copy: Copy) -> None:
        engine = self.engine
        m = engine.masters.groups.get(group)
        target = engine.target(group)
        if m is not None and m.serving:
            engine.merges.take_in(m, copy)
        elif target != engine.me.key:
            engine.send(target, MergeOffer(group, copy.snapshot()))


def holds(ours: Copy, theirs: Copy) -> bool:
    """Whether all that theirs has committed is in ours."""
    return theirs.shared_with(ours) == theirs.seq
