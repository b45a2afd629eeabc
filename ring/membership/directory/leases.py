"""Keep the leases of a directory: live nodes, nodes that went, and the changes since a version.

Theory of operation. Of each node (ring key) the directory knows one of two things: a `Lease` in `_live`, or a memory in
`_gone`. `announce` grants or renews the lease; `depart`, or `expire` after lease_s without a request, moves the node to
`_gone`. `expire` forgets a node in `_gone` after keep_s, or earlier if `_gone` is full. A node that asks for the
changes since a version older than the memory gets the whole list.

Invariants. A ring key is in at most one of `_live` and `_gone`. `_names` has exactly the folded names of the live
leases. `version` grows with every change of the list, and each live lease and each gone node has the version of the
last change. Of one ring key, (incarnation, counter) only grows, in `_live` and `_gone` alike: so no request is taken
twice. `Leases` alone writes all fields.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from ring.ids import Incarnation
from ring.membership.directory.datagrams import Removed
from ring.roster import NodeRecord


class Replay(Exception):
    """This request, or a later request of the sender, was here before."""


class Denied(Exception):
    """The node gets no lease; the text says what to change."""


@dataclass(slots=True)
class Lease:
    """A node that has announced, and that the directory lists."""

    record: NodeRecord
    counter: int  # of the last request
    heard: float
    version: int  # of the list when the record last changed


class Gone(NamedTuple):
    """Remember a node that left, for deltas and against replays."""

    incarnation: int
    counter: int
    departed: bool
    version: int
    at: float


class Leases:
    """Keep leases by ring key, at most `max_nodes`: a further node is denied.

    As many nodes that left are remembered, for at most `keep_s`; the oldest is dropped first. A node behind the memory
    gets the whole list.
    """

    def __init__(self, lease_s: float, keep_s: float, max_nodes: int) -> None:
        self.lease_s = lease_s
        self.keep_s = keep_s
        self.max_nodes = max_nodes
        self.version = 1
        self._live: dict[str, Lease] = {}  # longest unheard first
        self._names: dict[str, str] = {}  # folded name -> ring key, of the live leases
        self._gone: dict[str, Gone] = {}  # longest gone first
        self._changes: list[tuple[int, str]] = []  # (version, ring key), ascending; some outdated
        self._complete_from = 0  # changes after this version are all known
        self._keys: tuple[int, list[str]] = (0, [])  # live ring keys in order, and the version

    def __len__(self) -> int:
        return len(self._live)

    def announce(self, record: NodeRecord, counter: int, now: float) -> bool:
        """Grant or renew a lease. Returns whether this life of the node is new here. Raises Replay, Denied."""
        key, lease = record.key, self._live.get(record.key)
        if lease is None:
            self._check_gone(record.id, counter)
            self._check_name(record)
            if len(self._live) >= self.max_nodes:
                raise Denied(f"the directory is full ({self.max_nodes} nodes): raise its limits.nodes")
            self._gone.pop(key, None)
            self._names[folded(record.name)] = key
            self._live[key] = Lease(record, counter, now, self._change(key))
            return True
        known = lease.record
        if place(record) != place(known):
            raise Denied(
                f"ring key {key} belongs to the live node {known.name} at {known.ip} port {known.link_port}: "
                "give each node a ring key of its own (node.ring_key)"
            )
        if record.incarnation < known.incarnation:
            raise Denied(
                f"a later start of this node (incarnation {known.incarnation}, this one is {record.incarnation}) is "
                "live: stop one, or give each node a ring key of its own (node.ring_key)"
            )
        self._check(lease, record.id, counter)
        restarted = record.incarnation > known.incarnation
        if known.leaving and not restarted:  # a node never takes the leaving back
            record = msgspec.structs.replace(record, leaving=True)
        if record != known:
            lease.record, lease.version = record, self._change(key)
        del self._live[key]
        self._live[key] = lease
        lease.counter, lease.heard = counter, now
        return restarted

    def depart(self, sender: Incarnation, counter: int, now: float) -> NodeRecord | None:
        """End a lease at once, and return the lease's record; None if there is no lease. Raises Replay.

        Only the life that has the lease can end the lease: the farewell of a node that was refused, because a living
        node has the ring key already, says nothing of the living node.
        """
        lease = self._live.get(sender.key)
        if lease is None or sender.number != lease.record.incarnation:
            return None
        self._check(lease, sender, counter)
        self._end(lease, counter, departed=True, now=now)
        return lease.record

    def touch(self, sender: Incarnation, counter: int) -> bool:
        """Note a request of a node. Returns whether the node has a lease. Raises Replay."""
        lease = self._live.get(sender.key)
        if lease is None or lease.record.incarnation != sender.number:
            return False
        self._check(lease, sender, counter)
        lease.counter = counter
        return True

    def expire(self, now: float) -> list[NodeRecord]:
        """End the leases that ran out, and return the records."""
        expired = []
        for lease in list(self._overdue(now)):
            self._end(lease, lease.counter, departed=False, now=now)
            expired.append(lease.record)
        while self._gone:
            key, gone = next(iter(self._gone.items()))
            if len(self._gone) <= self.max_nodes and now - gone.at <= self.keep_s:
                break
            del self._gone[key]
            self._complete_from = max(self._complete_from, gone.version)
        return expired

    def since(self, version: int) -> tuple[int, Iterator[tuple[int, NodeRecord | Removed]]]:
        """Return the changes after `version`, as (from where, (version, change) ascending); from 0 if too long ago."""
        if not self._complete_from <= version <= self.version:
            version = 0
        return version, self._after(version)

    def public(self, after: str) -> Iterator[Lease]:
        """Yield the live leases after the ring key `after`, in the order of ring keys."""
        if self._keys[0] != self.version:
            self._keys = (self.version, sorted(self._live))
        keys = self._keys[1]
        for index in range(bisect_right(keys, after), len(keys)):
            yield self._live[keys[index]]

    def _after(self, version: int) -> Iterator[tuple[int, NodeRecord | Removed]]:
        start = bisect_right(self._changes, version, key=lambda change: change[0])
        for index in range(start, len(self._changes)):
            at, key = self._changes[index]
            lease, gone = self._live.get(key), self._gone.get(key)
            if lease is not None and lease.version == at:
                yield at, lease.record
            elif version and gone is not None and gone.version == at:
                yield at, Removed(key, gone.incarnation, gone.departed)

    def _overdue(self, now: float) -> Iterator[Lease]:
        for lease in self._live.values():
            if now - lease.heard < self.lease_s:
                return
            yield lease

    def _end(self, lease: Lease, counter: int, *, departed: bool, now: float) -> None:
        record = lease.record
        del self._live[record.key]
        self._names.pop(folded(record.name), None)
        self._gone[record.key] = Gone(record.incarnation, counter, departed, self._change(record.key), now)

    def _change(self, key: str) -> int:
        self.version += 1
        self._changes.append((self.version, key))
        if len(self._changes) > 2 * (len(self._live) + len(self._gone)) + 64:
            current = {lease.version for lease in self._live.values()} | {gone.version for gone in self._gone.values()}
            self._changes = [change for change in self._changes if change[0] in current or change[0] == self.version]
        return self.version

    def _check(self, lease: Lease, sender: Incarnation, counter: int) -> None:
        if (sender.number, counter) <= (lease.record.incarnation, lease.counter):
            raise Replay

    def _check_name(self, record: NodeRecord) -> None:
        """Deny a name that a live lease of another ring key has.

        A name is free when the other lease has ended, in order or not.
        """
        key = self._names.get(folded(record.name))
        if key is not None:
            other = self._live[key].record
            raise Denied(
                f"the name {record.name} belongs to the live node at {other.ip} port {other.link_port} "
                f"(ring key {key}): give each node a name of its own (node.name)"
            )

    def _check_gone(self, sender: Incarnation, counter: int) -> None:
        gone = self._gone.get(sender.key)
        if gone is None:
            return
        if (sender.number, counter) <= (gone.incarnation, gone.counter):
            raise Replay
        if gone.departed and sender.number <= gone.incarnation:  # the life that departed is over
            raise Replay


def folded(name: str) -> str:
    """Fold a node's name: names of nodes are host names, so case does not count."""
    return name.casefold()


def place(record: NodeRecord) -> tuple[str, str, int]:
    """Return the facts by which two live nodes with one ring key differ, and two lives of one node do not."""
    return (record.name, record.ip, record.link_port)
