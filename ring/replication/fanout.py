"""What a master sends to the other nodes of a group: commands to backups, entries to followers, probes to laggards.

Theory of operation
===================

Each other node with a part in the group has a `Progress`. A progress is unconfirmed at first: the master sends a probe
(a `Publish` without entries), and the node answers with `Ack` or with `Resync`. Either answer makes the progress
confirmed, and a confirmed node is sent every new entry. A node that lags is probed again, with growing pauses; a node
that had everything until now is given PROBE_S to acknowledge.

    append         a placed command goes to all backups, in the turn's last `Append` to each (P12)
    publish        a committed entry goes to all confirmed nodes, in the turn's last `Publish` to each (P41)
    answer         a `Resync` is answered by the missing entries, or by the whole replica (P16)
    refollow       the followers become the nodes where members sit (P15)
    chase          nodes behind the log are probed

Invariants
    `lagging` names every group with a live node behind the log; it may name more groups, never fewer.
    A node that leaves (`part`) is forgotten only once the node has acknowledged the whole log, or is dead.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from ring.durations import PROBE_MAX_S, PROBE_S
from ring.ids import GroupId, Incarnation
from ring.replication.barrier import Barriers
from ring.replication.lineage import fork_point
from ring.replication.progress import Master, Progress
from ring.replication.raw import as_raw, as_raw_commands
from ring.replication.replica import Replica
from ring.replication.role_port import RolePort
from ring.wire.log import Command, Entry, Lineage, RawEntry, Snapshot
from ring.wire.replication import Append, Continue, Held, Publish, Replace, Resync

TAIL = 32
"""A node's first snapshot carries so many of the last entries. If the node has to serve the group a moment later, as on
a small side of a partition, the node's people are told what was said just before (P14)."""


CHASED = 200
"""A tick looks at the followers of at most so many lagging groups. More groups take turns."""


