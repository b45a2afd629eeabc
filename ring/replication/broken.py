"""Groups that a mistake of the program has stopped on this node, and how other nodes are told (P43).

Theory of operation
===================

A mistake that shows while a committed entry is applied would show on every node that has the entry. Crash-only nodes
would then end one after the other, each successor taking over the group that ended the node before. So the group alone
stops, on the node where the mistake showed: the node keeps no replica in use, takes the group over no more in this
life, and leaves on disk what was written before. The operator reads `group_broken` in the log and in `circlet status`;
the group is tried again when the node is started again.

A node that is asked to follow, hold or serve such a group says `Stopped`. The group's master then does without that
node: the master awaits no acknowledgement from the node and has another node hold the group. Where the master has
stopped the group, the next owner takes the group over, at most once in each life of a node. Where the mistake is in
the entry itself, the group so stops on all nodes with a replica, and every command submitted to the group fails.

    a mistake while a command is judged                     the command alone fails (mistakes.py)
    a mistake while an entry is applied or shown            the group stops here (`stop`)
    entries that this build cannot read, again and again    the group stops here (`stop_unread`, P42)
    a mistake while a question is answered                  the question has no answer, the group goes on

Invariants
    A group in `groups` stays there for the life of the node.
    A group in `groups` is not mastered, followed, recovered, handed over, merged or owed here.
"""

from __future__ import annotations

from ring.ids import GroupId, Incarnation
from ring.replication.barrier import Barriers
from ring.replication.owed import OwedForks
from ring.replication.role_port import RolePort
from ring.replication.roles import Roles
from ring.storage.journal import Journal
from ring.submitter import Submitter
from ring.wire.group import Barrier, Question, Submit
from ring.wire.log import raw
from ring.wire.messages import Message
from ring.wire.node import Reply
from ring.wire.replication import Append, Fetch, Install, MergeOffer, Publish, Replace, Resync, Stopped

ANSWERED = (Append, Barrier, Fetch, Install, MergeOffer, Publish, Replace, Resync, Submit)
"""Messages that await an answer of this node: the sender is told `Stopped` instead."""


class StoppedGroups:
    """Keep the groups that stopped here."""

    def __init__(
        self,
        port: RolePort,
        roles: Roles,
        journal: Journal,
        owed: OwedForks,
        barriers: Barriers,
        submitter: Submitter,
    ) -> None:
        self._port = port
        self._roles = roles
        self._journal = journal
        self._owed = owed
        self._barriers = barriers
        self._submitter = submitter
        self.groups = port.replicas.stopped

    # A group stops here ---------------------------------------------------------------------------------------------

    def stop(self, group: GroupId, problem: BaseException) -> None:
        """Stop the group on this node for the node's life, and tell the nodes that wait for this node."""
        if group not in self.groups:
            self._port.note_bug("apply", problem, group, event="group_broken")
            self._stop(group)

    def _stop(self, group: GroupId) -> None:
        """Take the group out of every part of the engine, leave the disk as the disk is, and tell the followers."""
        port, replicas, roles = self._port, self._port.replicas, self._roles
        self.groups[group] = None
        port.peers.stopped(group, port.me)
        m = replicas.resign(group)
        roles.followed.abandon(group)
        replicas.recoveries.pop(group, None)
        replicas.incoming.pop(group, None)
        roles.handoffs.stop(group)
        roles.merges.forget(group)
        replicas.forked.pop(group, None)
        self._owed.replicas.pop(group, None)
        self._journal.abandon(group)
        for key in m.followers if m is not None else ():
            self.say(key, group)
        self._submitter.fail_all(group)
        self._barriers.let_go(group)

    def stop_unread(self, group: GroupId, sender: Incarnation) -> None:
        """Stop the group as after a mistake: the build of another node writes entries that this build cannot read."""
        if group not in self.groups:
            self._stop(group)
            self._port.note("group_broken", group, where="read", peer=sender.key)
            self.say(sender.key, group)

    def say(self, key: str, group: GroupId) -> None:
        if self._port.level >= 1:
            self._port.send(key, Stopped(group))

    def refuse(self, sender: Incarnation, message: Message, group: GroupId) -> None:
        """Answer a message about a group that has stopped here, if the sender waits for an answer."""
        if isinstance(message, Question):
            self._port.answer(sender, Reply(message.id, raw(None)))
        elif isinstance(message, Stopped):
            self.on_stopped(sender, message)
        elif isinstance(message, ANSWERED):
            self.say(sender.key, group)

    # A group has stopped elsewhere -----------------------------------------------------------------------------------

    def on_stopped(self, sender: Incarnation, message: Stopped) -> None:
        """Do without the sender, on which the group has stopped. Where the sender was the master, another owner serves
        the group, if an owner can."""
        port, roles, group = self._port, self._roles, message.group
        port.peers.stopped(group, sender)
        roles.recoveries.stopped(group, sender.key)
        m, f = port.replicas.masters.get(group), port.replicas.followers.get(group)
        if m is not None:
            roles.backups.do_without(m, sender)
            return
        if f is not None and f.master == sender.key:
            f.tries, f.asked_at = 0, 0.0
            roles.followers.resync(f)
        roles.master_known(group)
