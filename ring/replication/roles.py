"""What this node is to each group, and how this changes: the one place that knows all four roles.

Theory of operation
===================

A node is to a group one of: master, follower, recovering, receiver of a hand-off, or nothing (replicas.py has the
tables). A role does its own work, and knows no other role. What a role cannot do alone, the role names by a method of
its port, and this file does it:

    nothing, follower -> recovery   `find`          this node may have to serve the group
    recovery -> follower, nothing   `send_on`       another node masters or recovers the group
    any      -> master              `serve`         under a new term: after a recovery, a hand-off, or `prevail`
    incoming -> master              `serve_handed`  the last entry of the old term has come
    follower -> master              `prevail`       the replica here outweighs the master's replica
    master   -> follower            `yield_to`      another node masters the group under a higher term (P22)
    master   -> follower, nothing   `retire`        the hand-off is over (P24)
    master   -> follower, recovery  `resign`        this node was stopped, and may have been replaced (P20)
    nothing  -> follower            `keep`          a replica was read from disk, or fetched for reading

Two ways lead to nothing: a follower drops a group (`FollowedReplicas.drop`), a master forgets an empty group
(`Maintenance`). broken.py stops a group in whatever role (P43).

Invariants
    A node that masters a group is nothing else to the group.
    `serve` is the only way to become a master, and every other role of this node in the group ends there.
    `master_known` is the one event that says so to commands, barriers, watches, questions and history queries: whenever
    another master is known, this node or another. What only another node says is judged first (hearsay.py).
"""

from __future__ import annotations

from collections.abc import Mapping

from ring.history.query import HistoryQueries
from ring.ids import GroupId, Incarnation, Term
from ring.replication.absent import AbsentGroups
from ring.replication.acks import Acks
from ring.replication.backups import Backups
from ring.replication.barrier import Barriers
from ring.replication.fanout import Fanout
from ring.replication.followed import FollowedReplicas
from ring.replication.follower import Followers
from ring.replication.forks import Forks
from ring.replication.handoff import Handoffs
from ring.replication.hearsay import Hearsay
from ring.replication.incoming import IncomingHandoffs
from ring.replication.maintenance import Maintenance
from ring.replication.master import Masters
from ring.replication.merge import Merges
from ring.replication.mistakes import Mistakes
from ring.replication.owed import OwedForks
from ring.replication.people import People
from ring.replication.progress import Master
from ring.replication.promises import Promises
from ring.replication.recovery import Recoveries
from ring.replication.replica import Replica
from ring.replication.replicas import PARKED, Follower, IncomingHandoff, Parkable, Recovery
from ring.replication.returning import CatchUp
from ring.replication.role_port import RolePort
from ring.replication.safety import Safety
from ring.replication.shared import outweighs
from ring.replication.silent import SilentNodes
from ring.rpc import Rpc
from ring.storage.journal import Journal
from ring.watch import Watches
from ring.wire.group import Barrier, Question, Submit
from ring.wire.log import Entry, RawEntry
from ring.wire.replication import Held, MergeOffer, Resync, StaleTerm
from ring.work import FEW, in_turn


