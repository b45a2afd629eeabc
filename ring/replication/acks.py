"""Acknowledge to masters how far this node's replicas are, and hold back what is not settled here yet (P33).

Theory of operation
===================

A follower acknowledges a position once the replica has the position and everything that the events caused on this node
is settled. An event that causes a command of this edge begins a hold; the hold ends when the command is settled.

    due        the group is in `_due`: the next `send` tells the group's master how far the replica is
    held       `_holds` names a seq of the group: acknowledgements stop just before the lowest such seq
    parting    this node has dropped the group: one last acknowledgement, at once (`_parting`), or after the holds
               (`_held_partings`), so that the master forgets this node

Invariants
    An acknowledgement names no event under a hold.
    One message a turn goes to each master, over all groups.
"""

from __future__ import annotations

from ring.ids import GroupId
from ring.replication.port import Port
from ring.replication.replica import Replica
from ring.replication.replicas import Follower
from ring.storage.journal import Journal
from ring.wire.replication import Ack

Hold = tuple[GroupId, int]
"""(group, seq of an event that caused a command)"""

_Position = tuple[GroupId, tuple[int, str, int], int, int]
"""(group, term, applied and settled up to this seq, held up to this seq)"""


class Acks:
    """Keep the acknowledgements that this node owes to masters, and the holds on these."""

    def __init__(self, port: Port, journal: Journal) -> None:
        self._port = port
        self._journal = journal
        self._due: dict[GroupId, None] = {}
        self._holds: dict[GroupId, list[int]] = {}  # a seq may stand here twice
        self._parting: list[tuple[str, _Position]] = []  # (ring key of the master, position)
        self._held_partings: dict[GroupId, tuple[str, _Position]] = {}

    def hold(self, group: GroupId) -> Hold | None:
        """Do not acknowledge the event that is being applied until `release` is called with the returned hold."""
        replica = self._port.replicas.get(group)
        if replica is None:
            return None
        self._holds.setdefault(group, []).append(replica.seq)
        return group, replica.seq

    def release(self, hold: Hold) -> None:
        """End a hold, so that the event and later events may be acknowledged."""
        group, seq = hold
        seqs = self._holds.get(group, [])
        if seq in seqs:
            seqs.remove(seq)
        if not seqs:
            self._holds.pop(group, None)
            parting = self._held_partings.pop(group, None)
            if parting is not None and group not in self._port.replicas.followers:
                self._parting.append(parting)
        self.acknowledge(group)

    def held_to(self, replica: Replica) -> int:
        """Return the highest seq that this node may acknowledge: the seq before the first hold."""
        seqs = self._holds.get(replica.group) if self._holds else None
        return min(seqs) - 1 if seqs else replica.seq

    def acknowledge(self, group: GroupId) -> None:
        """Have the master told at the end of the turn how far this replica is."""
        self._due[group] = None

    def part(self, f: Follower) -> None:
        """Acknowledge for the last time a group that this node drops."""
        group = f.replica.group
        parting = f.master, (group, f.replica.term, f.replica.seq, f.replica.head)
        if group in self._holds:
            self._held_partings[group] = parting
        else:
            self._parting.append(parting)
        self._due.pop(group, None)

    def is_parting(self, group: GroupId) -> bool:
        """Tell whether this node has dropped the group, and the last acknowledgement waits for holds."""
        return group in self._held_partings

    def abandon(self, group: GroupId) -> None:
        """Acknowledge nothing of the group any more: a mistake of the program has stopped the group here (P43)."""
        self._due.pop(group, None)
        self._holds.pop(group, None)
        self._held_partings.pop(group, None)

    def send(self) -> None:
        """Send one cumulative acknowledgement per link and turn, over all groups."""
        if not self._due and not self._parting:
            return
        port = self._port
        out: dict[str, list[_Position]] = {}
        for group in self._due:
            f = port.replicas.followers.get(group)
            if f is not None:
                held = self._journal.held_to(f.replica)
                out.setdefault(f.master, []).append((group, f.replica.term, self.held_to(f.replica), held))
        for master, position in self._parting:
            out.setdefault(master, []).append(position)
        self._due.clear()
        self._parting.clear()
        for master, positions in out.items():
            if master != port.me.key:
                port.send(master, Ack(positions))  # type: ignore[arg-type]
