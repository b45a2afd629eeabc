"""Merge two logs of one group on the master, as after a partition: another log is taken in (P22, P25, P26).

Theory of operation
===================

Two logs have forked if neither log continues the other. The node with the lower term offers its log, the fork, to the
master of the higher term (forks.py). The master appends the messages of the fork, each under its original msgid and
time (P25), and then one command with the state of the fork: the kind's `merge` makes one state of the two (P26).

`UnderWay` lists the offers and merges of a group. Each has the position that ends the merge; once that position is
committed, the offering node is told MergeDone. If this node masters the group no more, the list is forgotten, and the
offering nodes offer again.

Invariants
    A merge done twice changes nothing: a fork that the replica has, or that pending commands bring, is not taken in
    again (`_is_known`), and a message is known by a key that is equal in every log (`message_key`). A person here is
    shown a message once, though the message has two positions: people.py remembers messages that people here know and
    the replica here may bring again.
"""

from __future__ import annotations

from typing import Any

from ring.ids import GroupId, Incarnation, Term
from ring.replication.lineage import fork_point
from ring.replication.log import message_key
from ring.replication.progress import Master
from ring.replication.replica import Replica
from ring.replication.role_port import RolePort
from ring.replication.shared import knows_since, shared_with, trimmed
from ring.wire.log import Aliases, Command, Entry, ForkState, MergedTerm
from ring.wire.replication import MergeDone


class UnderWay:
    """List what a master has taken in or has been offered, and has not committed yet."""

    __slots__ = ("merges", "offers")

    def __init__(self) -> None:
        self.offers: dict[tuple[str, Term], int] = {}  # (offering node, fork's term) -> position that ends the merge
        self.merges: list[tuple[int, float, dict[str, Any]]] = []  # (position that ends the merge, begun when, facts)


class Merges:
    """Take other logs into the groups mastered here."""

    def __init__(self, port: RolePort) -> None:
        self._port = port
        self.taking: dict[GroupId, UnderWay] = {}  # groups mastered here; an entry goes once all is committed

    def offered(self, m: Master, sender: Incarnation, theirs: Replica) -> None:
        """Take in the fork that another node offers, and tell the node once the merge is committed."""
        self.take_in(m, theirs)
        self.taking.setdefault(m.replica.group, UnderWay()).offers[sender.key, theirs.term] = m.replica.head
        self.committed(m)

    def take_in(self, m: Master, theirs: Replica) -> None:
        """Append the messages of another log since the logs parted, and make one state of the two states."""
        replica = m.replica
        fork = fork_point(replica.lineage, replica.seq, theirs.lineage, theirs.seq)
        if fork == theirs.seq or self._is_known(replica, theirs):
            return
        words = _words(replica, theirs, fork)
        for entry in words:
            event_id = theirs.event_id_of(entry)
            original_id = (event_id.msgid, event_id.at)
            self._port.append(m, Command(0, 0, entry.origin, entry.number, 0, entry.event, original_id=original_id))
        client_logs = theirs.snapshot(theirs.seq).client_logs
        lost, aliases = trimmed(theirs, shared_with(theirs, replica)), _aliases(replica, theirs, fork)
        side = ForkState(theirs.packed_state(), client_logs, lost, _parts(theirs, fork), aliases)
        facts = {"their_term": theirs.term.number, "fork": fork, "words": len(words), "lost": lost}
        self.taking.setdefault(replica.group, UnderWay()).merges.append((replica.head + 1, self._port.now, facts))
        self._port.append(m, Command(0, 0, None, 0, 0, None, side=side))

    def _is_known(self, replica: Replica, theirs: Replica) -> bool:
        """Tell whether the other replica is part of this replica, or will be once the pending commands are
        committed."""
        parts = [*replica.merged.values()]
        for command in replica.pending:
            parts += command.side.merged if command.side is not None else ()
        return any(part.term == theirs.term and part.seq >= theirs.seq for part in parts)

    def committed(self, m: Master) -> None:
        """Note merges that are committed, and tell the nodes that offered the forks: more of the group is committed."""
        replica, port = m.replica, self._port
        taking = self.taking.get(replica.group)
        if taking is None:
            return
        while taking.merges and taking.merges[0][0] <= replica.seq:
            seq, since, facts = taking.merges.pop(0)
            took_ms = round((port.now - since) * 1000, 1)
            port.note("merge", replica.group, term=replica.term.number, seq=seq, **facts, took_ms=took_ms)
        for key, theirs in [offer for offer, seq in taking.offers.items() if seq <= replica.seq]:
            del taking.offers[key, theirs]
            port.send(key, MergeDone(replica.group, replica.term, theirs))
        if not taking.offers and not taking.merges:
            del self.taking[replica.group]

    def forget(self, group: GroupId) -> None:
        """Forget the merges of a group that this node masters no more: the offering nodes offer again."""
        self.taking.pop(group, None)


def _parts(theirs: Replica, fork: int) -> tuple[MergedTerm, ...]:
    """Return the terms that become part of a log with the other log, which parted from the log after `fork`."""
    other_terms = [MergedTerm(part.term, part.seq, min(part.fork, fork)) for part in theirs.merged.values()]
    return (
        *other_terms,
        *(MergedTerm(term, end, fork) for term, end in theirs.ends if end > fork or term == theirs.term),
    )


def _aliases(replica: Replica, theirs: Replica, fork: int) -> Aliases:
    """Return msgid there and msgid here of each message that both logs have since the logs parted.

    An origin without an answer from one side tells both sides.
    """
    here = {message_key(e): replica.event_id_of(e).msgid for e in replica.log if e.seq > fork and e.event is not None}
    for c in replica.pending:  # a pending message counts as here: the message is not taken from the other log again
        here.setdefault(
            message_key(c), replica.event_id(c.seq, c.at).msgid if c.original_id is None else c.original_id[0]
        )
    both = [e for e in theirs.log if e.seq > fork and e.event is not None and e.origin and message_key(e) in here]
    aliases = {theirs.event_id_of(entry).msgid: here[message_key(entry)] for entry in both}
    names = {there: name for there, name in aliases.items() if there != name}
    return tuple({**{other: names.get(there, there) for other, there in theirs.aliases}, **names}.items())


def _words(replica: Replica, theirs: Replica, fork: int) -> list[Entry]:
    """Return the messages that the other log has since the logs parted, and this replica lacks."""
    knows = knows_since(replica, fork, accepted=True)
    later = [entry for entry in theirs.log if entry.seq > fork and entry.event is not None]
    return [entry for entry in later if replica.state.is_message(entry.event) and not knows(entry)]