class Roles:
    """Make the roles of one node, and move groups from role to role."""

    def __init__(
        self,
        port: RolePort,
        people: People,
        journal: Journal,
        barriers: Barriers,
        watches: Watches,
        rpc: Rpc,
        history: HistoryQueries,
        owed: OwedForks,
        catch_up: CatchUp,
    ) -> None:
        self._port = port
        self._replicas = port.replicas
        self._journal = journal
        self._barriers = barriers
        self._watches = watches
        self._rpc = rpc
        self._history = history
        self._owed = owed
        self._catch_up = catch_up
        self._hearsay = Hearsay(port)
        self._held_back: dict[GroupId, dict[str, None]] = {}  # group -> ring keys of edges to be sent on later
        self.absent = AbsentGroups(port)
        # The master.
        mistakes, safety = Mistakes(port), Safety(port, journal)
        self.fanout = Fanout(port, barriers)
        self.handoffs = Handoffs(port, journal)
        self.merges = Merges(port)
        self.masters = Masters(
            port, people, journal, watches, history, catch_up, mistakes, safety, self.fanout, self.handoffs, self.merges
        )
        self.backups = Backups(port, journal, safety, self.fanout, self.masters)
        self.silent = SilentNodes(port, journal)
        self.maintenance = Maintenance(
            port, journal, mistakes, self.fanout, self.handoffs, self.masters, self.backups, self.silent
        )
        # The follower.
        self.acks = Acks(port, journal)
        self.followed = FollowedReplicas(port, people, journal, self.acks, catch_up)
        self.forks = Forks(port, owed, self.followed)
        self.followers = Followers(port, people, owed, self.acks, catch_up, self.followed)
        # On the way to mastering a group.
        self.recoveries = Recoveries(port, rpc, owed, self.silent, self.absent)
        self.promises = Promises(port)
        self.incoming = IncomingHandoffs(port)

    def tick(self) -> None:
        """Run the timers of the roles, but for those of forks."""
        self.fanout.tick()
        self.followers.tick()
        self.recoveries.tick()
        self.handoffs.tick()
        self.incoming.tick()

    # Who masters the group? -----------------------------------------------------------------------------------------

    def find(self, group: GroupId, *, curious: bool = False) -> Recovery | None:
        """Begin a recovery of the group, or return the recovery under way. None: the group is served here, is about to
        be handed over to this node, or has stopped here.

        curious: the caller only wants to answer a question. A group that nobody holds is not served for a question.
        """
        replicas = self._replicas
        recovery = replicas.recoveries.get(group)
        if recovery is not None:
            recovery.curious = recovery.curious and curious
            return recovery
        if group in replicas.masters or self.incoming.awaits(group) or group in replicas.stopped:
            return None
        return self.recoveries.begin(group, curious=curious)

    def park(self, group: GroupId, sender: Incarnation, message: Parkable) -> None:
        """Handle a message for a group that this node does not master: send the sender on to the owner, or park the
        message and begin a recovery if this node is the owner."""
        port = self._port
        recovery = self._replicas.recoveries.get(group)
        if recovery is None and not self.incoming.awaits(group):
            owner = port.target(group)
            if owner != port.me.key and self.holds_back(group, owner, sender, message):
                return
            if owner not in (port.me.key, sender.key):
                port.bounce(sender.key, group, owner)
                return
            if port.peers.acting(group) != port.me.key:
                # The sender is the owner that this node would name: the sender has to recover the group itself.
                if isinstance(message, Resync | MergeOffer | Submit | Barrier):
                    port.bounce(sender.key, group, owner)
                return
            recovery = self.find(group, curious=isinstance(message, Question))
        if recovery is None:
            self.incoming.park(group, sender, message)
        elif len(recovery.parked) < PARKED:
            recovery.parked.append((sender, message))
            recovery.curious = recovery.curious and isinstance(message, Question)

    def holds_back(self, group: GroupId, master: str, sender: Incarnation, message: Parkable) -> bool:
        """Tell whether a command of another edge waits, as this edge's own commands do: the master's log may lack lines
        that this node has answered (P25). The edge is named the master later (`send_back`), and repeats the command.

        An edge's barrier waits with the commands: the master without the lines would say that all has settled.
        """
        if not isinstance(message, Submit | Barrier) or not self.followers.holds_back(group, master):
            return False
        if group in self._held_back or len(self._held_back) < PARKED:
            self._held_back.setdefault(group, {})[sender.key] = None
        return True

    def send_back(self, group: GroupId) -> None:
        """Name the group's master to the edges whose commands were held back, once nothing holds the commands back."""
        if group not in self._held_back:
            return
        target = self._port.target(group)
        if target == self._port.me.key or not self.followers.holds_back(group, target):
            for key in self._held_back.pop(group):
                if target not in (self._port.me.key, key):
                    self._port.bounce(key, group, target)

    def send_on(self, group: GroupId, master: str) -> None:
        """Go on with another node that masters or recovers the group, instead of recovering the group here."""
        self._port.hint(group, master)
        followed = self._replicas.followers.get(group)
        if followed is not None:
            self.followers.redirect(followed, master)
        self.master_known(group)

    def master_named(self, group: GroupId, master: str, sender: Incarnation) -> None:
        """Go on with the master that the sender names, which may be this node, if the sender is to be believed."""
        port = self._port
        port.hint(group, master)
        followed = self._replicas.followers.get(group)
        if followed is not None:
            self.followers.redirect(followed, master, sender.key)
        if self._hearsay.is_news(group, port.target(group)):
            self.master_known(group)

    def master_known(self, group: GroupId) -> None:
        """Send what waits here for the group's master to the master known now: this node, or `Port.target`."""
        self._port.resend(group)
        self._barriers.master_known(group)
        self._watches.master_known(group)
        self._rpc.master_known(group)
        self._history.master_known(group)

    # This node ------------------------------------------------------------------------------------------------------

    def serve(self, replica: Replica, term: Term) -> None:
        """Master the group from this replica on, under this term: the only way to become the master.

        Forks that this node owes are taken in before the parked messages are handled, and people here go on to see the
        fork that they know until the merge is committed (P25).
        """
        port, group = self._port, replica.group
        recovery = self._replicas.recoveries.pop(group, None)
        followed = self._replicas.followers.pop(group, None)
        self._replicas.incoming.pop(group, None)
        replica.begin_term(term)
        replica.is_ahead = False  # no other node has more
        m = Master(replica)
        if followed is not None and followed.fork is not None and followed.shown is not replica:
            m.unmerged = followed.shown
            self._owed.add(followed.shown)
        self._lead(m, recovery.held if recovery is not None else {})
        self._owed.take_in(m)
        if recovery is not None and recovery.doubtful:
            self.masters.doubt(m, over=False)
        self.masters.reveal(m)
        for sender, message in recovery.parked if recovery is not None else ():
            if not (isinstance(message, Resync) and message.lineage and self.fanout.is_told(m, sender)):
                port.receive_again(sender, message)
        self.master_known(group)

    def _lead(self, m: Master, held: Mapping[str, Held]) -> None:
        """Begin to serve the group under its new term. held: what other nodes have told the recovery."""
        group = m.replica.group
        self._replicas.lead(m)
        self.absent.appeared(group)
        if m.unmerged is None:
            self._catch_up.caught_up(group)
        m.replica.is_cold = False
        self._journal.adopt(m.replica)
        self._replicas.looks.soon(group, self._port.now)
        m.asked_at = self._port.now
        self.fanout.begin(m, held)
        self.backups.begin(m)
        self._port.mastering(group)

    def install(self, replica: Replica) -> None:
        """Follow this replica instead of the replica followed so far, if any: this node is about to serve the
        replica."""
        followed = self._replicas.followers.get(replica.group)
        if followed is not None:
            self.followed.install(replica, followed, self._port.me.key, followed.replica.seq)

    def prevail(self, f: Follower, theirs: Replica, master: str) -> None:
        """Master the group with the replica here, which outweighs the master's replica: the other master then
        offers."""
        port, ours = self._port, f.replica
        number = max(ours.highest_term.number, theirs.highest_term.number) + 1
        port.note("takeover", ours.group, term=number, seq=ours.seq, over=theirs.term.number)
        self.serve(ours, Term(number, port.me.key, port.me.number))
        port.send(master, StaleTerm(ours.group, ours.term))

    def serve_handed(self, held: IncomingHandoff, entry: RawEntry) -> None:
        """Add `Handed` to the installed replica, and master the group from there under the new term (P24)."""
        port, replica, group = self._port, held.replica, held.replica.group
        followed = self._replicas.followers.get(group)
        replica.advance(Entry(entry.seq, entry.at, None, 0, 0, None, None, held.term))
        if followed is not None and (followed.replica.term, followed.replica.seq) != (replica.term, replica.seq):
            if outweighs(followed.replica, replica):
                self.prevail(followed, replica, held.sender.key)
            else:
                self.install(replica)
        if group not in self._replicas.masters:
            self.serve(replica, held.term)
        took_ms = round((port.now - held.since) * 1000, 1)
        port.note(
            "hand_off_received", group, peer=held.sender.key, term=held.term.number, seq=replica.seq, took_ms=took_ms
        )
        for sender, message in held.parked:
            port.receive_again(sender, message)

    # Another node ---------------------------------------------------------------------------------------------------

    def yield_to(self, m: Master, key: str) -> None:
        """Stop mastering the group for a higher term, and offer this node's log to the new master (P22)."""
        port, group = self._port, m.replica.group
        self._replicas.resign(group)
        self._end_mastering(group)
        port.note("stepped_down", group, term=m.replica.term.number, seq=m.replica.seq)
        for follower in m.followers:
            if follower != key:
                port.bounce(follower, group, key)  # a backup without members would not hear of the new master
        f = self.followed.keep(m.replica, key)
        self.forks.begin(f, m.shown)
        if m.unmerged is not None:
            self._owed.add(m.replica)  # people here do not know that replica, so the fork is not of that replica
        port.hint(group, key)
        self.followers.resync(f)
        self.master_known(group)

    def _end_mastering(self, group: GroupId) -> None:
        """Forget merges and the hand-off of a group that this node masters no more."""
        self.merges.forget(group)
        self.handoffs.stop(group)

    def retire(self, m: Master, to: Incarnation) -> None:
        """Stop mastering a group that was handed over. Follow the new master if members sit here (P24)."""
        port, group = self._port, m.replica.group
        self._replicas.resign(group)
        f = self.followed.keep_mastered(m.replica)
        if f is not None:
            f.master = to.key
            self.followers.resync(f)
        port.hint(group, to.key)
        self.master_known(group)

    def resign_all(self) -> None:
        """Resign all groups after a stop of this node: other nodes may serve the groups by now (P20). This node serves
        none on. Of many groups, most are found in slices (P23); a command or a question finds its group before."""
        masters = [m for m in self._replicas.masters.values() if not m.is_handed]
        for m in masters[:FEW]:
            self.resign(m)
        rest = masters[FEW:]
        for m in rest:
            self._step_down(m)
        if rest:
            self._port.in_slices(in_turn(self._port, [m.replica.group for m in rest], self._find_still))

    def _find_still(self, group: GroupId) -> None:
        if group in self._replicas.followers and group not in self._replicas.recoveries:
            self.find(group)

    def resign(self, m: Master) -> None:
        """Stop serving the group, keep the replica, and find out whether another node serves the group: if none does,
        this node serves on under a new term. A group that was handed on stays as before."""
        if not m.is_handed:
            self._step_down(m)
            self.find(m.replica.group)

    def _step_down(self, m: Master) -> None:
        group = m.replica.group
        self._replicas.resign(group)
        self._end_mastering(group)
        f = self.keep(m.replica, self._port.me.key)
        if m.unmerged is not None:
            self.followed.part(f, m.unmerged)

    def keep(self, replica: Replica, master: str) -> Follower:
        """Hold a group as a backup does, without a known master: the named node is asked."""
        f = self.followed.keep(replica, master)
        f.is_backup = True
        return f