class Fanout:
    """Send the groups mastered here to the other nodes, and count what these nodes have."""

    def __init__(self, port: RolePort, barriers: Barriers) -> None:
        self._port = port
        self._barriers = barriers
        self.lagging: dict[GroupId, None] = {}  # every group with a follower that has not acknowledged the whole log

    def progress(self, edge: Incarnation, acked: int, *, confirmed: bool) -> Progress:
        """Return the record of a node that begins to follow."""
        now = self._port.now
        return Progress(edge, acked, confirmed=confirmed, probe_at=now + PROBE_S, since=now)

    # Commands and entries -------------------------------------------------------------------------------------------

    def append(self, m: Master, command: Command) -> None:
        """Send a placed command to all backups."""
        self.lagging[m.replica.group] = None
        for backup in m.backups:
            self._append(m, backup, command)

    def _append(self, m: Master, backup: Progress, command: Command) -> None:
        """Add a command to the last Append for this backup, or begin an Append: a turn needs one message."""
        group, term = m.replica.group, m.replica.term
        if backup.held >= command.seq - 1:
            backup.probe_at = self._port.now + PROBE_S
        out = self._port.outgoing(backup.edge.key)
        last = out[-1] if out else None
        if type(last) is Append and last.group == group and last.term == term:
            last.commands.append(*as_raw_commands([command]))
        else:
            out.append(Append(group, term, as_raw_commands([command])))

    def send_pending(self, m: Master, backup: Progress) -> None:
        """Send all pending commands to a backup, which leaves out the commands that the backup has already."""
        replica = m.replica
        self._port.send(backup.edge.key, Append(replica.group, replica.term, as_raw_commands(replica.pending)))

    def publish(self, m: Master, entry: Entry) -> None:
        """Add an entry to the last Publish for each confirmed follower, or begin a Publish."""
        group, term, now = m.replica.group, m.replica.term, self._port.now
        self.lagging[group] = None
        packed: list[RawEntry] = as_raw([entry])
        for key, follower in m.followers.items():
            if not follower.confirmed:
                continue
            if follower.acked >= entry.seq - 1:
                follower.probe_at = now + PROBE_S
            out = self._port.outgoing(key)
            last = out[-1] if out else None
            if type(last) is Publish and last.group == group and last.term == term and last.head == entry.seq - 1:
                last.entries.extend(packed)
                out[-1] = Publish(group, term, entry.seq, last.entries)
            else:
                out.append(Publish(group, term, entry.seq, packed[:]))

    # Who follows ----------------------------------------------------------------------------------------------------

    def begin(self, m: Master, held: Mapping[str, Held]) -> None:
        """Tell all nodes where members sit of the new term. A node that has promised this term has said what the node
        has, and is sent the rest of the log at once; any other node is probed.

        held: what the nodes hold, by ring key, as the recovery was told.
        """
        unfit = self._port.peers.unfit_for(m.replica.group)
        for edge in m.replica.state.subscribers:
            if edge.key in unfit:
                continue
            known = m.followers.get(edge.key)
            if edge.key != self._port.me.key and (known is None or known.edge.number < edge.number):
                m.followers[edge.key] = self.progress(edge, 0, confirmed=False)
                m.followers[edge.key].sits = True
        for key, follower in m.followers.items():
            theirs = held.get(key)
            if theirs is None or not self._continue(m, follower, theirs.lineage, theirs.seq):
                self.probe(m, follower)
        self.lagging[m.replica.group] = None

    def refollow(self, m: Master) -> None:
        """Make the followers equal to the nodes where members sit, read from the state (P15)."""
        replica, me = m.replica, self._port.me.key
        subscribers, unfit = replica.state.subscribers, self._port.peers.unfit_for(replica.group)
        for edge in subscribers:
            if edge.key == me or edge.key in unfit:
                continue
            follower = m.followers.get(edge.key)
            if follower is None or follower.leaving or follower.edge.number < edge.number:
                self._begin_following(m, edge)
            elif follower.edge == edge:
                follower.sits = True
        for follower in m.followers.values():
            if follower.sits and follower.edge not in subscribers:
                follower.sits = False
                if not follower.is_backup:
                    self.part(m, follower)

    def _begin_following(self, m: Master, edge: Incarnation) -> None:
        """Send the group to a node for the node's first member, or probe a node that may have another log."""
        replica = m.replica
        if replica.log and replica.log[-1].side is not None:  # a merge: the node may have the log of the other side
            follower = m.followers[edge.key] = self.progress(edge, 0, confirmed=False)
            self.probe(m, follower)
        else:  # the snapshot has this very entry, which the follower shows from the tail (P41)
            follower = m.followers[edge.key] = self.progress(edge, replica.seq - 1, confirmed=True)
            self._port.send(edge.key, Replace(replica.group, replica.snapshot(replica.seq - TAIL), replica.seq - 1))
        follower.sits = True
        self.lagging[replica.group] = None

    def part(self, m: Master, follower: Progress) -> None:
        """Let a follower go that has no part in the group any more: the entry published last tells the follower so."""
        follower.leaving = True
        if not follower.confirmed:  # the follower is sent no entries of this term: wait for no acknowledgement
            follower.acked = m.replica.seq

    def settle(self, m: Master) -> None:
        """Forget followers that have left, and answer barriers: a follower has acknowledged more."""
        gone: list[str] | None = None
        for key, follower in m.followers.items():
            if follower.leaving and follower.acked >= m.replica.seq:
                gone = [key] if gone is None else [*gone, key]
        for key in gone or ():
            del m.followers[key]
        if m.barriers:
            self._barriers.advance(m)

    # Who lags -------------------------------------------------------------------------------------------------------

    def answer(self, m: Master, sender: Incarnation, message: Resync) -> None:
        """Send a follower the missing entries. A node without members is sent the replica, which says so."""
        follower = m.followers.get(sender.key)
        if follower is None or follower.edge != sender:
            # No member sits on the sender. A sender that thinks otherwise learns so from the state.
            fork = fork_point(m.replica.lineage, m.replica.seq, message.lineage, message.seq)
            shown = m.replica.seq if fork == message.seq else fork
            self._port.send(sender.key, Replace(message.group, _whole(m.replica, message, shown), shown))
            return
        if not message.lineage and follower.leaving:
            follower.acked = m.replica.seq
            self.settle(m)
            return
        self._catch_up(m, follower, message)
        if follower.is_backup:
            self.send_pending(m, follower)

    def _catch_up(self, m: Master, follower: Progress, message: Resync) -> None:
        """Send the missing entries if the follower's log is a prefix of this log and this log reaches back so far.
        Otherwise send the whole replica (P16)."""
        if self._continue(m, follower, message.lineage, message.seq):
            return
        replica = m.replica
        shown = fork_point(replica.lineage, replica.seq, message.lineage, message.seq) or follower.acked
        snapshot = _whole(replica, message, shown)
        self._port.send(follower.edge.key, Replace(replica.group, snapshot, shown, follower.is_backup))
        self._confirmed(follower)

    def _continue(self, m: Master, follower: Progress, lineage: Lineage, seq: int) -> bool:
        """Send what follows on the follower's log of this lineage up to `seq`. Returns whether that can be done."""
        replica = m.replica
        entries = replica.after(seq) if replica.extends(lineage, seq) else None
        if entries is None:
            return False
        self._port.send(follower.edge.key, Continue(replica.group, replica.lineage, replica.seq, as_raw(entries)))
        self._confirmed(follower)
        return True

    def _confirmed(self, follower: Progress) -> None:
        follower.confirmed = True
        follower.probe_at = self._port.now + PROBE_S

    def is_told(self, m: Master, sender: Incarnation) -> bool:
        """Tell whether the node is sent the log of this term already, and lacks nothing that was not sent."""
        follower = m.followers.get(sender.key)
        return follower is not None and follower.edge == sender and follower.confirmed

    def probe(self, m: Master, follower: Progress) -> None:
        """Tell the follower how far the log goes: the follower acknowledges, or asks for the missing entries."""
        now = self._port.now
        follower.probe_at = now + min(PROBE_S * 2**follower.probes, PROBE_MAX_S)
        follower.probes = min(follower.probes + 1, 8)
        self._port.send(follower.edge.key, Publish(m.replica.group, m.replica.term, m.replica.seq, []))
        if follower.is_backup and (m.replica.pending or follower.held < 0):
            self.send_pending(m, follower)

    def tick(self) -> None:
        """Probe the followers that lag, of some hundred groups in turn (P23)."""
        for group in list(islice(self.lagging, CHASED)):
            del self.lagging[group]
            m = self._port.replicas.masters.get(group)
            if m is not None and self._chase(m):
                self.lagging[group] = None

    def _chase(self, m: Master) -> bool:
        """Probe the followers that lag. Returns whether any live follower lags."""
        peers, lag = self._port.peers, False
        for key, follower in list(m.followers.items()):
            if follower.acked >= m.replica.seq and (not follower.is_backup or follower.held >= m.replica.head):
                continue
            if not peers.is_current(follower.edge):
                if follower.leaving:
                    del m.followers[key]
                continue
            lag = True
            if self._port.now >= follower.probe_at:
                self.probe(m, follower)
        return lag


def _whole(replica: Replica, message: Resync, shown: int) -> Snapshot:
    """Return the replica for a node that knows the log up to `shown`. A node that names no log asks for everything, and
    may have another log on disk: the whole log tells which of the two would lose more by a merge (`outweighs`)."""
    return replica.snapshot(shown if message.lineage else None)
