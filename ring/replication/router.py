"""Give each message about a group to the role that this node has in the group.

Where a message is always for one role, the engine gives the message to the role itself. The messages here may meet this
node in more than one role; most of all, a message under a higher term may meet a master. Then the master steps aside
first (P22, P24), and the message is handled by what this node is to the group afterwards.
"""

from __future__ import annotations

from ring.ids import NO_TERM, GroupId, Incarnation, Term
from ring.replication.progress import Master, Step
from ring.replication.replicas import Follower
from ring.replication.restore import restore
from ring.replication.role_port import RolePort
from ring.replication.roles import Roles
from ring.wire.group import NotOwner
from ring.wire.log import RawEntry
from ring.wire.replication import Append, Install, Installed, MergeOffer, Publish, Resync, StaleTerm


class Router:
    """Handle messages that concern a group in whatever role."""

    def __init__(self, port: RolePort, roles: Roles) -> None:
        self._port = port
        self._roles = roles
        self._masters = port.replicas.masters
        self._followers = port.replicas.followers

    def on_not_owner(self, sender: Incarnation, message: NotOwner) -> None:
        """Learn from the sender which node masters the group."""
        self._port.learn(message.records)
        yielded = self._port.submits.yielded(message.group, sender)
        if message.master != sender.key:
            self._roles.master_named(message.group, message.master, sender)
            if yielded:
                self._port.resend(message.group)  # the commands waited for this word, be it news or not

    # Entries and commands of a master -------------------------------------------------------------------------------

    def on_publish(self, sender: Incarnation, message: Publish) -> None:
        """Follow the sender's entries. An entry `Handed` to this node makes this node the master (P24)."""
        handed = message.entries[-1].handed if message.entries else None
        if handed is not None and handed.key == self._port.me.key:
            self._on_last_entry(sender, message.group, message.entries[-1])
            return
        f = self._follower(sender, message.group, message.term)
        if f is not None:
            self._roles.followers.publish(f, sender, message)

    def _follower(self, sender: Incarnation, group: GroupId, term: Term) -> Follower | None:
        """Return the follower that a master's entries concern. None: there is none here, or the term is over.

        A node without a replica asks the sender for the whole replica.
        """
        m = self._masters.get(group)
        if m is not None:
            handed = m.is_handed
            if term <= m.replica.term and not handed:
                return None
            if term > m.replica.term:
                self._step_aside(m, term, sender)
        elif self._roles.incoming.awaits(group) and group not in self._followers:
            return None
        f = self._followers.get(group)
        if f is None and not self._roles.acks.is_parting(group) and (m is None or group not in self._masters):
            self._port.send(sender.key, Resync(group, (), 0))
        return f

    def _step_aside(self, m: Master, term: Term, sender: Incarnation) -> None:
        """Master the group no more, for the sender speaks under a higher term: the term of this node's own hand-off, or
        another."""
        if not self._roles.handoffs.concludes(m, term):
            self._roles.yield_to(m, sender.key)

    def on_append(self, sender: Incarnation, message: Append) -> None:
        """Hold the sender's commands as a backup, or say that the term is over (P12, P21)."""
        port, group = self._port, message.group
        m = self._masters.get(group)
        if m is not None:
            if message.term <= m.replica.term:
                port.send(sender.key, StaleTerm(group, m.replica.term))
                return
            self._step_aside(m, message.term, sender)
        f = self._followers.get(group)
        if f is not None:
            self._roles.followers.append(f, sender, message)
        elif not self._roles.incoming.awaits(group):
            port.send(sender.key, Resync(group, (), 0))

    def on_stale_term(self, sender: Incarnation, message: StaleTerm) -> None:
        """Yield to a higher term that another node has promised (P21): the pending commands of this term are void."""
        m = self._masters.get(message.group)
        if m is not None and message.term > m.replica.term and message.term != NO_TERM:
            self._roles.yield_to(m, message.term.key)

    # Hand-off and merge ---------------------------------------------------------------------------------------------

    def on_install(self, sender: Incarnation, message: Install) -> None:
        """Keep the replica of an old master for a hand-off, unless this node masters the group already."""
        port, group = self._port, message.group
        m = self._masters.get(group)
        if m is None:
            self._roles.incoming.install(sender, message)
        elif message.term == m.replica.term:  # repeated after this node began to serve
            port.send(sender.key, Installed(group, message.term, m.replica.seq))
        elif not message.snapshot.lineage or message.snapshot.lineage[-1][0] < m.replica.term:
            # Two masters (P22). The term of this node is higher: the other master learns so and follows.
            port.send(sender.key, Publish(group, m.replica.term, m.replica.seq, []))
        else:
            self._roles.yield_to(m, sender.key)

    def _on_last_entry(self, sender: Incarnation, group: GroupId, entry: RawEntry) -> None:
        """Serve the group: the last entry of the old term, `Handed` to this node, has come."""
        roles = self._roles
        if group not in self._masters:
            held = self._port.replicas.incoming.get(group)
            if held is None or not held.is_ended_by(sender, entry):
                # The installed replica is lost, or a higher term is promised: the old master still has the group.
                self._port.replicas.incoming.pop(group, None)
                recovery = roles.find(group)
                if held is not None and recovery is not None:
                    recovery.parked.extend(held.parked)
                return
            roles.serve_handed(held, entry)
        served = self._masters[group].replica
        self._port.send(sender.key, Installed(group, served.term, served.seq))

    def on_merge_offer(self, sender: Incarnation, message: MergeOffer) -> None:
        """Take in the fork that another node offers, or yield if the fork has the higher term (P22).

        A hand-off that has not placed `Handed` is given up first: the merge comes first.
        """
        port, roles, group = self._port, self._roles, message.group
        m = self._masters.get(group)
        if m is None:
            roles.incoming.void(group, sender)
            roles.park(group, sender, message)
            return
        if m.is_handed:
            port.bounce(sender.key, group, port.target(group))
            return
        if m.handoff is not None:
            if m.handoff.step >= Step.PLACED:
                return  # the sender repeats the offer, and then asks the new master
            roles.handoffs.give_up(m)  # the group is handed on a moment later, with the fork
        theirs = restore(group, port.kinds[group.kind], message.snapshot)
        if theirs.term > m.replica.term:
            roles.yield_to(m, sender.key)
        else:
            roles.merges.offered(m, sender, theirs)
